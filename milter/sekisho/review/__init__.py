"""What a person does with held mail: one service for the command line, and later for API and pages.

`Review` lists, shows, releases, deletes, allows and labels, and records who did it. `documents` gives its answers as
JSON values; `trace` finds where one message is. Nothing here formats text for people. The caller says who the person is
(`who`).
"""

from sekisho.review.service import (
    AgesUnknownError,
    Closed,
    Label,
    NoAuthorError,
    NoSuchEntryError,
    Review,
)

__all__ = ["AgesUnknownError", "Closed", "Label", "NoAuthorError", "NoSuchEntryError", "Review"]
