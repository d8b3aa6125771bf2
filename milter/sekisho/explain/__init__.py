"""The explanation of a judgement in English and Japanese, as data. Command line, pages, digest and API all show these
words and have none of their own.

`document` is a judgement as JSON values, `arrival` what is kept to judge it again, `held_facts` what a held message is,
`sections` the page that a person reads, `whatif` what would let the message pass.
"""

from sekisho.explain.arrival import held_document
from sekisho.explain.document import describe_brands, judgement_document, stored_document
from sekisho.explain.held_facts import held_facts
from sekisho.explain.sections import (
    Bilingual,
    Explanation,
    Line,
    Section,
    SectionRow,
    accused,
    explanation_of,
)
from sekisho.explain.whatif import Rejudge, Weighed, ways_to_pass

__all__ = [
    "Bilingual",
    "Explanation",
    "Line",
    "Rejudge",
    "Section",
    "SectionRow",
    "Weighed",
    "accused",
    "describe_brands",
    "explanation_of",
    "held_document",
    "held_facts",
    "judgement_document",
    "stored_document",
    "ways_to_pass",
]
