"""Which door a daemon has, and what it needs for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho import preconditions, service
from sekisho.config import Config, ConfigError
from sekisho.service.doors import Doors
from sekisho.verdict import MtaAbilities

CONFIG = """
[store]
url = "sqlite:///{0}/quarantine.db"
[metrics]
directory = "{0}"
[wire]
socket = "unix:{0}/milter.sock"
[smtp]
{1}
"""


def written(directory: Path, smtp: str) -> Path:
    file = directory / "sekisho.toml"
    file.write_text(CONFIG.format(directory, smtp))
    return file


def test_the_smtp_door_needs_a_next_hop(tmp_path: Path) -> None:
    """One line with file, key and mend; the milter does not need it."""
    file = written(tmp_path, "")
    with pytest.raises(ConfigError) as refused:
        service.serve(file, smtp=True)
    (line,) = refused.value.errors
    assert line == (
        f"{file}: smtp.next_hop: the SMTP door needs it: the host and port of the MTA behind it, as 127.0.0.1:10025"
    )


@pytest.mark.parametrize(
    ("smtp", "key"),
    [
        ('next_hop = "127.0.0.1"', "smtp.next_hop: must be a host and a port, as 127.0.0.1:10025"),
        ("next_hop = 25", "smtp.next_hop: must be a text in quotes"),
        ('listen = "mx.example:10024"', "smtp.listen: must be an IP address and a port, as 127.0.0.1:10024"),
        ('listen = "127.0.0.1:100240"', "smtp.listen: must be a host and a port"),
        ('position = "after"', "smtp.position: must be 'after-queue' or 'before-queue'"),
        ('trusted = ["192.0.2.1/8"]', "smtp.trusted[0]: '192.0.2.1/8' has host bits set"),
        ('trusted = "127.0.0.0/8"', "smtp.trusted: must be a list"),
        ("sessions = 0", "smtp.sessions: must be at least 1"),
        ("timeout = 5", "smtp.timeout: unknown option"),
    ],
)
def test_what_is_wrong_in_its_options(tmp_path: Path, smtp: str, key: str) -> None:
    """Each gives one line with file and key."""
    file = written(tmp_path, smtp)
    with pytest.raises(ConfigError) as refused:
        service.serve(file, smtp=True)
    (line,) = refused.value.errors
    assert line.startswith(f"{file}: {key}")


def test_an_address_that_is_not_ours(tmp_path: Path) -> None:
    """`config check` examines the door if it is configured; the milter's socket is not the door's affair."""
    smtp = {"listen": "192.0.2.1:10024", "next_hop": "127.0.0.1:10025"}
    wire = {"socket": f"unix:{tmp_path}/none/milter.sock"}
    config = Config.model_validate(
        {
            "smtp": smtp,
            "wire": wire,
            "store": {"url": f"sqlite:///{tmp_path}/q.db"},
            "metrics": {"directory": tmp_path},
        }
    )
    (fault,) = preconditions.faults(None, config, smtp=True)
    assert fault.startswith("smtp.listen: inet:10024@192.0.2.1: ")
    (fault,) = preconditions.faults(None, config)
    assert fault.startswith("wire.socket: ")


def test_what_the_mta_can_do() -> None:
    """Only a milter can use the hold queue, and after the queue nothing can be refused."""
    after = Config.model_validate({"smtp": {"position": "after-queue"}})
    before = Config.model_validate({"smtp": {"position": "before-queue"}})
    assert Doors().abilities(before) == MtaAbilities(holds=True, refuses=True)
    assert Doors(smtp=True).abilities(after) == MtaAbilities(holds=False, refuses=False)
    assert Doors(smtp=True).abilities(before) == MtaAbilities(holds=False, refuses=True)
