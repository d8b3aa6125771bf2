"""docker-compose.yml and what it mounts. No container engine is used: nothing here is built or started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab.program import ROOT
from lab.prometheus import SHIPPED, tool

from sekisho import __version__, config

DOCKER = ROOT / "config/docker"
PINNED = re.compile(r"[a-z/-]+:\S*\d+\.\d+\S*|debian:bookworm-\d{8}-slim")


def compose() -> list[str]:
    """Docker's own compose if it is there, else Debian's docker-compose, which `make test` installs."""
    plugin = shutil.which("docker") and subprocess.run(
        ["docker", "compose", "version"], capture_output=True, check=False
    )
    return ["docker", "compose"] if plugin and plugin.returncode == 0 else ["docker-compose"]


@pytest.fixture(scope="module")
def composition() -> dict[str, Any]:
    """The composition as the tool reads it, with every variable filled in."""
    done = subprocess.run(
        [*compose(), "config"], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "GRAFANA_PASSWORD": "for-this-test"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout))


def test_nothing_starts_without_a_password() -> None:
    """There is no default password: without GRAFANA_PASSWORD the tool refuses."""
    environment = {name: value for name, value in os.environ.items() if name != "GRAFANA_PASSWORD"}
    done = subprocess.run(
        [*compose(), "config"], cwd=ROOT, capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode != 0
    assert "GRAFANA_PASSWORD" in done.stderr


def test_all_services_are_there_and_watch_their_health(composition: dict[str, Any]) -> None:
    """Each with a health check, bounds, and an image of one version; ours have that of the program."""
    services = composition["services"]
    assert set(services) == {"sekisho", "postfix", "unbound", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert PINNED.fullmatch(service["image"]), service["image"]
        assert service["mem_limit"], name
        assert service["cpus"], name
        assert service["pids_limit"], name
        assert service["logging"]["options"] == {"max-file": "5", "max-size": "10m"}
    built = {name: each["image"].rpartition(":")[2] for name, each in services.items() if "build" in each}
    assert built == dict.fromkeys(("sekisho", "postfix", "unbound"), __version__)


def test_only_loopback_is_published(composition: dict[str, Any]) -> None:
    """A trial can be reached from this machine alone, and the metrics port not even from there."""
    published = [
        str(port) for service in composition["services"].values() for port in service.get("ports", ())
    ]
    assert published
    assert all("127.0.0.1" in port for port in published)
    assert "ports" not in composition["services"]["sekisho"]
    assert composition["networks"]["inside"]["internal"] is True


def test_what_is_mounted_exists(composition: dict[str, Any]) -> None:
    """Docker would make an empty directory of a file that is missing."""
    text = (ROOT / "docker-compose.yml").read_text("utf-8")
    sources = re.findall(r"- \./(\S+?):/", text)
    sources += re.findall(r"- \$\{\w+:-\./(\S+?)\}:/", text)
    assert "config/docker/brands.d" in sources
    assert len(sources) >= 7
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_images_are_made_of_what_is_here() -> None:
    """Every base image has one version and one content, and every file that is copied from the tree exists."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM")]
    assert [
        base for base in bases if not re.fullmatch(rf"(?:{PINNED.pattern})@sha256:[0-9a-f]{{64}}", base)
    ] == []
    copied = [word for line in lines if line.startswith("COPY") and "--from" not in line
              for word in line.split()[1:-1] if not word.startswith("--")]  # fmt: skip
    assert [word for word in copied if not (ROOT / word).exists()] == []


def test_the_mounted_configurations_are_valid(tmp_path: Path) -> None:
    """sekisho and Prometheus accept theirs, the shell its script; the trial is in shadow."""
    settings = config.load(DOCKER / "sekisho.toml")
    assert settings.mode == "shadow"
    for file in (DOCKER / "prometheus.yml", SHIPPED / "sekisho.rules.yml"):
        shutil.copy(file, tmp_path)
    for command in ([str(tool("promtool")), "check", "config", "prometheus.yml"],
                    ["sh", "-n", str(DOCKER / "postfix.sh")]):  # fmt: skip
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_trial_counts_as_production_does() -> None:
    """The trial's Prometheus differs from the shipped one in the address alone."""
    shipped, trial = (yaml.safe_load(path.read_text("utf-8")) for path in
                      (SHIPPED / "prometheus.yml", DOCKER / "prometheus.yml"))  # fmt: skip
    for job in (*shipped["scrape_configs"], *trial["scrape_configs"]):
        job["static_configs"] = []
    assert shipped == trial


