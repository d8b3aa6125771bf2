"""Who owns a domain, who shares proof, and who is imitated."""

import pytest
from tests.auth_support import NAME_WORDS

from sekisho.brands.index import BrandIndex
from sekisho.brands.model import Brand

HIGH = {"confidence": "high"}
MEDIUM = {"confidence": "medium", "names_owner": True, "sources": ["example.jp"]}
LOW = {"confidence": "low"}


def brand(id: str, *names: str, **more: object) -> Brand:
    return Brand.model_validate({"id": id, "names": list(names), "sources": ["example.jp"], **more})


INDEX = BrandIndex(
    [
        brand("amazon", "Amazon", domains={"amazon.co.jp": HIGH, "amazon.de": LOW}),
        brand("eki-net", "えきねっと", "eki-net", organisation="jr-east", domains={"eki-net.com": HIGH}),
        brand("suica", "Suica", organisation="jr-east", domains={"mobilesuica.com": MEDIUM}),
        brand("jcb", "JCB", "MyJCB", ordinary=["JCB"], domains={"jcb.co.jp": HIGH}, unrelated=["jcb.com"]),
        brand("rakuten", "楽天", "Rakuten", domains={"rakuten.co.jp": HIGH}),
        brand("rakuten-card", "楽天カード", "Rakuten Card", domains={"rakuten-card.co.jp": HIGH}),
        brand("smcc", "三井住友カード", "smbc-card", domains={"smbc-card.com": HIGH}),
        brand("smbc", "SMBC", domains={"smbc.co.jp": HIGH}),
        brand("apple", "アップル", ordinary=["Apple"], domains={"apple.com": HIGH}),
        brand("paypal", "PayPal", domains={"paypal.com": HIGH}),
        brand(
            "line",
            "LINE",
            needs_companion=["LINE"],
            companions=["公式", "Corporation"],
            domains={"line.me": HIGH, "access.line.me": LOW, "www.line.me": LOW},
        ),
        brand("visa", "VISA", needs_companion=["VISA"], companions=["カード"], domains={"visa.com": LOW}),
        brand("ana", "全日空", needs_companion=["ANA"], companions=["マイル"], domains={"ana.co.jp": HIGH}),
        brand("ymobile", "Y!mobile", domains={"ymobile.jp": MEDIUM}),
        brand(
            "docomo",
            "ドコモ",
            domains={
                "docomo.ne.jp": HIGH | {"flags": ["mailbox"]},
                "wdy.docomo.ne.jp": HIGH,
                "trkd-hs.com": HIGH | {"confirmed": False},
                "half.example.jp": {"confidence": "medium", "names_owner": True},
                "nameless.example.jp": {"confidence": "medium", "sources": ["UT1", "rspamd"]},
            },
        ),
    ],
    NAME_WORDS,
)


@pytest.mark.parametrize(
    ("domain", "owner"),
    [
        ("eki-net.com", "eki-net"),
        ("mail.eki-net.com", "eki-net"),
        ("EKI-NET.com.", "eki-net"),
        ("mobilesuica.com", "suica"),
        ("amazon.de", None),
        ("eki-net.com.example.cn", None),
        ("xeki-net.com", None),
        ("docomo.ne.jp", None),
        ("wdy.docomo.ne.jp", "docomo"),
        ("x.docomo.ne.jp", None),
        ("trkd-hs.com", None),
        ("half.example.jp", None),
        ("nameless.example.jp", None),
        ("co.jp", None),
        ("", None),
        ("..", None),
        ("\udc80.jp", None),
    ],
)
def test_only_a_confirmed_domain_proves(domain: str, owner: str | None) -> None:
    """Unconfirmed entries, those whose owner no source names, customers' mailboxes and names around a brand's own prove
    nobody."""
    assert INDEX.owner(domain) == owner


def test_brands_of_one_organisation_share_proof() -> None:
    """The JR East services vouch for each other, strangers for nobody."""
    assert INDEX.affiliates("eki-net") == {"eki-net", "suica"}
    assert INDEX.affiliates("amazon") == {"amazon"}
    assert INDEX.affiliates("unknown") == {"unknown"}


def test_whose_senders_are_known() -> None:
    """A domain of the brand's own is enough, also one of an affiliate, one that customers write from, and one below a
    suffix that is reserved for such organisations; an unconfirmed one is not."""
    sisters = BrandIndex(
        [
            brand("eki-net", "えきねっと", organisation="jr-east", domains={"eki-net.com": HIGH}),
            brand("suica", "Suica", organisation="jr-east", domains={"suica.example": LOW}),
            brand("isp", "ISP", domains={"isp.example.jp": HIGH | {"flags": ["mailbox"]}}),
            brand("nobody", "Nobody"),
            brand(
                "tax", "Tax", domains={"tax.go.jp": {"confidence": "medium", "sources": ["registry rule"]}}
            ),
        ],
        NAME_WORDS,
    )
    known = {each.id for each in sisters.brands if sisters.knows_senders(each.id)}
    assert known == {"eki-net", "suica", "isp", "tax"}
    assert sisters.owner("tax.go.jp") is None
    assert not sisters.knows_senders("no-such-brand")


