"""The doors through which the MTA hands its messages over. A daemon has one of them."""

from __future__ import annotations

from dataclasses import dataclass

from sekisho import compose
from sekisho.config import Config
from sekisho.daemon import Door
from sekisho.judging.options import WorkerOptions
from sekisho.judging.probe import OwnSocket, place
from sekisho.processes import ReadyReason
from sekisho.verdict import MtaAbilities


@dataclass(frozen=True, slots=True)
class Doors:
    """The door of this daemon: the milter, or with `smtp` the SMTP door. Only the one that is used is imported."""

    smtp: bool = False

    def door(self, settings: Config, workers: WorkerOptions) -> Door:
        """The door itself."""
        if self.smtp:
            from sekisho.smtp.server import SmtpDoor  # noqa: PLC0415

            return SmtpDoor(settings.smtp, workers, compose.own_host(settings), settings.wire.backlog)
        from sekisho.wire.server import MilterDoor  # noqa: PLC0415

        return MilterDoor(settings.wire)

    def own_socket(self, settings: Config) -> OwnSocket:
        """Its socket, as the maintenance process tests it."""
        if self.smtp:
            from sekisho.smtp.probe import greets  # noqa: PLC0415
            from sekisho.smtp.server import ListenAt  # noqa: PLC0415

            return OwnSocket(place(ListenAt.of(settings.smtp)), greets, ReadyReason.SMTP)
        from sekisho.wire.probe import negotiates  # noqa: PLC0415

        return OwnSocket(place(settings.wire), negotiates, ReadyReason.MILTER)

    @property
    def option(self) -> str:
        """The option that says where it is."""
        return "smtp.listen" if self.smtp else "wire.socket"

    def socket(self, settings: Config) -> str:
        """Where it is, for the log."""
        return settings.smtp.listen if self.smtp else settings.wire.socket

    def abilities(self, settings: Config) -> MtaAbilities:
        """What the MTA behind it can do."""
        if not self.smtp:
            return MtaAbilities()
        return MtaAbilities(holds=False, refuses=settings.smtp.position == "before-queue")
