"""The site's secret: made once, for the daemon's user alone, and never by halves."""

from __future__ import annotations

import multiprocessing
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sekisho import compose
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.daemon import SetupError
from sekisho.memory import secret
from sekisho.preconditions import faults
from sekisho.private_files import SecretError, SecretMissingError, read_secret
from sekisho.service.service import make_files_beside


def test_it_is_made_once_for_the_daemon_alone(tmp_path: Path) -> None:
    """The first start makes it with mode 0600 whatever the umask, the next ones read it, and nothing else is left."""
    path, before = tmp_path / "secret", os.umask(0)
    try:
        made = secret.make(path)
    finally:
        os.umask(before)
    assert len(made) == 32
    assert secret.make(path) == read_secret(path) == made
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
    assert secret.make(tmp_path / "other") != made


def _made(path: Path) -> bytes:
    return secret.make(path)


@pytest.mark.parametrize("before", [None, b"", b"short"], ids=["absent", "empty", "short"])
def test_of_many_that_start_at_once_all_have_the_same(tmp_path: Path, before: bytes | None) -> None:
    """Two workers with two secrets would draw the same mail differently: threads or processes, with no file or with a
    part of one."""
    paths = [tmp_path / str(number) for number in range(20)]
    for path in paths if before is not None else ():
        path.write_bytes(before or b"")
    with multiprocessing.get_context("fork").Pool(6) as processes:
        for path in paths:
            assert len(set(processes.map(_made, [path] * 6, 1))) == 1
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(lambda _: secret.make(tmp_path / "secret"), range(64)))) == 1
    assert len(list(tmp_path.iterdir())) == 21


def test_a_part_of_a_secret_is_none(tmp_path: Path) -> None:
    """What was cut is made anew, with a line in the log; a longer one of somebody's own is kept."""
    path = tmp_path / "secret"
    path.write_bytes(b"short")
    path.chmod(0o644)
    with pytest.raises(SecretMissingError, match="holds 5 bytes"):
        read_secret(path)
    assert secret.make(path) == read_secret(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"mine" * 20)
    secret.make(path)
    assert path.read_bytes() == b"mine" * 20


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """As a key file is: what it draws could be computed. It is not replaced: what has been drawn must stay drawn."""
    path = tmp_path / "secret"
    path.write_bytes(b"k" * 32)
    path.chmod(0o604)
    with pytest.raises(SecretError, match=f"{path}: others may read it"):
        secret.make(path)
    path.chmod(0o640)
    assert len(secret.make(path)) == 32


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
    with pytest.raises(SecretError):
        compose.make_rollout_key(configured(one, key_file=str(key)))


def test_it_is_needed_only_where_a_share_is_drawn(tmp_path: Path) -> None:
    """With every roll-out at 100 % the file is neither made nor read. Below that one that cannot be used keeps the
    daemon from starting, and `config check` says so: the error names the file, and not the store."""
    whole, share = configured(tmp_path, rollout=100), configured(tmp_path)
    assert compose.make_rollout_key(whole) == b""
    assert list(tmp_path.iterdir()) == []
    one = share.model_validate({**whole.model_dump(), "recipients": {"a@ours.example": {"rollout": 5}}})
    assert compose.make_rollout_key(one)
    path = tmp_path / "secret"
    path.unlink()
    path.mkdir()
    assert compose.make_rollout_key(whole) == b""
    assert [each for each in faults(None, whole) if "secret" in each] == []
    assert [each for each in faults(None, share) if "secret" in each] == [
        f"policy.rollout: {path}: Is a directory: a file is needed"
    ]
    with pytest.raises(SetupError) as refused:
        make_files_beside(share, SystemClock())
    assert refused.value.errors == (f"policy.rollout: {path}: Is a directory: a file is needed",)
