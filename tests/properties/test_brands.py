"""The registry answers for every text and every domain that a mail can hold."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.auth_support import NAME_WORDS

from sekisho.brands.files import load
from sekisho.brands.index import BrandIndex
from sekisho.text import skeleton

INDEX = BrandIndex(load(), NAME_WORDS)
NAMES = [name for brand in INDEX.brands for name in brand.names]
PIECES = st.sampled_from([*NAMES, " ", "\u200b", "・", "ー", "サポート", "support", "店", "x", "の"])
TEXT = st.text(st.characters(codec=None), max_size=80) | st.lists(PIECES, max_size=30).map("".join)
DOMAINS = st.text(st.characters(codec=None), max_size=40) | st.lists(
    st.sampled_from(
        ["amazon", "eki", "net", "-", ".", "co", "jp", "com", "xn--", "login", "1", "аmazon", "_"]
    ),
    max_size=20,
).map("".join)


@settings(deadline=None)
@given(TEXT)
def test_mentions_lie_within_the_text(text: str) -> None:
    """Places are places of the text, shares are shares, ids are ids, and no name of a brand comes twice."""
    mentions = INDEX.mentions(text)
    for mention in mentions:
        assert 0 <= mention.start < mention.end <= len(text)
        assert 0 < mention.alone <= 1
        assert INDEX.get(mention.brand) is not None
    assert len({(mention.brand, mention.name) for mention in mentions}) == len(mentions)
    assert mentions == INDEX.mentions(text)


@settings(deadline=None)
@given(DOMAINS)
def test_a_brands_own_domain_is_never_an_imitation(domain: str) -> None:
    """Whatever is asked, the registry does not raise, and who owns a name does not imitate."""
    lookalike = INDEX.lookalike(domain)
    owner = INDEX.owner(domain)
    if owner is not None:
        assert lookalike is None
        assert INDEX.could_own(domain, owner)
        assert owner in INDEX.affiliates(owner)
    if lookalike is not None:
        assert lookalike.how in {"confusable", "edit", "composition"}
        assert not INDEX.could_own(domain, lookalike.brand)


@settings(deadline=None, max_examples=50)
@example("じゃらん", "お客様の", "からのお知らせ")  # hiragana after hiragana
@given(
    st.sampled_from(NAMES),
    st.sampled_from(["", "【", "お客様の"]),
    st.sampled_from(["", "】", "からのお知らせ"]),
)
def test_every_shipped_name_is_found_or_needs_care(name: str, before: str, after: str) -> None:
    """A brand's first names are found in Japanese surroundings unless the file asks for care."""
    careful = {skeleton(text) for brand in INDEX.brands for text in brand.ordinary + brand.needs_companion}
    if skeleton(name) not in careful:
        assert INDEX.mentions(f"{before}{name}{after}")
