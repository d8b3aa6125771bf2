from .arrival import held_document
from .document import describe_brands, judgement_document, stored_document
from .held_facts import held_facts
from .operations import EXPORTED, operation_details, operation_words
from .sections import (
    Bilingual,
    Explanation,
    Line,
    Section,
    SectionRow,
    accused,
    explanation_of,
)
from .whatif import Rejudge, Weighed, ways_to_pass

__all__ = [
    "EXPORTED",
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
    "operation_details",
    "operation_words",
    "stored_document",
    "ways_to_pass",
]
