"""Postfix's settings, read by the real postconf from configurations written here; every mend is carried out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import textwrap
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lab.program import ROOT

from sekisho.config import Config
from sekisho.doctor.model import Diagnosis, Severity
from sekisho.doctor.postconf import Postfix, PostfixUnreadable, milters, seconds
from sekisho.doctor.postfix import examine

pytestmark = pytest.mark.skipif(
    shutil.which("postconf", path="/usr/sbin:/usr/bin") is None, reason="Postfix is not installed"
)
SOCKET = "unix:/run/sekisho/milter.sock"
GOOD = {
    "milter_default_action": "tempfail",  # the default of Postfix before 3.10
    "compatibility_level": "3.6",
    "smtpd_milters": f"{{ {SOCKET}, default_action=tempfail }}",
    "smtpd_forbid_bare_newline": "normalize",
    "enable_long_queue_ids": "yes",
}
SMTP = "smtp inet n - n - - smtpd\n"
BYPASS = "127.0.0.1:10026 inet n - n - - smtpd\n  -o smtpd_milters=\n"


@dataclass
class Site:
    """One Postfix configuration and one of ours."""

    directory: Path

    def write(self, main: Mapping[str, str] | None = None, master: str = SMTP + BYPASS) -> None:
        lines = {**GOOD, **(main or {})}
        text = "".join(f"{key} = {value}\n" for key, value in lines.items())
        (self.directory / "main.cf").write_text(text)
        (self.directory / "master.cf").write_text(master)

    def settle(self) -> None:
        """Postfix waits for files that were changed within the last second; make them look older."""
        for file in self.directory.iterdir():
            os.utime(file, (1e9, 1e9))

    def look(self, **ours: Any) -> list[Diagnosis]:
        self.settle()
        settings = Config.model_validate({"mode": "enforce", **ours})
        return [
            each for each in examine(Postfix.read(self.directory), settings) if each.severity > Severity.NOTE
        ]

    def mend(self, found: list[Diagnosis]) -> None:
        """Carry the commands out as they are printed; only the reload has nothing to reload here."""
        for command in (part.strip() for each in found for part in each.mend.split("&&")):
            words = shlex.split(command)
            self.settle()
            if words[0] == "postconf":
                subprocess.run(["/usr/sbin/postconf", *words[1:]], check=True, capture_output=True)
            else:
                assert words == ["postfix", "-c", str(self.directory), "reload"]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.write()
    return made


def codes(found: list[Diagnosis]) -> list[str]:
    return sorted({each.code.removeprefix("postfix.") for each in found})


def test_a_good_configuration_is_clean(site: Site) -> None:
    """What the documentation recommends gives no finding."""
    assert site.look() == []


@pytest.mark.parametrize(
    ("code", "main", "master"),
    [
        ("not_asked", {"smtpd_milters": ""}, None),
        ("not_asked", {"smtpd_milters": "unix:/run/other.sock"}, None),
        ("default_action", {"smtpd_milters": f"{{ {SOCKET}, default_action=accept }}"}, None),
        ("default_action", {"smtpd_milters": SOCKET, "milter_default_action": "accept"}, None),
        ("timeout", {"milter_content_timeout": "20s"}, None),
        ("timeout", {"smtpd_milters": f"{{ {SOCKET}, default_action=tempfail, command_timeout=1s }}"}, None),
        ("order", {"smtpd_milters": f"inet:localhost:8891, {{ {SOCKET}, default_action=tempfail }}"}, None),
        ("order", {"smtpd_milters": f"unix:/run/clam.sock {SOCKET}"}, None),
        ("smtpd_forbid_bare_newline", {"smtpd_forbid_bare_newline": "no"}, None),
        ("smtpd_peername_lookup", {"smtpd_peername_lookup": "no"}, None),
        ("always_add_missing_headers", {"always_add_missing_headers": "yes"}, None),
        ("remote_header_rewrite_domain", {"remote_header_rewrite_domain": "ours.example"}, None),
        ("cleanup_replace_stray_cr_lf", {"cleanup_replace_stray_cr_lf": "no"}, None),
        ("enable_original_recipient", {"enable_original_recipient": "no"}, None),
        ("enable_long_queue_ids", {"enable_long_queue_ids": "no"}, None),
        ("local_header_rewrite_clients", {"local_header_rewrite_clients": "static:all"}, None),
        ("macros", {"milter_protocol": "4"}, None),
        ("bypass_missing", {}, SMTP),
        ("bypass_open", {}, SMTP + BYPASS.replace("127.0.0.1:", "")),
        ("bypass_open", {}, SMTP + BYPASS.replace("127.0.0.1:", "192.0.2.1:")),
        ("bypass_filters", {}, SMTP + BYPASS.replace("  -o smtpd_milters=\n", "")),
        (
            "default_action",
            {"smtpd_milters": ""},
            SMTP + f"  -o {{ smtpd_milters = {{ {SOCKET}, default_action=reject }} }}\n" + BYPASS,
        ),
    ],
)
def test_each_fault_is_found_and_its_command_mends_it(
    site: Site, code: str, main: Mapping[str, str], master: str | None
) -> None:
    """The fault alone is named, and after the printed commands nothing is left to mend."""
    site.write(main, master or SMTP + BYPASS)
    found = site.look()
    assert codes(found) == [code]
    site.mend(found)
    assert [each for each in site.look() if each.severity is Severity.ERROR] == []
    assert code not in codes(site.look())


HOST = "mx.ours.example"
OURS = f"{{ {SOCKET}, default_action=tempfail }}"
DKIM, CLAM, DMARC = "unix:opendkim/opendkim.sock", "unix:/run/clam.sock", "inet:localhost:8893"


@pytest.mark.parametrize(
    ("listed", "authserv_id", "earlier", "expected"),
    [
        (f"{OURS}, {DKIM}", "", (), []),
        (f"{OURS}, {DKIM}", f"sekisho.{HOST}", (), []),
        (f"{OURS}, {DKIM}, {DMARC}", HOST, (), ["same_id"]),
        (f"{OURS}, {CLAM}", HOST, (), []),
        (OURS, HOST, (), []),
        (f"{DKIM}, {OURS}", HOST, (), ["order", "same_id"]),
        (f"{DKIM}, {OURS}", HOST, (HOST,), []),
        (f"{DKIM}, {OURS}, {DMARC}", HOST, (HOST,), ["same_id"]),
        (f"{DKIM}, {OURS}", "", (HOST,), []),
        (f"{CLAM}, {OURS}", "", (HOST,), []),
    ],
)
def test_filters_with_our_name(
    site: Site, listed: str, authserv_id: str, earlier: tuple[str, ...], expected: list[str]
) -> None:
    """A filter that writes results under the host's name is found if that is our name too, before us and behind."""
    site.write({"smtpd_milters": listed, "myhostname": HOST})
    assert codes(site.look(authserv_id=authserv_id, trust={"earlier_filters": earlier})) == expected


