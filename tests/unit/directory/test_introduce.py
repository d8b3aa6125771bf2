"""What the tables say reaches the recipients of a message and the site."""

from __future__ import annotations

import pytest
from tests.unit.directory.kit import Scene, mail, site

from sekisho.directory import TableUse
from sekisho.directory.introduce import MAX_DEPTH, MAX_RECIPIENTS, MAX_TARGETS
from sekisho.directory.tables import TimeLeft
from sekisho.message import AliasTarget
from sekisho.policy import ListOptions, Lists, PolicyOptions, RecipientOptions, RecipientRules
from sekisho.policy.entries import ListEntry
from sekisho.policy.lists import Sender
from sekisho.verdict import Mode


def targets(scene: Scene, address: str, *aliases: str, unknown: bool = False) -> list[str]:
    known = scene.directory(aliases=[scene.table("a", *aliases)]).introduce(mail(address), None)
    assert known.unknown is unknown
    return [each.address for each in known.message.envelope.recipients[0].targets]


def test_an_alias_is_followed_to_its_mailboxes(scene: Scene) -> None:
    """Through other aliases, with and without extension, of one address or of a whole domain."""
    assert targets(scene, "info@x.jp", "info@x.jp help@x.jp", "help@x.jp taro@y.jp") == ["taro@y.jp"]
    assert targets(scene, "Info+news@X.jp", "info@x.jp taro@y.jp") == ["taro@y.jp"]
    assert targets(scene, "hanako@x.jp", "@x.jp @y.jp") == ["hanako@y.jp"]
    assert targets(scene, "any@x.jp", "@x.jp taro@y.jp") == ["taro@y.jp"]
    assert targets(scene, "all@x.jp", "all@x.jp a@x.jp, b@x.jp c@x.jp") == ["a@x.jp", "b@x.jp", "c@x.jp"]


def test_an_address_that_leads_to_itself(scene: Scene) -> None:
    """It is a mailbox, alone or beside others."""
    assert targets(scene, "a@x.jp", "a@x.jp a@x.jp") == []
    assert targets(scene, "a@x.jp", "a@x.jp a@x.jp, b@x.jp") == ["a@x.jp", "b@x.jp"]


def test_loops_and_depth_end(scene: Scene) -> None:
    """No table can keep a message busy. What was not followed to its end is unknown, and no mailbox."""
    assert targets(scene, "a@x.jp", "a@x.jp b@x.jp", "b@x.jp a@x.jp") == []
    chain = [f"a{number}@x.jp a{number + 1}@x.jp" for number in range(MAX_DEPTH)]
    assert targets(scene, "a0@x.jp", *chain) == [f"a{MAX_DEPTH}@x.jp"]
    longer = [*chain, f"a{MAX_DEPTH}@x.jp one@x.jp, two@x.jp"]
    assert targets(scene, "a0@x.jp", *longer, unknown=True) == []
    assert targets(scene, "b@x.jp", "b@x.jp taro@x.jp, a0@x.jp", *longer, unknown=True) == ["taro@x.jp", ""]
    many = ", ".join(f"m{number}@x.jp" for number in range(500))
    found = targets(scene, "all@x.jp", f"all@x.jp {many}", unknown=True)
    assert (len(found), found[-1]) == (MAX_TARGETS + 1, "")


@pytest.mark.parametrize(
    "value", ["|/usr/bin/x", ":include:/etc/x", "/var/mail/x", "taro", '"|x"@', "devnull", "b@bad..x"]
)
def test_what_is_no_mailbox_is_elsewhere(value: str, scene: Scene) -> None:
    """Commands, files and bare names of aliases(5): beside a mailbox, the alias is not one of that mailbox alone."""
    assert targets(scene, "a@x.jp", f"a@x.jp {value}") == []
    assert targets(scene, "a@x.jp", f"a@x.jp hanako@x.jp, {value}, {value}") == ["hanako@x.jp", ""]
    assert targets(scene, "a@x.jp", f"a@x.jp b@x.jp, {value}", "b@x.jp c@x.jp") == ["c@x.jp", ""]


def test_one_reader_does_not_decide_for_what_else_an_alias_leads_to(scene: Scene) -> None:
    """Neither by an allow entry nor by an opt-out."""
    table = scene.table("a", "team@x.jp hanako@x.jp, taro", "her@x.jp hanako@x.jp")
    directory = scene.directory(aliases=[table])
    team, her = directory.introduce(mail("team@x.jp", "her@x.jp"), None).message.envelope.recipients
    rules = RecipientRules.of(Mode.ENFORCE, PolicyOptions(), {"hanako@x.jp": RecipientOptions(filter=False)})
    assert (rules.rules_for(team).filtered, rules.rules_for(her).filtered) == (True, False)
    entry = ListEntry(entry="friend.example", scope="hanako@x.jp")
    lists = Lists.of(ListOptions(allow=(entry,)))
    sender = Sender("a@friend.example", None, None, proven=False, signers=frozenset(), now=0.0)
    assert (lists.allow.match(sender, team), lists.allow.match(sender, her)) == (None, "friend.example")


def test_a_leaf_that_could_not_be_asked_for_is_no_mailbox(scene: Scene) -> None:
    """The table failed between the alias and what it leads to."""
    table = scene.table("a", "info@x.jp help@x.jp, taro@x.jp", "taro@x.jp taro@x.jp")
    directory = scene.directory(aliases=[table], cache_seconds=60)
    tables = directory._tables
    tables.find(TableUse.ALIASES, ["info@x.jp", "taro@x.jp"], TimeLeft(10.0))
    (scene.place / "a").unlink()
    known = directory.introduce(mail("info@x.jp"), None)
    assert [each.address for each in known.message.envelope.recipients[0].targets] == ["taro@x.jp", ""]
    assert known.unknown


