"""A private Prometheus on loopback: Debian's program with the configuration and the rules that sekisho ships.

Only the address to scrape and the interval are different. Its data are in the lab's directory and are removed with it.
"""

from __future__ import annotations

import json
import os
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from lab.place import LabError, free_port
from lab.program import ROOT, as_user
from lab.server import Server

SHIPPED = ROOT / "config/prometheus"
PACE = "1s"

Series = dict[frozenset[tuple[str, str]], float]


def tool(name: str) -> Path:
    """A program of Prometheus: the one that `make test` has installed, else the machine's own. Raises LabError."""
    unpacked = ROOT / ".venv/tools" / name
    found = unpacked if unpacked.is_file() else shutil.which(name)
    if not found:
        raise LabError(f"{name} is not installed: run `lab/install.sh test`")
    return Path(found)


@dataclass
class Prometheus:
    """One instance that watches one metrics port."""

    place: Path
    target: str
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self._server = Server("Prometheus", self.directory)

    @property
    def directory(self) -> Path:
        return self.place / "prometheus"

    def __enter__(self) -> Prometheus:
        self._lay_out()
        self._server.start(
            [
                str(self.directory / "prometheus"),
                f"--config.file={self.directory}/prometheus.yml",
                f"--storage.tsdb.path={self.directory}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
            ],
            cwd=self.directory,
            start_new_session=True,
            **as_user(),
        )
        self._server.wait(self._scrapes, "Prometheus has looked at sekisho")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _lay_out(self) -> None:
        """Write the shipped files with this lab's target and interval, and put the program where its user can run
        it."""
        account = as_user()
        for directory in (self.directory, self.directory / "data"):
            directory.mkdir(mode=0o755)
            os.chown(directory, account["user"], account["group"])  # type: ignore[arg-type]
        config = yaml.safe_load((SHIPPED / "prometheus.yml").read_text(encoding="utf-8"))
        config["global"] = {"scrape_interval": PACE, "evaluation_interval": PACE}
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": [self.target]}]
        (self.directory / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        for name in config["rule_files"]:
            shutil.copy(SHIPPED / name, self.directory)
        shutil.copy(tool("prometheus"), self.directory)

    def _scrapes(self) -> bool:
        return self._ready() and set(self.query("up").values()) == {1.0}

    def _ready(self) -> bool:
        """True if it answers queries. While it starts, it replies 503 or not at all."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=2):
                return True
        except urllib.error.HTTPError as error:
            error.close()
            return False
        except OSError:
            return False

    def get(self, what: str, **arguments: str) -> Any:
        """The data of a reply of its HTTP interface. Raises LabError with the error text if it refuses."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(arguments)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise LabError(f"{arguments}: {error.read().decode()}") from error

    def query(self, expr: str, at: float | None = None) -> Series:
        """The value of each series, by its labels without the name, at a Unix time (default: now)."""
        moment = {} if at is None else {"time": f"{at:.3f}"}
        result = self.get("query", query=expr, **moment)["result"]
        return {_labels(each["metric"]): float(each["value"][1]) for each in result}

    def last_look(self) -> float:
        """Unix time of the newest sample."""
        return max(self.query("timestamp(sekisho_build_info)").values())


def _labels(metric: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in metric.items() if name != "__name__")