def test_a_signer_before_us_breaks_marked_subjects(site: Site) -> None:
    """It is known, but what it signs is changed."""
    site.write({"smtpd_milters": f"{DKIM}, {OURS}", "myhostname": HOST})
    trust = {"earlier_filters": (HOST,)}
    assert codes(site.look(trust=trust, recipients={"a.example": {"subject_mark": "[!]"}})) == ["order"]


@pytest.mark.parametrize(
    ("theirs", "ours", "severity"),
    [
        ("", "+", Severity.NOTE),
        ("+", "+", None),
        ("+-", "-+", None),
        ("", "", None),
        ("+", "", Severity.WARNING),
        ("-+", "+", Severity.WARNING),
        ("-", "+", Severity.WARNING),
    ],
)
def test_address_extensions_are_compared(
    site: Site, theirs: str, ours: str, severity: Severity | None
) -> None:
    """What Postfix splits and we do not lets a sender leave the rules; the other way round is worth a note. No command
    changes Postfix's: it decides who gets the mail."""
    site.write({"recipient_delimiter": theirs})
    site.settle()
    settings = Config.model_validate({"mode": "enforce", "policy": {"recipient_delimiter": ours}})
    found = [
        each
        for each in examine(Postfix.read(site.directory), settings)
        if each.code == "postfix.recipient_delimiter"
    ]
    assert [each.severity for each in found] == ([] if severity is None else [severity])
    assert [each.mend for each in found if each.mend] == []
    if severity is Severity.WARNING:
        assert all(each in found[0].text for each in theirs)


