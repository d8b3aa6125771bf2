"""`sekisho config show`: every effective value."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command

from sekisho.cli.describe import described, example
from sekisho.cli.toml_edit import edited
from sekisho.config import Config, load


def test_show_has_every_value_in_force(sekisho: Command, tmp_path: Path) -> None:
    """What the file says, and the default of everything it does not say."""
    file = tmp_path / "sekisho.toml"
    file.write_text(
        'mode = "enforce"\n[policy]\ntag = 4\n[recipients."example.jp"]\nmax_action = "tag"\n', "utf-8"
    )
    done = sekisho("config", "show", "--format", "json", "--config", file)
    assert done.status == 0
    shown = done.json
    assert shown["mode"] == "enforce"
    assert shown["policy"]["tag"] == 4
    assert shown["recipients"]["example.jp"]["max_action"] == "tag"
    defaults = Config().model_dump(mode="json")
    assert shown.keys() == defaults.keys()
    assert shown["policy"] == {**defaults["policy"], "tag": 4}
    assert shown["wire"] == defaults["wire"]


EVERYTHING = """
authserv_id = "mx.example.jp"
[dns]
servers = ["127.0.0.1:53"]
timeout = 0.1234567
[site]
people = ["山田 \\"太郎\\" <taro@mail.example>"]
people_file = ""
[policy]
points = {"brand.display_name" = 2.5}
[recipients."example.jp"]
mode = "enforce"
[recipients."a.b@example.jp"]
max_action = "tag"
[groups]
sales-team = ["sales.example.jp"]
sales = ["hanako@example.jp"]
[lists]
block = [".cn", {entry = "a.example", expires = "2999-12-31", comment = "back\\\\slash"}]
[recipients.sales]
tag = 4
"""


@pytest.mark.parametrize("text", ["", EVERYTHING])
def test_what_is_shown_can_be_read_again(sekisho: Command, tmp_path: Path, text: str) -> None:
    """The values shown are a configuration: the same one, as a file and as JSON."""
    file = tmp_path / "sekisho.toml"
    file.write_text(text, "utf-8")
    shown = sekisho("config", "show", "--format", "json", "--config", file).out
    assert Config.model_validate_json(shown).model_dump_json(indent=2) + "\n" == shown
    again = tmp_path / "again.toml"
    again.write_text(sekisho("config", "show", "--config", file).out, "utf-8")
    assert load(again) == load(file)


def test_check_says_ok_and_for_whom(sekisho: Command, tmp_path: Path) -> None:
    """A good file is one line and status 0; the line names the user for whom it holds."""
    file = tmp_path / "sekisho.toml"
    file.write_text(places(tmp_path), "utf-8")
    done = sekisho("config", "check", "--config", file, "--user", "root")
    assert (done.status, done.out, done.err) == (
        0,
        f"configuration: {file}: ok for user root (--user)\n",
        "",
    )
    assert sekisho("config", "check", "--config", file, "--user", "nobody\x1b").status == 2


def test_check_warns_of_an_allow_list_that_lets_strangers_in(sekisho: Command, tmp_path: Path) -> None:
    """The daemon starts with it as before, so the status is 0; each entry has a line with file and key."""
    file = tmp_path / "sekisho.toml"
    file.write_text(
        places(tmp_path)
        + '[lists]\nallow = [".co.jp", "example.jp", {entry = "a.example", expires = "2020-01-01"}]\n'
        'block = [".cn"]\n',
        "utf-8",
    )
    done = sekisho("config", "check", "--config", file, "--user", "root")
    assert done.status == 0
    first, second = done.err.splitlines()
    assert first.startswith(f"warning: {file}: lists.allow: .co.jp: is a public suffix")
    assert second.startswith(f"warning: {file}: lists.allow: a.example: has expired already")


def test_check_without_a_file_names_the_one_it_looked_for(
    sekisho: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each error that a default of this machine makes, and in the line that says ok."""
    monkeypatch.setattr("sekisho.cli.options.DEFAULT_PATH", tmp_path / "none.toml")
    done = sekisho("config", "check", "--user", "root")
    lines = (done.err if done.status else done.out).splitlines()
    begin = "" if done.status else "configuration: "
    assert all(
        line.startswith(f"{begin}/etc/sekisho/sekisho.toml is not there, the defaults hold: ")
        for line in lines
    )


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("config", "show"), "mode = 1\n[policy]\ntag = 'x'\n"),
        (("config", "set", "policy.tag", "x"), ""),
        (("list", "list"), "mode = 1\n"),
        (("list", "import", "LIST"), ""),
        (("serve",), "mode = 1\n"),
        (("doctor", "--skip", "x"), ""),
    ],
)
def test_an_error_begins_with_its_file_or_says_that_it_is_one(
    sekisho: Command, tmp_path: Path, words: tuple[str, ...], text: str
) -> None:
    """What is wrong within a file is a line with file and key; every other error says `Error:`."""
    file, entries = tmp_path / "sekisho.toml", tmp_path / "lists.json"
    file.write_text(text + f'[store]\nurl = "sqlite:///{tmp_path}/q.db"\n', "utf-8")
    entries.write_text('{"allow": ["@", "b@"]}')
    done = sekisho(*(str(entries) if each == "LIST" else each for each in words), "--config", file)
    assert done.status == 2
    said = done.err.rpartition("--help' for help.\n\n")[2].splitlines()
    assert said
    assert all(line.startswith((f"{file}: ", f"{entries}: ", "Error: ")) for line in said), said


