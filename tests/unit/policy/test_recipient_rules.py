"""Which rules hold for whom, and for how much of his mail."""

from __future__ import annotations

import hashlib

import pytest

from sekisho.message import AliasTarget, Recipient
from sekisho.policy import (
    PolicyOptions,
    RecipientOptions,
    RecipientRules,
    Rules,
    group_faults,
    recipient_faults,
)
from sekisho.verdict import Disposition, Mode

GROUPS = {"first": ("hanako@example.jp", "example.jp"), "second": ("hanako@example.jp", "taro@example.jp")}


def book(**special: RecipientOptions) -> RecipientRules:
    named = {name.replace("_at_", "@").replace("__", "."): own for name, own in special.items()}
    return RecipientRules.of(Mode.SHADOW, PolicyOptions(), named, GROUPS)


def tag_of(rules: RecipientRules, address: str) -> float:
    return rules.rules_for(Recipient(address)).thresholds.tag


def test_the_narrower_goes_before_the_wider() -> None:
    """Address, its groups, domain, its groups, everybody: the first that speaks is heard."""
    rules = book(
        example__jp=RecipientOptions(tag=2),
        first=RecipientOptions(tag=3),
        second=RecipientOptions(tag=4),
        hanako_at_example__jp=RecipientOptions(tag=1),
    )
    assert tag_of(rules, "Hanako@EXAMPLE.jp") == 1
    assert tag_of(rules, "taro@example.jp") == 4
    assert tag_of(rules, "jiro@example.jp") == 2
    assert tag_of(rules, "jiro@other.jp") == 5


def test_what_is_left_out_is_taken_from_the_next_wider() -> None:
    """A recipient's own subject mark does not undo the mode of his domain."""
    rules = book(
        example__jp=RecipientOptions(mode=Mode.ENFORCE, max_action="tag"),
        hanako_at_example__jp=RecipientOptions(subject_mark="[!]"),
    ).rules_for(Recipient("hanako@example.jp"))
    assert (rules.mode, rules.max_action, rules.subject_mark) == (Mode.ENFORCE, Disposition.TAG, "[!]")


def test_of_several_groups_the_first_in_the_file_speaks_first() -> None:
    """Order in the file decides, not the order of the recipients' entries."""
    rules = book(second=RecipientOptions(tag=4), first=RecipientOptions(tag=3))
    assert tag_of(rules, "hanako@example.jp") == 3


def test_thresholds_rise_when_derived_too() -> None:
    """A threshold that is fine alone may cross one that is taken over from a wider recipient."""
    special = {"first": RecipientOptions(tag=7), "hanako@example.jp": RecipientOptions(quarantine=6)}
    assert list(recipient_faults(PolicyOptions(), special, GROUPS)) == [
        (
            "hanako@example.jp",
            "thresholds must rise, what is left out is as for the wider recipient: tag 7, quarantine 6, reject 15",
        )
    ]


@pytest.mark.parametrize("name", ["salse", "@example.jp", "exa mple.jp"])
def test_who_is_nobody_is_a_fault(name: str) -> None:
    """A word that is no group, and what is no domain, would never match."""
    assert [who for who, _ in recipient_faults(PolicyOptions(), {name: RecipientOptions()}, GROUPS)] == [name]


def test_groups_hold_recipients() -> None:
    """A group in a group, or a name that could be a domain, is said."""
    faults = list(group_faults({"sales": ("a@example.jp", "first"), "a.b": ("example.jp",)}))
    assert [who for who, _ in faults] == ["sales", "a.b"]


def with_extensions(delimiters: str, **special: RecipientOptions) -> RecipientRules:
    named = {
        name.replace("_plus_", "+").replace("_at_", "@").replace("__", "."): own
        for name, own in special.items()
    }
    options = PolicyOptions(recipient_delimiter=delimiters)
    return RecipientRules.of(Mode.SHADOW, options, named, GROUPS)


def test_an_extension_does_not_leave_the_rules() -> None:
    """Address with extension, mailbox, its groups, domain: the first that speaks is heard, the next fills in."""
    rules = with_extensions(
        "+",
        example__jp=RecipientOptions(tag=2, subject_mark="[domain]"),
        second=RecipientOptions(tag=4),
        taro_plus_news_at_example__jp=RecipientOptions(max_action="tag"),
        jiro_at_example__jp=RecipientOptions(filter=False),
    )
    assert tag_of(rules, "taro+x@example.jp") == 4
    assert tag_of(rules, "TARO+news@example.jp") == 4
    own = rules.rules_for(Recipient("taro+news@example.jp"))
    assert (own.max_action, own.subject_mark) == (Disposition.TAG, "[domain]")
    assert not rules.rules_for(Recipient("jiro+a+b@example.jp")).filtered
    assert rules.rules_for(Recipient("saburo+jiro@example.jp")).filtered
    assert tag_of(rules, "taro+x@other.jp") == 5