def test_blind_copies_are_named(site: Site) -> None:
    """A copy that Postfix adds for a recipient is not the recipient's, and is not taken off with him."""
    site.write({"recipient_bcc_maps": "inline:{a@example.jp=archive@example.jp}"})
    site.settle()
    settings = Config.model_validate({"mode": "enforce"})
    codes = {each.code for each in examine(Postfix.read(site.directory), settings)}
    assert "postfix.recipient_bcc_maps" in codes


def test_shadow_wants_accept_and_on_error_is_agreed_with(site: Site) -> None:
    """When nobody answers, Postfix must do what we would: in shadow let mail pass, else as on_error says."""
    assert codes(site.look(mode="shadow")) == ["default_action"]
    assert codes(site.look(wire={"on_error": "accept"})) == ["default_action"]
    site.mend(site.look(mode="shadow"))
    assert site.look(mode="shadow") == []
    assert codes(site.look()) == ["default_action"]


def test_a_few_recipients_in_enforce_change_nothing_of_postfix(site: Site) -> None:
    """Step 4 of the way to enforce, as docs/operating.md writes it: the mode at the top decides, so `accept` is right,
    and `tempfail` is a choice. Either way a note says what it means for the few and for the rest."""
    page = (ROOT / "docs/operating.md").read_text("utf-8")
    step = page.partition("**Enforce for a few recipients")[2].partition("```toml\n")[2].partition("```")[0]
    ours = tomllib.loads(textwrap.dedent(step))
    assert ours["mode"] == "shadow"
    for action, meanwhile in (
        ("accept", "is not judged"),
        ("tempfail", "is delayed, and so is that of all others"),
    ):
        site.write({"smtpd_milters": f"{{ {SOCKET}, default_action={action} }}"})
        assert site.look(**ours) == []
        found = [each for each in examine(Postfix.read(site.directory), Config.model_validate(ours))]
        (said,) = (each for each in found if each.code == "postfix.partly_enforced")
        assert meanwhile in said.text
    site.write({"smtpd_milters": f"{{ {SOCKET}, default_action=reject }}"})
    assert codes(site.look(**ours)) == ["default_action"]


def test_a_port_is_known_by_its_name(site: Site) -> None:
    """master.cf may call the port for released mail, and the one for mail from outside, by the name of the service."""
    site.write(master=SMTP + "127.0.0.1:submission inet n - n - - smtpd\n  -o smtpd_milters=\n")
    assert site.look(release={"port": 587}) == []
    assert codes(site.look(release={"port": 10026})) == ["bypass_missing"]


def test_our_socket_is_known_however_it_is_written(site: Site) -> None:
    """A path below Postfix's queue may be relative; inet is written the other way round."""
    site.write({"smtpd_milters": "{ unix:sekisho/m.sock, default_action=tempfail }"})
    assert site.look(wire={"socket": "unix:/var/spool/postfix/sekisho/m.sock"}) == []
    site.write({"smtpd_milters": "{ inet:localhost:9900, default_action=tempfail }"})
    assert site.look(wire={"socket": "inet:9900@127.0.0.1"}) == []


def test_a_release_port_elsewhere_is_an_error(site: Site) -> None:
    """A port that does not filter must not be one that another machine can reach."""
    assert codes(site.look(release={"host": "192.0.2.9"})) == ["bypass_remote"]


def test_the_loopback_only_interface_is_enough(site: Site) -> None:
    """A service without an address listens where inet_interfaces says."""
    site.write({"inet_interfaces": "loopback-only"}, SMTP + BYPASS.replace("127.0.0.1:", ""))
    assert site.look() == []


def test_settings_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    """A directory without main.cf is told, with postconf's own words."""
    with pytest.raises(PostfixUnreadable, match=re.escape("main.cf")):
        Postfix.read(tmp_path)