def places(directory: Path) -> str:
    """A configuration whose files may all be made in one directory."""
    return (
        f'[wire]\nsocket = "unix:{directory}/m.sock"\n[store]\nurl = "sqlite:///{directory}/q.db"\n'
        f'[metrics]\ndirectory = "{directory}/metrics"\n'
    )


TEXT = """# ours
mode = "shadow"   # for now

[dns]
#servers = []
timeout = 1.5
[ lists ]   # by hand
block = [
  ".cn",
  # [dns]
]
"""


@pytest.mark.parametrize(
    ("key", "value", "after"),
    [
        ("mode", "enforce", TEXT.replace('"shadow"', '"enforce"')),
        (
            "dns.servers",
            '["127.0.0.1"]',
            TEXT.replace("#servers = []\n", '#servers = []\nservers = ["127.0.0.1"]\n'),
        ),
        ("dns.timeout", "2", TEXT.replace("timeout = 1.5", "timeout = 2")),
        ("lists.block", '[".example"]', TEXT.partition("block")[0] + 'block = [".example"]\n'),
        ("wire.socket_mode", "0660", TEXT + '\n[wire]\nsocket_mode = "0660"\n'),
        ("release.host", "127.0.0.1", TEXT + '\n[release]\nhost = "127.0.0.1"\n'),
    ],
)
def test_set_changes_one_option_and_nothing_else(
    sekisho: Command, tmp_path: Path, key: str, value: str, after: str
) -> None:
    """The option stands in its table; every other line, comments too, is as it was, and so are owner and mode."""
    file = tmp_path / "sekisho.toml"
    file.write_text(TEXT, "utf-8")
    file.chmod(0o640)
    assert sekisho("config", "set", key, value, "--config", file).status == 0
    assert file.read_text("utf-8") == after
    assert file.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [file]


VIP = '[recipients."a@x.example"]\ntag = 4  # ours\n'
POINTS = '[policy]\npoints = {"auth.unproven" = 1}  # low\n'


@pytest.mark.parametrize(
    ("text", "key", "value", "after"),
    [
        ("", 'recipients."a@x.example".mode', "enforce", '[recipients."a@x.example"]\nmode = "enforce"\n'),
        (VIP, 'recipients."a@x.example".mode', "enforce", VIP.replace("\n", '\nmode = "enforce"\n', 1)),
        (VIP, 'recipients."a@x.example".tag', "6", VIP.replace("4", "6")),
        (VIP, 'recipients."x.example".tag', "4", VIP + '\n[recipients."x.example"]\ntag = 4\n'),
        ("", 'policy.points."auth.no_iprev"', "0.5", '[policy.points]\n"auth.no_iprev" = 0.5\n'),
        (
            POINTS,
            'policy.points."auth.no_iprev"',
            "0.5",
            POINTS.replace("1}", '1,"auth.no_iprev" = 0.5}'),
        ),
        ("dns.timeout = 2\n", "dns.timeout", "1.5", "dns.timeout = 1.5\n"),
        ("dns.timeout = 2\n", "dns.cache_size", "9", "dns.timeout = 2\ndns.cache_size = 9\n"),
        (
            "",
            "lists.allow",
            '[{entry = "a.example", expires = 2999-12-31}]',
            '[[lists.allow]]\nentry = "a.example"\nexpires = 2999-12-31\n',
        ),
    ],
)
def test_set_reaches_every_table_and_keeps_comments(
    sekisho: Command, tmp_path: Path, text: str, key: str, value: str, after: str
) -> None:
    """A table that is not there yet is made, whatever its name has in it; dotted and inline forms stay."""
    file = tmp_path / "sekisho.toml"
    file.write_text(text, "utf-8")
    done = sekisho("config", "set", key, value, "--config", file)
    assert done.status == 0, done.err
    assert file.read_text("utf-8").removeprefix("\n") == after.removeprefix("\n")


