"""The site's secret: made once, for the daemon's user alone, and never by halves."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sekisho import compose
from sekisho.config import Config
from sekisho.memory import secret
from sekisho.privacy import KeyFileError


def test_it_is_made_once_for_the_daemon_alone(tmp_path: Path) -> None:
    """The first start makes it with mode 0600 whatever the umask, the next ones read it, and nothing else is left."""
    path, before = tmp_path / "secret", os.umask(0)
    try:
        made = secret.make(path)
    finally:
        os.umask(before)
    assert len(made) == 32
    assert secret.make(path) == secret.read(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    assert secret.make(tmp_path / "other") != made


def test_of_many_that_start_at_once_all_have_the_same(tmp_path: Path) -> None:
    """Two workers with two secrets would draw the same mail differently."""
    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(lambda _: secret.make(tmp_path / "secret"), range(64)))) == 1


def test_a_part_of_a_secret_is_none(tmp_path: Path) -> None:
    """What was cut is made anew, with a line in the log; a longer one of somebody's own is kept."""
    path = tmp_path / "secret"
    path.write_bytes(b"short")
    with pytest.raises(secret.ShortError):
        secret.read(path)
    assert secret.make(path) == secret.read(path) != b"short"
    path.write_bytes(b"mine" * 20)
    assert secret.make(path) == b"mine" * 20


def configured(tmp_path: Path, rollout: float = 50, **journal: object) -> Config:
    return Config.model_validate(
        {
            "store": {"url": f"sqlite:///{tmp_path / 'quarantine.db'}"},
            "policy": {"rollout": rollout},
            "journal": journal,
        }
    )


def test_a_command_draws_as_the_daemon(tmp_path: Path) -> None:
    """The daemon makes the secret, and a command that may read it has the same key; it makes none itself."""
    config = configured(tmp_path)
    assert compose.rollout_key(config) == b""
    assert list(tmp_path.iterdir()) == []
    made = compose.make_rollout_key(config)
    assert compose.rollout_key(config) == made
    assert compose.rollout_key(configured(tmp_path, rollout=100)) == b""
    assert (tmp_path / "secret").read_bytes() not in made


def test_nodes_that_share_a_key_file_draw_alike(tmp_path: Path) -> None:
    """`journal.key_file` goes before the file of one machine; pseudonyms have another key from it. A key file that
    cannot be used is no reason to draw without one."""
    key, one, other = tmp_path / "key", tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    key.write_bytes(b"k" * 32)
    key.chmod(0o600)
    made = {compose.make_rollout_key(configured(each, key_file=str(key))) for each in (one, other)}
    assert len(made) == 1
    assert compose.rollout_key(configured(one, key_file=str(key))) in made
    assert list(one.iterdir()) == []
    assert compose.make_rollout_key(configured(one)) not in made
    key.write_bytes(b"short")
    with pytest.raises(KeyFileError):
        compose.make_rollout_key(configured(one, key_file=str(key)))
