"""Builds what a person needs for held mail. It imports no check, so that `quarantine list` starts at once."""

from __future__ import annotations

import socket
from datetime import timedelta

from sekisho.auth.forged_fields import OwnFields
from sekisho.clock import SystemClock, uptime
from sekisho.config import Config
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.release import Releaser
from sekisho.review import Review
from sekisho.store.quarantine import Quarantine


def own_host(config: Config) -> str:
    """The name of this host, or of the hosts that share the configured authserv-id."""
    return config.authserv_id or socket.getfqdn()


def own_name(config: Config) -> str:
    """The authserv-id: as configured, else a name that other filters on this host do not use."""
    return config.authserv_id or f"sekisho.{socket.getfqdn()}"


def own_fields(config: Config) -> OwnFields:
    """Which fields of a message only we may write."""
    return OwnFields(own_name(config), config.policy.extra_headers, config.trust.earlier_filters)


def review(config: Config, quarantine: Quarantine) -> Review:
    """The service for held mail, on an opened store."""
    privacy = _audit_privacy(config)
    return Review(
        quarantine,
        Releaser(quarantine, config.release, own_fields(config), own_host(config), privacy),
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
