"""When the author is in doubt, so that weak evidence may be looked for."""

from __future__ import annotations

from sekisho.checks.facts.doubt import doubted
from sekisho.checks.identity import impersonation
from sekisho.evidence import AuthorStatus, Evidence

CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)


def test_doubt_is_a_false_name_or_an_author_that_is_not_authenticated() -> None:
    """Mail about a company casts no doubt, nor does an author of whom nothing is known."""
    mention = Evidence(findings=(impersonation.CONTENT.found(), impersonation.SUBJECT.found()))
    assert doubted(CLAIMED)
    assert doubted(UNPROVEN)
    assert not doubted(mention)
    assert not doubted(Evidence())
    assert not doubted(Evidence(author_status=AuthorStatus.AUTHENTICATED))
