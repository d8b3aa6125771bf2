"""What the tables say reaches the recipients of a message and the site."""

from __future__ import annotations

import pytest
from tests.unit.directory.kit import Scene, mail, site

from sekisho.directory.introduce import MAX_TARGETS
from sekisho.message import AliasTarget


def targets(scene: Scene, address: str, *aliases: str) -> list[str]:
    known = scene.directory(aliases=[scene.table("a", *aliases)]).introduce(mail(address), None)
    assert not known.unknown
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
    """No table can keep a message busy."""
    assert targets(scene, "a@x.jp", "a@x.jp b@x.jp", "b@x.jp a@x.jp") == []
    chain = [f"a{number}@x.jp a{number + 1}@x.jp" for number in range(20)]
    assert targets(scene, "a0@x.jp", *chain) == ["a5@x.jp"]
    many = ", ".join(f"m{number}@x.jp" for number in range(500))
    assert len(targets(scene, "all@x.jp", f"all@x.jp {many}")) == MAX_TARGETS


@pytest.mark.parametrize(
    "value", ["|/usr/bin/x", ":include:/etc/x", "/var/mail/x", "taro", '"|x"@', "devnull"]
)
def test_what_is_no_mailbox_is_left_out(value: str, scene: Scene) -> None:
    """Commands, files and bare names of aliases(5)."""
    assert targets(scene, "a@x.jp", f"a@x.jp {value}") == []


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
