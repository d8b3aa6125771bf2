"""The words that checks look for, ready to be met in a text. `vocabulary` makes them from `config/vocabulary`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One field a list, named as the list is; what is in a list and how it is compared stands in its file.

    Patterns are made once, when the files are loaded. A list without words is a pattern that matches nothing.
    """

    distinctive: Callable[[str], tuple[str, ...]]
    """The words of a name that tell it from others, in lower case and one width: `common_words` are left out."""
    office_words: re.Pattern[str]
    officer_titles: re.Pattern[str]
    chief_titles: re.Pattern[str]
    contact_words: re.Pattern[str]
    quotation_words: re.Pattern[str]
    """With the colon behind the word, where a line begins."""

    before_name: re.Pattern[str]
    """To be searched in what stands before a name: the words at its end."""
    after_name: re.Pattern[str]
    """To be matched with what stands behind a name; `company_forms` may stand behind a comma."""
    below_name: re.Pattern[str]
    """To be matched with what stands behind a name: the words in the next line."""

    greetings: re.Pattern[str]
    """To be matched with a line, up to where the greeting ends."""
    readers: re.Pattern[str]
    """To be matched behind the greeting."""
    impersonal_greetings: re.Pattern[str]
    """To be matched with a line; `impersonal_lines` are the whole of it."""
    nobody: re.Pattern[str]
    """To be searched in what stands before 様: `nobody_words`, and `nobody_endings` or an address at its end."""
    chinese_fonts: tuple[str, ...]

    personal_mailers: re.Pattern[str]
    """To be searched in lower case, like the other mailers."""
    bulk_mailers: re.Pattern[str]
    mailer_words: re.Pattern[str]
    retired_mailers: tuple[tuple[str, int], ...]
    """A name in lower case, and the year from which nobody could have the program any more."""

    button_words: re.Pattern[str]
    redirect_parameters: frozenset[str]
    open_redirects: frozenset[str]
    translators: tuple[str, ...]
    suspicious_suffixes: frozenset[str]
    file_suffixes: frozenset[str]

    page_endings: frozenset[str]
    program_endings: frozenset[str]
    document_endings: frozenset[str]