@pytest.mark.parametrize("others", [0, 200, MAX_RECIPIENTS - 1])
def test_many_recipients_take_no_group_away(others: int, scene: Scene) -> None:
    """The recipients are asked for in the order of the envelope, as many as a mail server takes."""
    directory = scene.directory(
        groups=[scene.table("g", "ceo@x.jp vip")], aliases=[scene.table("a", "boss@x.jp ceo@x.jp")]
    )
    named = [f"u{number}+a@x.jp" for number in range(others)]
    known = directory.introduce(mail(*named, "ceo@x.jp"), None)
    assert known.message.envelope.recipients[-1].groups == ("vip",)
    assert not known.unknown
    known = directory.introduce(mail(*named, "boss@x.jp"), None)
    assert known.message.envelope.recipients[-1].targets == (AliasTarget("ceo@x.jp", ("vip",)),)


def test_recipients_beyond_the_limit_are_unknown(scene: Scene) -> None:
    """Always the same ones; a repeated recipient does not count."""
    directory = scene.directory(groups=[scene.table("g", "ceo@x.jp vip", "a0@x.jp vip")])
    named = [f"a{number}@x.jp" for number in range(MAX_RECIPIENTS)]
    known = directory.introduce(mail(*named, "A0@x.jp", "ceo@x.jp"), None)
    first, *_, again, last = known.message.envelope.recipients
    assert (first.groups, again.groups, last.groups) == (("vip",), ("vip",), ())
    assert known.unknown


def test_groups_of_the_address_and_of_the_mailbox(scene: Scene) -> None:
    """A value names several; a domain is no group."""
    directory = scene.directory(
        aliases=[scene.table("a", "info@x.jp taro@x.jp")],
        groups=[scene.table("g", "taro@x.jp vip, sales", "jiro@x.jp x.jp vip")],
    )
    info, taro, jiro = directory.introduce(
        mail("info@x.jp", "taro+a@x.jp", "jiro@x.jp"), None
    ).message.envelope.recipients
    assert (info.groups, info.targets) == ((), (AliasTarget("taro@x.jp", ("vip", "sales")),))
    assert (taro.groups, taro.targets) == (("vip", "sales"), ())
    assert jiro.groups == ("vip",)


def test_a_message_whose_recipients_nobody_knows_stays_as_it_is(scene: Scene) -> None:
    """Also one whose recipients are no addresses."""
    message = mail("a@x.jp", "postmaster", "@", "a\n@x.jp")
    directory = scene.directory(aliases=[scene.table("a", "b@x.jp c@x.jp")], groups=[scene.table("g")])
    assert directory.introduce(message, None).message is message


def test_own_domains(scene: Scene) -> None:
    """The configured ones, those of the table, and all names below."""
    directory = scene.directory(domains=[scene.table("d", "kaisha.example OK")])
    known = directory.introduce(mail("a@x.jp"), site(domains=["static.example"])).site
    assert known is not None
    owned = [
        known.owns(each) for each in ("static.example", "kaisha.example", "mx.a.kaisha.example", "example")
    ]
    assert owned == [True, True, True, False]
    assert not known.owns("stranger.example")
    assert known.owns("a.b.c.d.e.f.g.h.i.j.k.kaisha.example")
    assert not known.owns("")
    assert (known.guards("static.example"), known.guards("kaisha.example")) == (True, False)


@pytest.mark.parametrize(
    ("shown", "address", "person"),
    [
        ("山田 太郎", "ceo@free.example", "山田 太郎"),
        ("太郎 山田", "ceo@free.example", "太郎 山田"),
        ("山田　太郎 (社長)", "ceo@free.example", "山田 太郎"),
        ("YAMADA Taro", "ceo@free.example", "YAMADA Taro"),
        ("Mr. Taro Yamada / President", "ceo@free.example", "Taro Yamada"),
        ("鈴木花子", "x@free.example", "鈴木花子"),
        ("鈴木 花子", "x@free.example", "鈴木 花子"),
        ("山田 太郎", "taro@mail.example", None),
        ("山田 太郎", "Taro@own.example", None),
        ("山田 太郎", "ceo@kaisha.example", None),
        ("山田 太郎", "friend@partner.example", None),
        ("山田 次郎", "x@free.example", None),
        ("", "x@free.example", None),
    ],
)
def test_people(shown: str, address: str, person: str | None, scene: Scene) -> None:
    """By name, in any order; not from our domains, their own addresses, or exceptions."""
    directory = scene.directory(
        domains=[scene.table("d", "kaisha.example OK")],
        people=[
            scene.table(
                "p",
                "山田太郎 taro@own.example, taro@mail.example",
                "taroyamada x@own.example",
                "鈴木花子 y@own.example",
            )
        ],
    )
    known = directory.introduce(
        mail("a@x.jp"), site(domains=["own.example"], exceptions=["partner.example"])
    ).site
    assert known is not None
    assert known.person(shown, address) == person


def test_a_failing_table_is_unknown_and_the_configuration_holds(scene: Scene) -> None:
    """Never a pass, and never a finding."""
    absent = f"texthash:{scene.place}/absent"
    directory = scene.directory(domains=[absent], people=[absent])
    known = directory.introduce(mail("a@x.jp"), site(domains=["own.example"]))
    assert not known.unknown
    assert known.site is not None
    assert known.site.owns("own.example")
    assert not known.unknown
    assert not known.site.owns("kaisha.example")
    assert known.site.person("山田 太郎", "ceo@free.example") is None
    assert known.unknown
    failing = scene.directory(aliases=[absent], groups=[absent]).introduce(mail("a@x.jp"), None)
    assert failing.unknown
    assert failing.message.envelope.recipients[0].targets == ()
