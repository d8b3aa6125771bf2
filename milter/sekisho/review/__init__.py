"""What a person does with held mail: one service for the command line, and later for API and pages.

`Review` lists, shows, releases, deletes, allows, labels and reports, and writes down who did it. `documents` has its
answers as JSON values; `trace` tells where one message is. Nothing here renders, and nothing asks who the person is:
the door knows that, and says it as `who`.
"""

from sekisho.review.abuse_report import Reporter
from sekisho.review.service import (
    AgesUnknownError,
    Closed,
    MailLabel,
    NoAuthorError,
    NoSuchEntryError,
    Review,
)

__all__ = [
    "AgesUnknownError",
    "Closed",
    "MailLabel",
    "NoAuthorError",
    "NoSuchEntryError",
    "Reporter",
    "Review",
]
