"""Unknown excuses an author, so a sender must not be able to make it so for somebody else's domain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.attackers.strangers import FORGERIES, Draft, Forgery, judged, points, signature, txt

from sekisho.message import Limits

OWN = [name for name in FORGERIES if name.startswith(("a brand's", "the site's", "the recipient's"))]


def alone(forgery: str) -> float:
    return points(Draft(FORGERIES[forgery]))[0]


@pytest.mark.parametrize("forgery", OWN)
def test_a_null_sender_without_a_helo(forgery: str) -> None:
    """SPF has nothing to go by then, which is known: nothing proves the author."""
    draft = Draft(FORGERIES[forgery], facts={"envelope_from": "", "helo": None})
    lost = {"auth.spf_fail"} & alone_findings(forgery)
    assert points(draft)[0] >= alone(forgery) - 1.5 * len(lost)


def alone_findings(forgery: str) -> set[str]:
    return set(points(Draft(FORGERIES[forgery]))[1])


@pytest.mark.parametrize(
    "record",
    ["v=spf1 ptr -all", "v=spf1 exists:%{p}.spf.amazon.co.jp -all", "v=spf1 a:%{h} -all", "v=spf1 mx:%{h} ~all",
     "v=spf1 include:%{h} -all", "v=spf1 ptr:amazon.co.jp a:%{p} -all"],
)  # fmt: skip
@pytest.mark.parametrize("where", ["the address", "the names of the address", "the greeting"])
def test_names_that_the_client_chose_in_the_authors_record(record: str, where: str) -> None:
    """A record may ask for the client's name or greeting. The name servers of those are the client's, and their errors
    are no errors of the author's record."""
    reverse = "7.113.0.203.in-addr.arpa"
    dns = [txt("amazon.co.jp", record), txt("_dmarc.amazon.co.jp", "v=DMARC1; p=reject")]
    if where == "the address":
        dns.append({"name": reverse, "rcode": "SERVFAIL"})
    elif where == "the names of the address":
        dns += [{"name": reverse, "type": "PTR", "value": f"n{at}.dead.example"} for at in range(3)]
        dns += [{"name": f"n{at}.dead.example", "rcode": "SERVFAIL"} for at in range(3)]
    else:
        dns.append({"name": "helo.dead.example", "rcode": "SERVFAIL"})
    forgery = replace(FORGERIES["a brand's own domain, its own envelope"], dns=tuple(dns))
    facts = {"client_ip": "203.0.113.7", "helo": "helo.dead.example"}
    score, found = points(Draft(forgery, facts=facts))
    assert "brand.own_domain_unproven" in found
    assert score >= 15


@pytest.mark.parametrize("forgery", OWN)
def test_a_signature_over_more_than_is_read(forgery: str) -> None:
    """In the name of the author, with a key of the author's, over more of the body than is read: neutral proves
    nothing and hides nothing."""
    draft = Draft(FORGERIES[forgery])
    author = FORGERIES[forgery].head.partition("\n")[0].rpartition("@")[2].rstrip(">")
    draft.extra.append(
        f"DKIM-Signature: v=1; a=ed25519-sha256; d={author}; s=k; h=from; l=120000; bh=AAAA; b=AAAA"
    )
    draft.dns.append(txt(f"k._domainkey.{author}", "v=DKIM1; k=ed25519; p=" + "A" * 43 + "="))
    draft.parts.append("Content-Type: application/pdf\n\n" + "x" * 150_000)
    small = judged(limits=Limits(scan_bytes=100_000))(draft.case())
    assert small["auth"]["dkim"] == "neutral"
    assert small["score"] >= alone(forgery)


def test_genuine_mail_behind_signatures_of_strangers() -> None:
    """The author's organisation is RFC 9989's: `github.io`, a public suffix to browsers, signs for a name below it."""
    forgery = Forgery(
        "From: Pages <news@news.github.io>\nSubject: x",
        "<p>Hello</p>",
        (txt("_dmarc.github.io", "v=DMARC1; p=reject"),),
        signed_by="github.io",
    )
    draft = Draft(forgery, seals=[signature("stranger.example", f"s{number}") for number in range(6)])
    assert "auth.dmarc_fail" not in points(draft)[1]