def test_an_unconfirmed_domain_does_not_contradict() -> None:
    """`could_own` is what holds a finding back, also for names below an entry and for affiliates."""
    assert INDEX.could_own("mail.amazon.de", "amazon")
    assert INDEX.could_own("mobilesuica.com", "eki-net")
    assert INDEX.could_own("someone.docomo.ne.jp", "docomo")
    assert not INDEX.could_own("amazon.de", "eki-net")
    assert not INDEX.could_own("amazon.cn", "amazon")


@pytest.mark.parametrize(
    ("domain", "brand", "how"),
    [
        ("amazon-security.cn", "amazon", "composition"),
        ("amazon.co.jp.abc.cn", "amazon", "composition"),
        ("amazonlogin.top", "amazon", "composition"),
        ("amazon.top", "amazon", "composition"),
        ("jcb.co.jp.login.vkia.cn", "jcb", "composition"),
        ("www.eki-net.pr-5.link", "eki-net", "composition"),
        ("my-rakuten-card.top", "rakuten-card", "composition"),
        ("smbc-card.xyz.com", "smcc", "composition"),
        ("apple-id-support.cn", "apple", "composition"),
        ("xn--mazon-3ve.com", "amazon", "confusable"),
        ("amaz0n.co", "amazon", "confusable"),
        ("arnazon.jp", "amazon", "confusable"),
        ("paypai.com", "paypal", "confusable"),
        ("amaz0n-login.cn", "amazon", "confusable"),
        ("aamzon.com", "amazon", "edit"),
        ("rakutten.com", "rakuten", "edit"),
        ("eki-nett.com", "eki-net", "edit"),
        ("payal.com", "paypal", "edit"),
        ("xn--lne-rma.me", "line", "confusable"),
        ("xn--lne-rma.me.sub.cn", "line", "confusable"),
        ("line.me.pr-5.link", "line", "composition"),
        ("access-line.cn", "line", "composition"),
        ("line-corporation.jp", "line", "composition"),
        ("access.line.pr-5.cn", "line", "composition"),
        ("support.apple.pr-5.cn", "apple", "composition"),
    ],
)
def test_domains_made_to_look_like_a_brands(domain: str, brand: str, how: str) -> None:
    """Each way to imitate is found and named."""
    lookalike = INDEX.lookalike(domain)
    assert lookalike is not None
    assert (lookalike.brand, lookalike.how) == (brand, how)


def test_every_whole_domain_of_a_brand_counts_above_a_strangers_name() -> None:
    """Of two domains that differ by a hyphen neither hides the other, and `bol.com.br` is not `bol.com`."""
    index = BrandIndex(
        [
            brand("rhein", "Sparkasse Rhein", domains={"ksk-rhein.de": HIGH, "kskrhein.de": HIGH}),
            brand("bol-com", "bol", domains={"bol.com": HIGH}),
            brand("uol", "UOL", domains={"bol.com.br": HIGH}),
        ],
        NAME_WORDS,
    )
    found = [
        index.lookalike(f"{own}.pr-5.cn") for own in ("ksk-rhein.de", "kskrhein.de", "bol.com", "bol.com.br")
    ]
    assert [(each.brand, each.of) for each in found if each] == [
        ("rhein", "ksk-rhein.de"),
        ("rhein", "kskrhein.de"),
        ("bol-com", "bol.com"),
        ("uol", "bol.com.br"),
    ]


def test_what_is_registered_is_read_however_many_names_stand_above_it() -> None:
    """Nobody hides a brand's word behind a row of labels."""
    lookalike = INDEX.lookalike("a." * 60 + "paypal-security.cn")
    assert lookalike is not None
    assert (lookalike.brand, lookalike.of) == ("paypal", "paypal")


def test_a_brand_of_unknown_domains_is_not_imitated() -> None:
    """A domain that bears its name may be its own. Neither is one that writes for a brand an imitation of it."""
    index = BrandIndex(
        [
            brand("geico", "GEICO"),
            brand("mask", "Maskwallet", domains={"maskwallet.io": HIGH}, senders=["maskwallet.desk.example"]),
        ],
        NAME_WORDS,
    )
    assert index.lookalike("geico.example") is None
    assert index.lookalike("maskwallet.desk.example") is None
    assert index.lookalike("mail.maskwallet.desk.example") is None
    assert index.lookalike("maskwallet.other.example") is not None


