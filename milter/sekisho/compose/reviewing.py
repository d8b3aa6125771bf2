"""Builds what a person needs for held mail. It imports no check, so that `quarantine list` starts at once."""

from __future__ import annotations

import socket
from datetime import timedelta

from sekisho.clock import SystemClock, uptime
from sekisho.config import Config
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.release import Releaser
from sekisho.review import Review
from sekisho.store.quarantine import Quarantine


def own_name(config: Config) -> str:
    """The authserv-id: as configured, else this host's name."""
    return config.authserv_id or socket.getfqdn()


def review(config: Config, quarantine: Quarantine) -> Review:
    """The service for held mail, on an opened store."""
    privacy = _audit_privacy(config)
    return Review(
        quarantine,
        Releaser(quarantine, config.release, own_name(config), privacy),
        timedelta(minutes=config.release.uncertain_after_minutes),
        lambda: quarantine.retention(config.retention, uptime()).paused,
    )


def _audit_privacy(config: Config) -> Privacy:
    """What the audit may keep of addresses. A key file that cannot be read stops no release: the pseudonyms are then
    made with a random key, and nobody can resolve them."""
    clock = SystemClock()
    try:
        return Privacy(config.journal, clock)
    except SecretError:
        return Privacy(config.journal.model_copy(update={"key_file": None}), clock)
