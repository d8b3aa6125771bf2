"""A daemon with a small judgement, which does what the message's `X-Do` field says. Run by the wire tests.

What it saw goes to `seen` in its directory, one JSON object per line; each line is one write.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import logging
import os
import re
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.clock import SystemClock
from sekisho.daemon import Scoreboard, Setup, SetupError, Supervisor
from sekisho.judging.handlers import OnFailure
from sekisho.log import Logfmt
from sekisho.message import Envelope, Limits, Recipient
from sekisho.ports import UnfinishedError
from sekisho.stages import Failure
from sekisho.verdict import Action, AddHeader, ChangeHeader, DeleteRecipient, Reply
from sekisho.wire.options import WireOptions
from sekisho.wire.server import MilterDoor

_DO = re.compile(rb"^X-Do: ?(.*?)\r$", re.MULTILINE)


class Judge:
    """Satisfies `Handlers`."""

    def __init__(self, directory: Path, settings: dict[str, object]) -> None:
        self.directory = directory
        self.limits = Limits.model_validate(settings.get("limits", {}))
        self.shadow = bool(settings.get("shadow"))

    def forged(self) -> ForgedFields:
        return ForgedFields(OwnFields("mx.example.jp"))

    def note(self, **facts: object) -> None:
        line = json.dumps(facts, default=lambda value: value.decode("latin-1")) + "\n"
        handle = os.open(self.directory / "seen", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(handle, line.encode())
        os.close(handle)

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        found = _DO.search(raw)
        what, _, argument = (found[1].decode() if found else "quiet").partition(" ")
        if what != "quiet":
            self.note(
                what=what,
                raw=raw,
                envelope=asdict(envelope),
                pid=os.getpid(),
                thread=threading.current_thread().name,
            )
        action: Action = getattr(self, "do_" + what)(argument, envelope)
        return action

    def do_quiet(self, _: str, __: Envelope) -> Action:
        return Action(Reply.ACCEPT)

    do_accept = do_quiet

    def do_discard(self, _: str, __: Envelope) -> Action:
        return Action(Reply.DISCARD)

    def do_hold(self, reason: str, __: Envelope) -> Action:
        return Action(Reply.HOLD, smtp=("", "", reason))

    def do_reject(self, text: str, __: Envelope) -> Action:
        return Action(Reply.REJECT, smtp=("550", "5.7.1", text.replace("_", "\r\n")))

    def do_disagree(self, _: str, __: Envelope) -> Action:
        return Action(Reply.REJECT, smtp=("450", "5.7.1", "codes that disagree"))

    def do_tempfail(self, text: str, __: Envelope) -> Action:
        return Action(Reply.TEMPFAIL, smtp=("451", "4.7.1", text))

    def do_edit(self, _: str, envelope: Envelope) -> Action:
        edits = (
            ChangeHeader("X-Old", 3),
            ChangeHeader("X-Old", 1, "kept"),
            AddHeader("X-New", "one\n two"),
            AddHeader("X-Japanese", "日本語"),
            DeleteRecipient(envelope.recipients[0]),
        )
        return Action(Reply.ACCEPT, edits=edits)

    def do_badedit(self, _: str, __: Envelope) -> Action:
        return Action(Reply.ACCEPT, edits=(AddHeader("X Bad", "value"),))

    def do_refuse_with_edits(self, _: str, __: Envelope) -> Action:
        return Action(Reply.REJECT, edits=(AddHeader("X-New", "value"),))

    def do_crash(self, _: str, __: Envelope) -> Action:
        raise RuntimeError("as asked")

    def do_hurry(self, name: str, __: Envelope) -> Action:
        """Time runs out, unless the test says that there is some."""
        if not (self.directory / name).exists():
            raise UnfinishedError("as asked")
        return Action(Reply.ACCEPT)

    def do_exit(self, _: str, __: Envelope) -> Action:
        raise SystemExit(3)

    def do_wait(self, name: str, __: Envelope) -> Action:
        """Until the test lets it go on."""
        while not (self.directory / name).exists():
            time.sleep(0.01)
        return Action(Reply.ACCEPT)

    def do_nap(self, _: str, __: Envelope) -> Action:
        time.sleep(0.8)
        return Action(Reply.ACCEPT)

    def do_lose_thread(self, _: str, __: Envelope) -> Action:
        """As a thread that lives as long as the process, and finds no memory to wait."""
        threading.Thread(target=bytes, args=(1 << 62,), daemon=True).start()
        return Action(Reply.ACCEPT)

    def do_die(self, how: str, __: Envelope) -> Action:
        """End this process as hostile mail may: at once, whatever else it has at work."""
        if how == "exit":
            os._exit(1)
        if how == "exit0":
            os._exit(0)
        if how == "segv":
            faulthandler.disable()
            ctypes.string_at(0)
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError(how)

    def do_eat(self, _: str, __: Envelope) -> Action:
        """All memory that this process may have; what else asks for some at the same time gets none either."""
        eaten = []
        try:
            while True:
                eaten.append(bytes(8 << 20))
        except MemoryError:
            time.sleep(1.0)
            (self.directory / "fed").touch()
            raise

    def do_need(self, _: str, __: Envelope) -> Action:
        """Much memory for a moment, again and again until the eater is done."""
        while not (self.directory / "fed").exists():
            bytes(40 << 20)  # always of its own from the kernel, and given back
            time.sleep(0.005)
        return Action(Reply.ACCEPT)

    def do_spin(self, _: str, __: Envelope) -> Action:
        while True:
            pass

    def do_hog(self, _: str, __: Envelope) -> Action:
        hog()
        return Action(Reply.ACCEPT)

    def warm_envelope(self, envelope: Envelope) -> None:
        if "hog" in (envelope.sender or ""):
            hog()
        if "warm" in (envelope.sender or ""):
            self.note(what="warm_envelope", sender=envelope.sender, thread=threading.current_thread().name)

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        """By the recipient's address; nobody's where all are in shadow."""
        word = "hold" if recipient is None else recipient.address.partition("@")[0]
        if self.shadow or word.startswith("shadow"):
            return OnFailure.ACCEPT
        return OnFailure.TAG if word.startswith("tag") else OnFailure.HOLD

    def paused(self) -> bool:
        return (self.directory / "paused").exists()

    def fallback(self, stage: Failure, again: bool, on_failure: OnFailure) -> Action:
        if on_failure is OnFailure.ACCEPT:
            return Action(Reply.ACCEPT)
        if again:
            reply = Reply.HOLD if on_failure is OnFailure.HOLD else Reply.ACCEPT
            edits = (AddHeader("X-Sekisho-Verdict", "none"),)
            return Action(reply, edits=edits, smtp=("", "", f"{stage} again"))
        return Action(Reply.TEMPFAIL, smtp=("451", "4.3.0", f"fallback {stage}"))

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        raise NotImplementedError("a milter has the hold queue")

    def on_error(self, stage: Failure) -> None:
        self.note(what="error", stage=stage)

    def close(self) -> None:
        self.note(what="closed", pid=os.getpid())


def hog() -> None:
    """Compute for longer than anybody waits, in a call that never gives the interpreter to another thread."""
    re.match(rb"(a+)+$", b"a" * 100 + b"b")


class Watch:
    """Satisfies `Maintenance`: writes the scoreboard down whenever it changes."""

    def __init__(self, directory: Path, scoreboard: Scoreboard) -> None:
        self.directory = directory
        self.scoreboard = scoreboard

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(0.02):
            temporary = self.directory / "scoreboard.new"
            temporary.write_text(json.dumps({**asdict(self.scoreboard.view()), "pid": os.getpid()}))
            temporary.rename(self.directory / "scoreboard")
        (self.directory / "kept").touch()


def setup(directory: Path) -> Setup:
    """The configuration is `settings.json`: options of the wire, and what the judge is to be like."""
    settings = json.loads((directory / "settings.json").read_text())
    if "broken" in settings:
        raise SetupError(tuple(settings["broken"]), temporary=bool(settings.get("temporary")))

    def build() -> Judge:
        if settings.get("unbuildable"):
            raise RuntimeError("cannot be built, as asked")
        with suppress(FileNotFoundError):
            (directory / "hang").unlink()
            time.sleep(3600)
        return Judge(directory, settings)

    wire = WireOptions.model_validate(settings["wire"])
    return Setup(wire, MilterDoor(wire), build, lambda scoreboard: Watch(directory, scoreboard))


if __name__ == "__main__":
    handler = logging.StreamHandler()
    handler.setFormatter(Logfmt())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    where = Path(sys.argv[1])
    sys.exit(Supervisor(lambda: setup(where), SystemClock()).run())
