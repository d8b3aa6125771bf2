"""Personal data of a recipient in a subject: telephone numbers and postal addresses, as Japan writes them."""

from __future__ import annotations

import re
import unicodedata

TELEPHONE = re.compile(r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])|(?<!\d)0[789]0\d{8}(?!\d)", re.ASCII)
# A place and a date (町田市 2026-04-20, 4-5月) are no house number.
STREET = re.compile(
    r"〒 ?\d{3}-\d{4}(?![\d-])|"
    r"[都道府県].{1,12}[市区町村].{0,20}(?<![\d-])(?!20\d\d-)\d{1,4}(?:-\d{1,4}|丁目|番)(?![\d月日年時])",
    re.ASCII,
)


def personal_data(subject: str) -> str | None:
    """The telephone number or postal address in a subject, in half width; None if there is none."""
    subject = unicodedata.normalize("NFKC", subject)
    found = TELEPHONE.search(subject) or STREET.search(subject)
    return found[0] if found else None