def test_entries_of_smtpd_milters_are_read() -> None:
    """Commas, blanks and braces apart entries and their settings, however they are spaced."""
    found = milters("{unix:/a, default_action = accept,command_timeout=5s}, inet:h:1 , { unix:/b }")
    assert [(each.place, dict(each.settings)) for each in found] == [
        ("unix:/a", {"default_action": "accept", "command_timeout": "5s"}),
        ("inet:h:1", {}),
        ("unix:/b", {}),
    ]
    assert milters("") == ()


@pytest.mark.parametrize(
    ("text", "value"), [("300s", 300), ("5m", 300), ("300", 300), ("1h", 3600), ("x", 0)]
)
def test_times_are_read(text: str, value: float) -> None:
    """Postfix's units, seconds where there is none."""
    assert seconds(text) == value


IN_QUEUE = {"wire": {"socket": "unix:/var/spool/postfix/sekisho/m.sock"}}
CHROOTED = SMTP.replace("n - n", "n - y")


@pytest.mark.parametrize(
    ("main", "master", "code"),
    [
        # The absolute path is looked up below the queue: all mail would be answered 451.
        (
            {"smtpd_milters": "{ unix:/var/spool/postfix/sekisho/m.sock, default_action=tempfail }"},
            CHROOTED,
            "chroot",
        ),
        ({"smtpd_milters": "${mine}", "mine": "unix:/var/spool/postfix/sekisho/m.sock"}, CHROOTED, "chroot"),
        (
            {"smtpd_milters": ""},
            CHROOTED + "  -o smtpd_milters=${mine}\n  -o mine=unix:/var/spool/postfix/sekisho/m.sock\n",
            "chroot",
        ),
        # Nobody asks: the path that is printed must be right for a chroot and without one.
        ({"smtpd_milters": ""}, CHROOTED, "not_asked"),
        ({"smtpd_milters": ""}, SMTP, "not_asked"),
        # main.cf names us, but what takes mail from outside has a list of its own.
        ({"smtpd_milters": "unix:sekisho/m.sock"}, CHROOTED + "  -o smtpd_milters=\n", "not_asked"),
        (
            {"smtpd_milters": ""},
            CHROOTED + "  -o smtpd_milters=unix:/other\n" + "587 inet n - y - - smtpd\n",
            "not_asked",
        ),
    ],
)
def test_a_chrooted_smtpd_is_told_a_path_that_it_can_see(
    site: Site, main: Mapping[str, str], master: str, code: str
) -> None:
    """The printed commands name the socket relative to the queue, wherever the list stands and whatever macros it is
    made of; afterwards nothing is left to mend."""
    site.write(main, master + BYPASS)
    found = site.look(**IN_QUEUE)
    assert codes(found) == [code]
    assert all("unix:sekisho/m.sock" in each.mend for each in found)
    site.mend(found)
    assert [each for each in site.look(**IN_QUEUE) if each.severity is Severity.ERROR] == []


def test_a_path_that_is_right_inside_the_chroot_is_no_fault(site: Site) -> None:
    """Absolute below the chroot's root, or with a directory mounted or linked there, smtpd finds the socket."""
    site.write({"smtpd_milters": "{ unix:/sekisho/m.sock, default_action=tempfail }"}, CHROOTED + BYPASS)
    assert site.look(**IN_QUEUE) == []


def test_a_setting_of_one_service_is_changed_there(site: Site) -> None:
    """A service with an action of its own is named, and the command changes that service alone."""
    site.write(master=SMTP + "  -o milter_content_timeout=1s\n  -o smtpd_peername_lookup=no\n" + BYPASS)
    found = site.look()
    assert codes(found) == ["smtpd_peername_lookup", "timeout"]
    assert all("postconf" in each.mend and "smtp/inet/" in each.mend for each in found)
    site.mend(found)
    assert site.look() == []


def test_released_mail_may_be_signed(site: Site) -> None:
    """The port for released mail may ask another milter; only we must not be asked again."""
    site.write(master=SMTP + BYPASS.replace("smtpd_milters=", "smtpd_milters=inet:localhost:8891"))
    assert site.look() == []