@pytest.mark.parametrize(
    "host", ["[192.0.2.1]", "[IPv6:2001:db8::1]", "localhost", "LOCALHOST", "localhost.localdomain"]
)
def test_the_host_by_another_name_does_not_leave_the_rules(host: str) -> None:
    """`help@[192.0.2.1]` is delivered as `help@` of the host's own name: the strictest rules of that name hold."""
    named = {
        "help@a.example": RecipientOptions(mode=Mode.ENFORCE, max_action="quarantine"),
        "help@b.example": RecipientOptions(max_action="reject"),
        "other@a.example": RecipientOptions(mode=Mode.ENFORCE, max_action="reject"),
    }
    rules = RecipientRules.of(Mode.SHADOW, PolicyOptions(max_action="tag"), named)
    for address in ("help", "help+x", '"help"'):
        found = rules.rules_for(Recipient(f"{address}@{host}"))
        assert (found.mode, found.max_action) == (Mode.ENFORCE, Disposition.QUARANTINE), address
    assert rules.rules_for(Recipient(f"nobody@{host}")) == rules.default


def test_the_host_by_another_name_is_of_its_domains() -> None:
    """What holds for a whole domain holds for its mailboxes by that name, too; an entry of its own goes before."""
    named = {
        "a.example": RecipientOptions(mode=Mode.ENFORCE),
        "root@localhost": RecipientOptions(filter=False),
    }
    rules = RecipientRules.of(Mode.SHADOW, PolicyOptions(), named)
    assert rules.rules_for(Recipient("x@[192.0.2.1]")).mode is Mode.ENFORCE
    assert not rules.rules_for(Recipient("root@localhost")).filtered


def test_without_a_delimiter_nothing_is_split() -> None:
    """Where Postfix and what stands behind it split nothing, `help+x@` may be somebody else's."""
    rules = with_extensions("", taro_at_example__jp=RecipientOptions(tag=1))
    assert tag_of(rules, "taro@example.jp") == 1
    assert tag_of(rules, "taro+x@example.jp") == 5


def test_quotes_do_not_leave_the_rules() -> None:
    """Postfix tells `a..b@` as `"a..b"@`; what is meant is compared, and an extension is found inside quotes."""
    rules = RecipientRules.of(Mode.SHADOW, PolicyOptions(), {"a..b@docomo.ne.jp": RecipientOptions(tag=1)})
    assert tag_of(rules, '"a..b"@docomo.ne.jp') == 1
    assert tag_of(rules, '"a..b+x y"@docomo.ne.jp') == 1
    assert tag_of(rules, "a..b@docomo.ne.jp") == 1


KEY = b"k" * 32


def digest(number: int) -> str:
    return hashlib.sha256(b"%d" % number).hexdigest()


def test_a_rollout_reaches_its_share() -> None:
    """Of a thousand messages about a tenth are drawn; the others get what is said for the rest."""
    rules = Rules(rollout=10)
    drawn = [rules.drawn(KEY, digest(number), "a@example.jp").max_action for number in range(1000)]
    assert 60 < drawn.count(Disposition.REJECT) < 140
    assert set(drawn) == {Disposition.REJECT, Disposition.TAG}


def test_a_rollout_is_stable_and_only_grows() -> None:
    """A retry is treated as before, and what was drawn at 10 % is drawn at 50 %."""
    for number in range(200):
        few, many = (Rules(rollout=share).drawn(KEY, digest(number), "a@example.jp") for share in (10, 50))
        assert few == Rules(rollout=10).drawn(KEY, digest(number), "a@example.jp")
        assert few.max_action <= many.max_action


