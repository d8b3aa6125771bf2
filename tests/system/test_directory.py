"""Site knowledge from a real LDAP server and a real PostgreSQL, by Postfix's own tables, in the real daemon."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab.cases import Lab, Outcome
from lab.cluster import Cluster, programs
from lab.program import as_user, program
from lab.slapd import SUFFIX, Slapd
from tests.system.mails import case, letter
from tests.system.test_units import CONFINED, SERVICE

from sekisho.doctor.tables import DROP_IN
from sekisho.message import Client

PERSON = base64.b64encode("山田 太郎".encode()).decode()
PEOPLE = f"""dn: cn=taro,{SUFFIX}
objectClass: inetOrgPerson
cn: taro
cn:: {PERSON}
sn: Yamada
mail: taro@kaisha.example
mail: taro@home.example

dn: cn=hanako,{SUFFIX}
objectClass: inetOrgPerson
cn: hanako
sn: Sato
mail: hanako@kaisha.example
departmentNumber: vip
"""
LDAP = """server_host = {url}
search_base = {base}
version = 3
bind = no
query_filter = {filter}
result_attribute = {value}
"""
SQL = "hosts = unix:{socket}\nuser = sekisho\ndbname = {name}\nquery = {query}\n"
ALIASES = (
    "('info@kaisha.example', 'private@kaisha.example')",
    "('boss@kaisha.example', 'hanako@kaisha.example')",
)


@dataclass
class Site:
    lab: Lab
    ldap: Slapd

    def sent(self, author: str, *recipients: str) -> Outcome:
        raw = f"From: {author}\r\nTo: <x@kaisha.example>\r\nSubject: Hello\r\nMessage-ID: <1@x.example>\r\n\r\nHi.\r\n"
        client = Client(address="192.0.2.7", helo="x.example")
        return self.lab.send(case(raw.encode(), "a@free.example", recipients, client))


def settled(path: Path, text: str) -> Path:
    """A file that looks old: Postfix waits until a file that was just changed is two seconds old."""
    path.write_text(text, "utf-8")
    os.utime(path, (1e9, 1e9))
    return path


@pytest.fixture(scope="module")
def site(place: Path) -> Iterator[Site]:
    where = programs()
    assert where is not None, "PostgreSQL is not installed"
    below = place / "directory"
    postfix = below / "tables"
    postfix.mkdir(parents=True)
    with ExitStack() as stack:
        database = Cluster(where)
        stack.callback(database.remove)
        database.start()
        stack.callback(database.stop, "immediate")
        ldap = stack.enter_context(Slapd(below, PEOPLE))
        lab = Lab(below, settings(postfix, database, ldap))
        yield Site(stack.enter_context(lab), ldap)


def settings(postfix: Path, database: Cluster, ldap: Slapd) -> dict[str, object]:
    """Domains and aliases in SQL, people and groups in LDAP."""
    tables = ("CREATE TABLE domains (name text)", "CREATE TABLE aliases (address text, goes_to text)")
    rows = (
        "INSERT INTO domains VALUES ('kaisha.example')",
        f"INSERT INTO aliases VALUES {', '.join(ALIASES)}",
    )
    database.do(*tables, *rows)
    settled(postfix / "main.cf", "compatibility_level = 3.6\n")
    sql = {"socket": database.socket.parent, "name": "postgres"}
    ask = {"url": ldap.url, "base": SUFFIX}
    files = {
        "domains": SQL.format(**sql, query="SELECT 'ours' FROM domains WHERE name = '%s'"),
        "aliases": SQL.format(**sql, query="SELECT goes_to FROM aliases WHERE address = '%s'"),
        "people": LDAP.format(**ask, filter="(cn=%s)", value="mail"),
        "groups": LDAP.format(**ask, filter="(mail=%s)", value="departmentNumber"),
    }
    for each, text in files.items():
        settled(postfix / f"{each}.cf", text)
    kinds = {"domains": "pgsql", "aliases": "pgsql", "people": "ldap", "groups": "ldap"}
    named: dict[str, object] = {each: [f"{kind}:{postfix}/{each}.cf"] for each, kind in kinds.items()}
    return {
        "directory": {**named, "postfix_directory": str(postfix), "timeout": 10.0, "cache_seconds": 1},
        "wire": {"workers": 1},  # each has a cache of its own
        "groups": {"vip": []},
        "recipients": {
            "private@kaisha.example": {"filter": False},
            "vip": {"max_action": "tag", "subject_mark": "[VIP]"},
        },
    }


def test_own_domains_come_from_sql(site: Site) -> None:
    """Mail in our name from outside is found, below the domain too; quotes and wildcards find nothing."""
    assert "site.own_domain_unproven" in site.sent("<a@kaisha.example>", "x@kaisha.example").findings
    assert "site.own_domain_unproven" in site.sent("<a@mx.kaisha.example>", "x@kaisha.example").findings
    for author in ("<a@other.example>", "<\"' OR '1'='1\"@other.example>", "<a@%.example>"):
        found = site.sent(author, "x@kaisha.example", "\"' OR '1'='1\"@kaisha.example")
        assert "site.own_domain_unproven" not in found.findings
        assert "directory" not in (found.line or {}).get("degraded", ())


@pytest.mark.parametrize(
    ("shown", "address", "found"),
    [
        ("山田 太郎", "ceo@free.example", True),
        ("太郎　山田 (社長)", "ceo@free.example", True),
        ("山田 太郎", "taro@home.example", False),
        ("山田 次郎", "ceo@free.example", False),
        ("*", "ceo@free.example", False),
        ("x)(cn=*", "ceo@free.example", False),
    ],
)
def test_people_come_from_ldap(shown: str, address: str, found: bool, site: Site) -> None:
    """By name in any order; not at their own addresses; a filter in the name is only text."""
    word = base64.b64encode(shown.encode()).decode()
    sent = site.sent(f"=?UTF-8?B?{word}?= <{address}>", "x@kaisha.example")
    assert ("site.person" in sent.findings) is found
    assert "directory" not in (sent.line or {}).get("degraded", ())


def test_an_alias_has_the_rules_of_its_mailbox(site: Site) -> None:
    """One who opted out has opted out under every name; one in a group is in it under every name."""
    opted = site.sent("<a@kaisha.example>", "Info+news@kaisha.example")
    assert opted.line is not None
    assert opted.line["decided_by"] == "opt_out"
    for recipient in ("hanako@kaisha.example", "boss@kaisha.example"):
        marked = site.sent("<a@kaisha.example>", recipient)
        assert marked.line is not None
        assert marked.line["reply"] == "accept"
        assert marked.deliveries[0].fields("Subject")[0].startswith("[VIP]")


def test_while_the_directory_is_down_mail_goes_on(site: Site) -> None:
    """An old answer holds; what was never asked is unknown, and the verdict says so; nothing waits long."""
    site.sent("<a@kaisha.example>", "hanako@kaisha.example")
    site.ldap.stop()
    time.sleep(1.1)
    begun = time.monotonic()
    marked = site.sent("<a@kaisha.example>", "hanako@kaisha.example")
    assert marked.deliveries[0].fields("Subject")[0].startswith("[VIP]")
    unknown = site.lab.send(letter("new@kaisha.example"))
    assert unknown.line is not None
    assert (unknown.verdict, unknown.line["degraded"]) == ("accept", ["directory"])
    assert time.monotonic() - begun < 30
    lines = site.lab.sekisho.lines()[0]
    assert [each["use"] for each in lines if each["event"] == "directory_failed"][:1] == ["groups"]
    assert 'sekisho_directory_lookups_total{outcome="stale",use="groups"}' in site.lab.sekisho.metrics()
    site.ldap.start()


def test_tables_answer_under_the_units_filter(site: Site) -> None:
    """`postmap` needs one address family that the unit takes away, and no system call. With the drop-in that doctor
    prints, every table answers."""
    shelf = site.ldap.place / "confined"
    shelf.mkdir(mode=0o755)
    shutil.copy(CONFINED, shelf)
    unit = shelf / SERVICE.name
    unit.write_text(SERVICE.read_text())
    assert "getifaddrs: Operation not permitted" in confined(site, unit, "ldap", "people.cf", "x").stderr
    assert "RestrictAddressFamilies=AF_NETLINK" in DROP_IN  # systemd adds it to the unit's own
    unit.write_text(re.sub("(?m)^RestrictAddressFamilies=.*", r"\g<0> AF_NETLINK", SERVICE.read_text()))
    for kind, file, key in (("ldap", "people.cf", "山田 太郎"), ("pgsql", "domains.cf", "kaisha.example")):
        done = confined(site, unit, kind, file, key)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout


def confined(site: Site, unit: Path, kind: str, file: str, key: str) -> subprocess.CompletedProcess[str]:
    """One query under the system call filter of a unit."""
    tables = site.ldap.place / "tables"
    words = ("postmap", "-c", str(tables), "-q", key, f"{kind}:{tables / file}")
    return subprocess.run(
        [program(site.ldap.place).python, str(unit.parent / CONFINED.name), str(unit), *words],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/sbin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        check=False,
        **as_user(),  # type: ignore[call-overload,no-any-return]
    )


def test_doctor_asks_each_table(site: Site) -> None:
    """As the daemon's user."""
    told = site.lab.sekisho.command("doctor").stdout.decode()
    for use in ("domains", "aliases", "people", "groups"):
        assert f"directory.{use}: " in told
    assert "does not answer" not in told
