"""docker-compose.yml and what it mounts. No container engine is used: nothing here is built or started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from lab.program import ROOT
from lab.prometheus import SHIPPED, tool

from sekisho import config

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
    """Postfix, sekisho, Prometheus and Grafana, each with a health check and an image of one version."""
    services = composition["services"]
    assert set(services) == {"sekisho", "postfix", "prometheus", "grafana"}
    for name, service in services.items():
        assert service["healthcheck"]["test"], name
        assert PINNED.fullmatch(service["image"]), service["image"]


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
    assert len(sources) >= 5
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
