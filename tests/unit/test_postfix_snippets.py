"""What sekisho needs in Postfix has one source, config/postfix: documents, doctor and containers agree with it."""

from __future__ import annotations

import re

import pytest
from lab.program import ROOT

from sekisho.doctor.bypass import SETTINGS
from sekisho.doctor.postconf import milters
from sekisho.release import ReleaseOptions

PAGE = (ROOT / "docs/operating.md").read_text("utf-8")
OF_THE_SITE = {"recipient_delimiter"}  # what delivers behind Postfix decides it


def plain(name: str) -> str:
    """A snippet without its comments."""
    lines = (ROOT / "config/postfix" / name).read_text("utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def main() -> dict[str, str]:
    """The settings of main.cf."""
    joined = re.sub(r"\n\s+", " ", plain("main.cf"))
    return {
        name.strip(): value.strip()
        for name, _, value in (line.partition("=") for line in joined.splitlines())
    }


def test_the_page_shows_the_port_for_released_mail_as_it_is() -> None:
    """The block below "Release" is the whole of master.cf."""
    block = PAGE.partition("### Release")[2].partition("```\n")[2].partition("```")[0]
    assert block == plain("master.cf")


def test_doctor_makes_the_port_for_released_mail_as_it_is() -> None:
    """The same options with the same values, on the port that is our default."""
    service, *options = plain("master.cf").splitlines()
    given = dict(line.strip().removeprefix("-o ").split("=", 1) for line in options)
    assert given == SETTINGS
    assert service.split()[0] == f"{ReleaseOptions().host}:{ReleaseOptions().port}"


def test_the_page_shows_the_milter_as_it_is() -> None:
    """The block below "Postfix's side" is what main.cf says of milters, and the table explains each of its parts."""
    section = PAGE.partition("## Postfix's side")[2]
    block = section.partition("```\n")[2].partition("```")[0]
    for line in block.splitlines():
        assert line in plain("main.cf").splitlines()
    (entry,) = milters(main()["smtpd_milters"])
    for name, value in entry.settings.items():
        assert re.search(rf"\| `{name}(={value})?` \|", section), name


def rows() -> list[tuple[str, str]]:
    table = PAGE.partition("| setting | set it to | why |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \| `?(\S+?)`? ", table, re.M)


@pytest.mark.parametrize(("name", "value"), [row for row in rows() if row[0] not in OF_THE_SITE])
def test_what_the_page_recommends_is_in_the_file(name: str, value: str) -> None:
    """With the same value."""
    assert main()[name] == value


def test_the_container_takes_the_files() -> None:
    """It has no settings of its own for what the snippets say."""
    start = (ROOT / "config/docker/postfix.sh").read_text("utf-8")
    assert "cat /usr/local/share/sekisho/main.cf >> /etc/postfix/main.cf" in start
    assert "cat /usr/local/share/sekisho/master.cf >> /etc/postfix/master.cf" in start
    assert [name for name in main() if name in start] == []
    assert "COPY config/postfix/main.cf config/postfix/master.cf" in (ROOT / "Dockerfile").read_text("utf-8")