@pytest.mark.parametrize("text", ["", "example"])
def test_every_documented_option_can_be_set(text: str) -> None:
    """In an empty file and in the example, each option of each group, and nothing else changes."""
    before = example() if text else ""
    for group in described():
        table = (
            ("recipients", "a@x.example") if group.name == "recipients" else tuple(filter(None, [group.name]))
        )
        for option in group.options:
            value = tomllib.loads(f"x = {option.default}")["x"]
            after = tomllib.loads(edited(before, (*table, option.name), value))
            found = after
            for part in (*table, option.name):
                found = found[part]
            assert found == value


@pytest.mark.parametrize(
    ("key", "value", "verb"),
    [
        ("mode", "enforce", "reload"),
        ("wire.socket", "unix:/run/s/milter.sock", "restart"),
        ("policy.tag", "4", "reload"),
        ("groups.sales", '["a@x.example"]', "reload"),
        ('recipients."x.example".mode', "enforce", "reload"),
        ('policy.points."auth.no_iprev"', "1", "reload"),
    ],
)
def test_set_says_what_puts_the_change_in_force(
    sekisho: Command, tmp_path: Path, key: str, value: str, verb: str
) -> None:
    """As docs/options.md says it of the option."""
    done = sekisho("config", "set", key, value, "--config", tmp_path / "sekisho.toml")
    assert done.out.endswith(f" (a new file)\nin force after: systemctl {verb} sekisho-milter\n")
    done = sekisho("config", "set", key, value, "--config", tmp_path / "sekisho.toml")
    assert " (was " in done.out


def test_set_changes_the_file_behind_a_link(sekisho: Command, tmp_path: Path) -> None:
    """A configuration that is a link to one kept elsewhere stays a link."""
    kept = tmp_path / "kept"
    kept.mkdir()
    file, link = kept / "site.toml", tmp_path / "sekisho.toml"
    file.write_text(TEXT, "utf-8")
    link.symlink_to(file)
    assert sekisho("config", "set", "wire.socket_mode", "0660", "--config", link).status == 0
    assert link.is_symlink()
    assert 'socket_mode = "0660"' in file.read_text("utf-8")
    assert list(kept.iterdir()) == [file]


def test_set_writes_nothing_that_is_wrong(sekisho: Command, tmp_path: Path) -> None:
    """A value out of bounds, an unknown option and what is no option leave the file alone, with status 2."""
    file = tmp_path / "sekisho.toml"
    text = "[retention]\nmax_messages = 1000\n"
    file.write_text(text, "utf-8")
    for key, value, said in (
        ("retention.max_messages", "-1", f"{file}: retention.max_messages: "),
        ("retention.max_mesages", "5", f"{file}: retention.max_mesages: unknown option"),
        (
            "retention",
            "2",
            f"Error: {file}: retention: is a table: set what stands in it, as in retention.NAME",
        ),
        (
            "retention.max_messages.a",
            "2",
            f"Error: {file}: retention.max_messages.a: is below a value that is no",
        ),
        (
            "recipients.a@b.example.mode",
            "enforce",
            f"Error: {file}: recipients.a@b.example.mode: is no key of",
        ),
    ):
        done = sekisho("config", "set", key, value, "--config", file)
        assert done.status == 2
        assert done.err.startswith(said)
    assert file.read_text("utf-8") == text
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("secret", ["geheim", "ge:he/im", "ge@heim"])
def test_no_password_is_repeated(sekisho: Command, tmp_path: Path, secret: str) -> None:
    """A password in a URL is an error, and the error, which goes into the log, does not say it."""
    file = tmp_path / "sekisho.toml"
    file.write_text(f'[store]\nurl = "postgresql://user:{secret}@db.example/mail"\n')
    done = sekisho("config", "show", "--config", file)
    assert done.status == 2
    assert "must not hold a password" in done.err
    assert secret not in done.out + done.err
    assert "heim" not in done.out + done.err