def test_a_rollout_is_drawn_with_the_secret() -> None:
    """Who does not know the secret cannot compute which messages are left out: two secrets draw independently."""
    numbers = range(2000)
    left_out = [
        {
            each
            for each in numbers
            if Rules(rollout=50).drawn(key, digest(each), "a@example.jp").max_action == 1
        }
        for key in (KEY, b"j" * 32, b"")
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert 400 < len(left_out[one] & left_out[other]) < 600


def test_every_extension_of_a_mailbox_is_drawn_alike() -> None:
    """One message to twenty extensions of a mailbox is one draw and not twenty."""
    rules = with_extensions("+")
    assert {rules.mailbox(Recipient(f"Hanako+{each}@Example.jp")) for each in range(20)} == {
        "hanako@example.jp"
    }


def test_a_rollout_of_nothing_and_of_all() -> None:
    """0 % draws none and 100 % all, and the rest is never severer than `max_action`."""
    who = "a@example.jp"
    for number in range(100):
        assert Rules(rollout=0, otherwise=Disposition.ACCEPT).drawn(KEY, digest(number), who).max_action == 0
        assert Rules(rollout=100).drawn(KEY, digest(number), who) == Rules(rollout=100)
        bounded = Rules(rollout=0, max_action=Disposition.ACCEPT, otherwise=Disposition.TAG)
        assert bounded.drawn(KEY, digest(number), who).max_action is Disposition.ACCEPT


def leads(
    *targets: str | AliasTarget, groups: tuple[str, ...] = (), address: str = "info@other.jp"
) -> Recipient:
    """A recipient as the site's directory knows it."""
    known = tuple(each if isinstance(each, AliasTarget) else AliasTarget(each) for each in targets)
    return Recipient(address, groups=groups, targets=known)


def test_a_group_has_the_members_of_the_directory_too() -> None:
    """Between the domain's rules and the address's own; of several the first in the file counts first."""
    rules = book(
        first=RecipientOptions(tag=3),
        second=RecipientOptions(tag=4, subject_mark="[2]"),
        other__jp=RecipientOptions(tag=2, mode=Mode.ENFORCE),
        boss_at_other__jp=RecipientOptions(tag=1),
    )
    member = rules.rules_for(leads(groups=("second", "first"), address="a@other.jp"))
    assert (member.name, member.thresholds.tag, member.subject_mark) == ("first", 3, "[2]")
    assert member.mode is Mode.ENFORCE
    assert rules.rules_for(leads(groups=("second",), address="boss@other.jp")).thresholds.tag == 1
    assert rules.rules_for(leads(groups=("unheard-of",), address="a@other.jp")).thresholds.tag == 2


def test_a_group_may_be_empty_in_the_file() -> None:
    """Then only the directory says who is in it, and its mode counts among all modes."""
    rules = RecipientRules.of(
        Mode.SHADOW, PolicyOptions(), {"vip": RecipientOptions(mode=Mode.ENFORCE)}, {"vip": ()}
    )
    assert rules.rules_for(leads(groups=("vip",))).mode is Mode.ENFORCE
    assert rules.rules_for(leads()).mode is Mode.SHADOW
    assert rules.modes == {Mode.SHADOW, Mode.ENFORCE}


def test_an_alias_has_the_rules_of_its_mailbox() -> None:
    """By address or by group; its own come first; the domain of the alias comes before that of the mailbox."""
    rules = book(
        taro_at_example__jp=RecipientOptions(tag=1),
        second=RecipientOptions(tag=4),
        own_at_other__jp=RecipientOptions(tag=9),
        brand__jp=RecipientOptions(tag=2),
        far__jp=RecipientOptions(tag=3),
    )

    def tag(recipient: Recipient) -> float:
        return rules.rules_for(recipient).thresholds.tag

    assert tag(leads("taro@example.jp")) == 1
    assert tag(leads("hanako@example.jp")) == 4
    assert tag(leads(AliasTarget("x@else.jp", ("second",)))) == 4
    assert tag(leads("taro@example.jp", address="own@other.jp")) == 9
    assert tag(leads("taro@example.jp", address="x@brand.jp")) == 1
    assert tag(leads("x@far.jp", address="x@brand.jp")) == 2
    assert tag(leads("x@far.jp")) == 3
    assert tag(leads("x@else.jp")) == 5


def test_an_alias_of_several_mailboxes_has_the_strictest_rules() -> None:
    """One reader who opted out does not open the list for all."""
    rules = book(
        taro_at_example__jp=RecipientOptions(filter=False),
        hanako_at_example__jp=RecipientOptions(mode=Mode.ENFORCE),
    )
    assert rules.rules_for(leads("taro@example.jp", "hanako@example.jp")).name == "hanako@example.jp"
    assert rules.rules_for(leads("taro@example.jp", "x@else.jp")).filtered
    assert not rules.rules_for(leads("taro@example.jp")).filtered