def test_only_names_are_misspelt() -> None:
    """A brand's further domains are written by nobody by heart: `twitchcon.com` is not `twitchcdn.net` misspelt, and
    who has a word of a language as domain does not imitate `slackb.com`."""
    index = BrandIndex(
        [
            brand("slack", "Slack", ordinary=["Slack"], domains={"slack.com": HIGH, "slackb.com": HIGH}),
            brand("twitch", "Twitch", domains={"twitch.tv": HIGH, "twitchcdn.net": HIGH}),
        ],
        NAME_WORDS,
    )
    assert index.lookalike("slack.net") is None
    assert index.lookalike("twitchcon.com") is None
    found = [index.lookalike(each) for each in ("twittch.com", "twitch-cdn.com", "twitchcdn.cn")]
    assert [each.how for each in found if each] == ["edit", "composition", "composition"]


@pytest.mark.parametrize(
    "domain",
    [
        "amazon.co.jp",
        "sub.amazon.co.jp",
        "amazon.de",
        "jcb.com",
        "banana.jp",
        "lineage.com",
        "pineapple.com",
        "apple-farm.example.jp",
        "visatravel.com",
        "visa-support.com",
        "online-line.jp",
        "www.line.jp",
        "access-online.jp",
        "access.line-works.jp",
        "support.apple-farm.com",
        "line.me.com",
        "xn--lne-rma.jp",
        "ana.example.jp",
        "mobile.de",
        "amazing.com",
        "amazonia.org",
        "example.jp",
        "github.io",
        "co.jp",
        "",
        "a" * 64 + ".jp",
        "-".join("ab" for _ in range(20)) + ".jp",
    ],
)
def test_what_is_like_nobody(domain: str) -> None:
    """The brands' own domains, unrelated organisations and ordinary words are not imitations."""
    assert INDEX.lookalike(domain) is None


def test_who_sends_for_a_brand() -> None:
    """The entry that names the domain or a name above it; what one of an organisation hires, sends for all of it."""
    registry = BrandIndex(
        [
            brand("card", "Card", organisation="bank", senders=["otp.example", "card.desk.example"]),
            brand("bank", "Bank"),
            brand("other", "Other"),
        ],
        NAME_WORDS,
    )
    assert registry.sends_for("mail.otp.example", "card") == "otp.example"
    assert registry.sends_for("card.desk.example", "bank") == "card.desk.example"
    for domain, name in (("desk.example", "card"), ("xotp.example", "card"), ("otp.example", "other")):
        assert registry.sends_for(domain, name) is None
    assert registry.sends_for("otp.example", "unknown") is None


def test_answers_for_sentences() -> None:
    """An unknown id is shown as it is and leads nowhere."""
    assert INDEX.name("eki-net") == "えきねっと"
    assert INDEX.name("who") == "who"
    assert INDEX.verify_at("who") == ("", "")
    assert INDEX.get("who") is None


@pytest.mark.parametrize(
    ("domain", "strict"),
    [
        ("bank.example.com", True),
        ("mail.bank.example.com", True),
        ("BANK.example.com.", True),
        ("example.com", False),
        ("other.example.com", False),
        ("shop.example.net", False),
        ("", False),
        ("\udc80.com", False),
    ],
)
def test_a_strict_entry_counts_for_the_names_below_it(domain: str, strict: bool) -> None:
    """Whether or not it is confirmed, and for no name above it."""
    domains = {"bank.example.com": LOW | {"strict": True}, "example.net": HIGH}
    assert BrandIndex([brand("bank", "Bank", domains=domains)], NAME_WORDS).strict(domain) is strict


@pytest.mark.parametrize("value", ["yes", 1, None, "true"])
def test_strict_is_a_truth_value(value: object) -> None:
    """Anything else is a fault of the file, found when it is loaded."""
    with pytest.raises(ValueError, match="strict"):
        brand("bank", "Bank", domains={"example.com": LOW | {"strict": value}})


def test_who_else_bears_the_name_of_a_brand() -> None:
    """Agencies that build a name into theirs and servers that run a program are flags of the brand's file."""
    index = BrandIndex(
        [brand("sompo", "損保ジャパン", flags=["built_in"]), brand("wiki", "Wiki", flags=["self_hosted"])],
        NAME_WORDS,
    )
    assert (index.built_in("sompo"), index.self_hosted("sompo")) == (True, False)
    assert (index.built_in("wiki"), index.self_hosted("wiki")) == (False, True)
    assert not index.built_in("nobody")


def test_the_domain_that_is_imitated_has_the_suffix_of_the_imitation() -> None:
    """Where the brand has several domains of that name; else it is its first one."""
    several = brand(
        "a", "Example", domains={"example.jp": HIGH, "example.co.jp": HIGH, "other.example": HIGH}
    )
    index = BrandIndex([several, brand("b", "Exampled", domains={"exampled.com": HIGH})], NAME_WORDS)
    for imitation, of in (
        ("examp1e.co.jp", "example.co.jp"),
        ("examp1e.jp", "example.jp"),
        ("examp1e.top", "example.jp"),
        ("exampe.co.jp", "example.co.jp"),
        ("examp1e.com", "example.jp"),
    ):
        found = index.lookalike(imitation)
        assert found is not None, imitation
        assert (found.brand, found.of) == ("a", of)