def test_the_wheel_of_the_image_needs_no_tool_of_the_developers(tmp_path: Path) -> None:
    """The build stage's own command makes the wheel of what that stage copies; its tools are the lock of the build."""
    text = (ROOT / "Dockerfile").read_text("utf-8")
    assert "requirements-dev.lock" not in text
    assert "-r requirements-build.lock" in text
    stage = text.partition("AS sekisho")[0]
    for *sources, target in (line.split()[1:] for line in re.findall(r"(?m)^COPY .*$", stage)):
        for source in sources:
            place = tmp_path / (
                target
                if len(sources) == 1 and not target.endswith("/")
                else f"{target}/{source.rpartition('/')[2]}"
            )
            place.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, place)
    (command,) = re.findall(r"/tools/bin/python (-m hatchling build .*?) \\\n", text)
    words = [word.replace("/wheels", str(tmp_path / "wheels")) for word in command.split()]
    subprocess.run([sys.executable, *words], cwd=tmp_path, check=True, capture_output=True, timeout=100)
    assert [each.name for each in (tmp_path / "wheels").iterdir()] == [
        f"sekisho-{__version__}-py3-none-any.whl"
    ]


def test_each_reaches_what_it_needs_and_no_more(composition: dict[str, Any]) -> None:
    """Released mail and DNS go through a network of their own, at the addresses that the configurations name."""
    services = composition["services"]
    within = {name for name, each in services.items() if "door" in each["networks"]}
    assert within == {"sekisho", "postfix", "unbound"}
    assert composition["networks"]["door"]["internal"] is True
    at = {name: services[name]["networks"]["door"]["ipv4_address"] for name in within}
    settings = config.load(DOCKER / "sekisho.toml")
    assert settings.dns.servers == (at["unbound"],)
    assert settings.release.host == at["postfix"] == services["postfix"]["environment"]["RELEASE_LISTEN"]
    assert services["postfix"]["environment"]["RELEASE_FROM"] == at["sekisho"]
    assert f"interface: {at['unbound']}\n" in (DOCKER / "unbound.conf").read_text("utf-8")


def test_unbound_accepts_its_configuration(tmp_path: Path) -> None:
    """Asked of unbound itself where it is installed. (Its package would start a server with the machine.)"""
    check = shutil.which("unbound-checkconf")
    if check is None:
        pytest.skip("unbound is not installed")
    text = (DOCKER / "unbound.conf").read_text("utf-8")
    (tmp_path / "unbound.conf").write_text(re.sub(r".*root\.key.*", "", text))  # which the image makes
    done = subprocess.run([check, "unbound.conf"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# The script in a file system of its own, so that this machine's Postfix stays as it is. `postfix` shows what it made.
IN_A_CONTAINER = """
set -e
mount -t tmpfs none /etc/postfix
mount -t tmpfs none /usr/local
mkdir -p /usr/local/share/sekisho /usr/local/bin
cp config/postfix/main.cf config/postfix/master.cf /usr/local/share/sekisho/
printf '%s\n' '#!/bin/sh' 'postconf -n; postconf -M; postconf -P' >/usr/local/bin/postfix
chmod 755 /usr/local/bin/postfix
PATH=/usr/local/bin:$PATH exec sh config/docker/postfix.sh
"""


def started(**environment: str) -> tuple[list[str], str]:
    """What a real Postfix reads of its configuration, line by line with single blanks; and the warnings."""
    if os.geteuid() != 0:
        pytest.skip("a file system of one's own is made by root")
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", IN_A_CONTAINER], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [" ".join(line.split()) for line in done.stdout.splitlines()], done.stderr


def test_released_mail_is_taken_from_one_address(composition: dict[str, Any]) -> None:
    """In the composition's environment the port listens in that network, and only sekisho's container may use it."""
    settings, _ = started(**composition["services"]["postfix"]["environment"])
    assert any(line.startswith("172.31.250.2:10026 inet n - n - 10 smtpd") for line in settings)
    door = "172.31.250.2:10026/inet"
    assert f"{door}/mynetworks = 172.31.250.3/32" in settings
    assert f"{door}/smtpd_client_restrictions = permit_mynetworks,reject" in settings
    assert f"{door}/smtpd_milters =" in settings
    assert not [line for line in settings if line.startswith("127.0.0.1:10026")]
    assert "mynetworks = 127.0.0.0/8" in settings


def test_whoever_may_see_the_proxy_for_every_client_is_warned() -> None:
    """Behind the engine's proxy SPF is about the proxy. With the PROXY protocol or the machine's network it is not."""
    assert "the same address for every client" in started()[1]
    assert started(HOST_NETWORK="yes")[1] == ""
    settings, warnings = started(PROXY_PROTOCOL="yes")
    assert warnings == ""
    assert "smtp/inet/smtpd_upstream_proxy_protocol = haproxy" in settings


def test_a_door_without_a_client_is_not_opened() -> None:
    """Who may release must be said, or the container does not start."""
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", IN_A_CONTAINER], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "RELEASE_LISTEN": "192.0.2.1"},
    )  # fmt: skip
    assert done.returncode != 0
    assert "the address of the container of sekisho" in done.stderr
