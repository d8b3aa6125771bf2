"""Every golden mail about the author's identity, through a real Postfix: found there as from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.cases import Lab
from tests.golden.test_golden import judge_of

from sekisho import cases

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDERS = ("author", "responders", "display_name", "disguise")
IDENTITY = (
    "author.",
    "header.",
    "word.",
    "display_name.",
    "disguise.",
    "reply_to.",
    "sender.",
    "resent.",
    "brand.",
)
MAILS = sorted(
    path
    for folder in FOLDERS
    for path in (GOLDEN / folder).glob("*.eml")
    if "config" not in cases.load(path).facts
)
# DNS does not answer here, and the daemon has met the policies of earlier mails: of that the file alone knows nothing.
UNKNOWN = "brand.own_domain_unknown"
# What Postfix mends before a filter sees it: an empty line ends the header that broke off, a NUL ends a field, and the
# milter protocol names a field without the space before its colon.
MENDED = {
    "author/second-author-below-broken-line",
    "author/near-line-without-colon",
    "author/nul",
    "author/space-before-colon-below",
}


@pytest.mark.parametrize("mail", MAILS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_wire_sees_what_the_file_holds(lab: Lab, mail: Path) -> None:
    """Neither Postfix nor the milter protocol hides an oddity of the author from us, nor adds one."""
    case = cases.load(mail, without=frozenset({"auth"} if "auth" in cases.load(mail).facts else ()))
    outcome = lab.send(case)
    found = {name: points for name, points in outcome.findings.items() if name.startswith(IDENTITY)}
    report = judge_of("{}")(case)
    expected = {each["id"]: each["points"] for each in report["findings"] if each["id"].startswith(IDENTITY)}
    if UNKNOWN not in expected:
        found.pop(UNKNOWN, None)
    if f"{mail.parent.name}/{mail.stem}" in MENDED:
        assert found.keys() != expected.keys()
    else:
        assert found == expected
