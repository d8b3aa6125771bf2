"""What the linter finds in brand files, and that the shipped ones are clean."""

import pytest

from sekisho import providers
from sekisho.brands.files import load
from sekisho.brands.lint import SHARED_KINDS, lint
from sekisho.brands.model import Brand

HIGH = {"confidence": "high", "sources": ["2factorauth", "Wikidata"]}
VERIFY = {"ja": "公式サイトで確認してください。", "en": "Look on the official site."}


def brand(id: str, *names: str, **more: object) -> Brand:
    return Brand.model_validate(
        {"id": id, "names": list(names), "sources": ["a.jp"], "verify": VERIFY} | more
    )


def codes(*brands: Brand) -> list[tuple[str, str]]:
    return [(flaw.brand, flaw.code) for flaw in lint(brands, providers.load().kind)]


def test_the_shipped_brands_have_no_flaw() -> None:
    """Every shipped file passes the linter that the site's own files are held to."""
    assert lint(load(), providers.load().kind) == ()


def test_no_domain_that_proves_a_shipped_brand_belongs_to_many() -> None:
    """A proof is worth its owner only where the providers' list does not say that customers send from there."""
    kind = providers.load().kind
    proving = {domain for brand in load() for domain, entry in brand.domains.items() if entry.proves}
    assert {domain for domain in proving if kind(domain) in SHARED_KINDS} == set()


def test_names_that_cannot_be_seen_or_would_match_too_much() -> None:
    """Invisible characters and short names without care are found."""
    assert codes(brand("a", "Exa\u200bmple")) == [("a", "invisible")]
    assert codes(brand("a", "au")) == [("a", "short")]
    assert codes(brand("a", "au", ordinary=["au"])) == []
    assert codes(brand("a", "Name", needs_companion=["au"])) == [("a", "no-companions")]
    assert codes(brand("a", "・")) == [("a", "never-matches")]


def test_one_name_or_domain_for_two_organisations() -> None:
    """Collisions across organisations are found, within one they are sharing."""
    high = {"example.com": HIGH}
    one, other = brand("one", "Example", domains=high), brand("two", "ＥＸＡＭＰＬＥ", domains=high)
    assert codes(one, other) == [("two", "name-collision"), ("two", "domain-collision")]
    assert codes(*(each.model_copy(update={"organisation": "same"}) for each in (one, other))) == []


def test_domains_that_cannot_prove() -> None:
    """Public suffixes, customers' domains and entries without a source are found."""
    sure = HIGH
    assert codes(brand("a", "Name", domains={"github.io": sure})) == [("a", "public-suffix")]
    assert codes(brand("a", "Name", domains={"gmail.com": sure})) == [("a", "shared-domain")]
    assert codes(brand("a", "Name", domains={"gmail.com": sure | {"flags": ["mailbox"]}})) == []
    assert codes(brand("a", "Name", domains={"example.com": {"confidence": "low"}})) == []


@pytest.mark.parametrize(
    ("entry", "flaw"),
    [
        ({"confidence": "high"}, "no-source"),
        ({"confidence": "medium"}, "no-source"),
        ({"confidence": "medium", "names_owner": True}, "no-source"),
        ({"confidence": "high", "source": "page.example/about"}, "one-source"),
        ({"confidence": "high", "sources": ["page.example/a", "www.page.example/b"]}, "one-source"),
        ({"confidence": "high", "sources": ["rspamd", "Stalwart"]}, "one-source"),
        ({"confidence": "high", "sources": ["rspamd", "UT1"]}, "nameless"),
        ({"confidence": "medium", "names_owner": True, "sources": ["UT1", "MISP"]}, "nameless"),
        ({"confidence": "medium", "confirmed": True, "sources": ["UT1"]}, "nameless"),
        ({"confidence": "medium", "owner_page": True, "sources": ["www.example.com/mail"]}, "owner-page"),
        ({"confidence": "high", "owner_page": True, "sources": ["www.example.com/mail"]}, None),
        ({"confidence": "high", "owner_page": True, "source": "www.example.com/mail"}, None),
        ({"confidence": "high", "sources": ["Wikidata", "UT1"]}, None),
        ({"confidence": "medium", "sources": ["UT1"]}, None),
        ({"confidence": "medium", "names_owner": True, "sources": ["Wikidata"]}, None),
    ],
)
def test_a_confidence_that_its_sources_do_not_support(entry: dict[str, object], flaw: str | None) -> None:
    """High needs two independent sources of which one names the owner, or a page of the owner. Lists that copy each
    other are one source, and so are pages of one host. What proves by `names_owner` needs a source that names it."""
    found = [code for _, code in codes(brand("a", "Name", domains={"example.com": entry}))]
    assert found == ([flaw] if flaw else [])


def test_policies_have_a_source() -> None:
    """What a brand is held to must be found again: a source of the policy, or one of the brand."""
    policy = {"kind": "no_link", "since": "2024-01-01"}
    assert codes(brand("a", "Name", sources=[], policies=[policy])) == [("a", "no-sources")]
    assert codes(brand("a", "Name", sources=[], policies=[policy | {"source": "a.example"}])) == []


def test_a_brand_says_where_to_check() -> None:
    """A finding that does not tell the recipient what to do next is half a finding."""
    assert codes(brand("a", "Name", verify=None)) == [("a", "no-verify")]


def test_flags_that_stand_in_the_wrong_place() -> None:
    """Who bears a brand's name with right is said of the brand, who writes from a domain is said of the domain."""
    assert codes(brand("a", "Name", flags=["built_in", "self_hosted", "mall"])) == []
    assert codes(brand("a", "Name", flags=["mailbox"])) == [("a", "misplaced-flag")]
    domains = {"example.com": HIGH | {"flags": ["built_in"]}}
    assert codes(brand("a", "Name", domains=domains)) == [("a", "misplaced-flag")]
