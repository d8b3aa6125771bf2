"""What is kept beside the store: the switch, the memories, and the secret of the roll-out."""

from __future__ import annotations

import hmac
import logging
from contextlib import suppress
from pathlib import Path

from sekisho import memory
from sekisho.config import Config
from sekisho.events import keeping
from sekisho.memory import PolicyNotes
from sekisho.ports import Clock, QuarantineStore
from sekisho.private_files import SecretError, read_secret
from sekisho.store.database import state_directory

LOG = logging.getLogger("sekisho.compose")


def switch_file(config: Config) -> Path:
    """The file of the kill switch and of the guard's counts."""
    return state_directory(config.store) / "guard"


def policy_file(config: Config) -> Path:
    """The file of the domains whose DMARC policy was seen."""
    return state_directory(config.store) / "policies"


def deferral_file(config: Config) -> Path:
    """The file of the messages that were deferred while DNS failed."""
    return state_directory(config.store) / "deferred"


def failure_file(config: Config) -> Path:
    """The default file of the digests of messages whose judgement failed."""
    return state_directory(config.store) / "failed"


def policies(config: Config, clock: Clock) -> PolicyNotes | None:
    """The memory of the DMARC policies that were seen, opened for one process. None, and a line in the log, if its file
    cannot be used."""
    try:
        return PolicyNotes(policy_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(
            LOG, error, "DMARC policies that are seen are not noted", path=policy_file(config)
        )
        return None


def deferrals(config: Config, clock: Clock) -> memory.Deferrals | None:
    """The memory of the messages that were deferred, opened for one process. None if the policy defers none and, with a
    line in the log, if its file cannot be used."""
    if not config.policy.defer_unknown:
        return None
    try:
        return memory.Deferrals(deferral_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(LOG, error, "no message is deferred", path=deferral_file(config))
        return None


def unknown_file(config: Config) -> Path:
    """The file of the messages that the store may hold although it reported an error."""
    return state_directory(config.store) / "unknown"


def unknown_commits(config: Config, store: QuarantineStore, clock: Clock) -> QuarantineStore:
    """The store with a memory of the messages that it may hold although it reported an error. Without that memory, and
    with a line in the log, if its file cannot be used."""
    try:
        return memory.UnknownCommits(store, unknown_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(
            LOG, error, "what the store may have kept is not remembered", path=unknown_file(config)
        )
        return store


def make_memory(config: Config, clock: Clock) -> None:
    """Create the files of the memories, or replace damaged ones. It is called before the fork, so that no two processes
    do it at once."""
    for made in (policies(config, clock), deferrals(config, clock)):
        if made is not None:
            made.close()
    with suppress(OSError):  # each worker logs it
        memory.UnknownCommits.prepare(unknown_file(config))


def secret_file(config: Config) -> Path:
    """The file of the site's secret, if the configuration names no key file."""
    return state_directory(config.store) / "secret"


def make_rollout_key(config: Config) -> bytes:
    """The secret that decides which messages a roll-out reaches. Empty if no roll-out reaches only a share of the mail.

    It is derived from `journal.key_file` if that is set, which nodes with one configuration can share, else from the
    secret file of this machine, which is created if there is none. Raises OSError or SecretError."""
    if not draws(config):
        return b""
    if config.journal.key_file is not None:
        return _for_rollout(read_secret(config.journal.key_file))
    return _for_rollout(memory.secret.make(secret_file(config)))


def draws(config: Config) -> bool:
    """True if a roll-out reaches only a share of the mail."""
    shares = (config.policy.rollout, *(each.rollout for each in config.recipients.values()))
    return any(share is not None and share < 100 for share in shares)


def rollout_key(config: Config) -> bytes:
    """The same secret for a command, which creates no file. If the secret cannot be read it is empty, with a line in
    the log: a roll-out then reaches other messages than in the daemon."""
    if not draws(config):
        return b""
    try:
        return _for_rollout(read_secret(config.journal.key_file or secret_file(config)))
    except SecretError as error:
        keeping.MEMORY_FAILED.failed(LOG, error, "policy.rollout is applied without the daemon's secret")
        return b""


def _for_rollout(secret: bytes) -> bytes:
    """The key of the roll-out. It is derived, since the pseudonyms of the journal use the same secret."""
    return hmac.digest(secret, b"sekisho rollout", "sha256")
