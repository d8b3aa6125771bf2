"""Facts of the sender: when it is in doubt, so that weak evidence may be looked for."""

from __future__ import annotations

from sekisho.checks.facts.sender import is_doubted
from sekisho.checks.identity import impersonation
from sekisho.evidence import AuthorStatus, Evidence

CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def test_doubt_is_a_false_name_or_an_author_that_is_not_authenticated() -> None:
    """Mail about a company casts no doubt, nor does an author of whom nothing is known."""
    mention = Evidence(findings=(impersonation.CONTENT.found(), impersonation.SUBJECT.found()))
    assert is_doubted(CLAIMED)
    assert is_doubted(UNPROVEN)
    assert not is_doubted(mention)
    assert not is_doubted(Evidence())
    assert not is_doubted(Evidence(author_status=AuthorStatus.AUTHENTICATED))
