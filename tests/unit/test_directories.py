"""The modes of the directories have one source, and what makes them agrees with it."""

from __future__ import annotations

import re

from lab.program import ROOT

from sekisho.doctor.commands import Commands
from sekisho.private_files import CONFIG_MODE, RUNTIME_MODE, STATE_MODE


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_units_image_and_documents_have_the_modes_of_the_program() -> None:
    """State 0700, run time 0750, configuration 0750: in the unit, in tmpfiles.d, in the image and on the page."""
    unit = read("systemd/sekisho-milter.service")
    assert re.findall(r"StateDirectoryMode=(\d+)", unit) == [STATE_MODE]
    assert re.findall(r"RuntimeDirectoryMode=(\d+)", unit) == [RUNTIME_MODE]
    assert re.findall(r"^d +/etc/sekisho +(\d+)", read("systemd/tmpfiles.d/sekisho.conf"), re.M) == [
        CONFIG_MODE
    ]
    image = read("Dockerfile")
    assert re.findall(r"-m (\d+) /var/lib/sekisho", image) == [STATE_MODE]
    assert re.findall(r"-m (\d+) /run/sekisho", image) == [RUNTIME_MODE]
    assert set(re.findall(r"/run/sekisho:uid=\d+,gid=\d+,mode=(\d+)", read("docker-compose.yml"))) == {
        RUNTIME_MODE
    }
    assert re.findall(r"in a directory of mode (\d+)", read("docs/operating.md")) == [STATE_MODE]


def test_doctor_makes_directories_of_the_configuration_as_tmpfiles_does() -> None:
    """Root's, and readable for the daemon's group alone."""
    made = Commands().config_directory(ROOT / "x y")
    assert made == f"install -d -o root -g sekisho -m {CONFIG_MODE} '{ROOT}/x y'"
