"""A sender that behaves as real ones do: it retries after 4xx and after a lost connection.

It retries with all recipients that are still open, or with a part of them (as a queue with several destinations does).
It sometimes cuts the connection itself, at any step. If it got no reply to a message, it sends the message again.
"""

from __future__ import annotations

import heapq
import itertools
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lab.faults.mails import Mail
from lab.ledger import Entry, Ledger
from lab.sender import dot_stuffed

TIMEOUT = 120.0
"""Seconds that the sender waits for a reply. Postfix itself waits 30 s for the filter at a command."""
_FIRST_WAIT, _LONGEST_WAIT = 0.3, 3.0  # seconds before a retry
_NO_WORD = "queue file write error"
"""In a reply of Postfix's smtpd if cleanup did not answer; cleanup may still have kept the message (RFC 1047)."""


class LostError(Exception):
    """The connection was lost. `unanswered`: after the last byte of a message and before its reply."""

    def __init__(self, unanswered: bool = False) -> None:
        super().__init__("the connection was lost")
        self.unanswered = unanswered


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to a message, or the code that ended it before, and the recipients for which it holds."""

    code: int
    recipients: tuple[str, ...]
    text: str = ""


class Connection:
    """One SMTP session. `cut` is the number of sending steps after which the sender closes it; None for never."""

    def __init__(self, port: int, timeout: float = TIMEOUT, cut: int | None = None) -> None:
        self._left = cut
        try:
            self._socket = socket.create_connection(("127.0.0.1", port), timeout)
            self._stream = self._socket.makefile("rb")
            self._read()
            self._say(b"EHLO sender.lab.invalid\r\n")
        except OSError as error:
            raise LostError from error

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def send(self, mail: Mail, recipients: Iterable[str]) -> list[Answer]:
        """Send the message to the recipients. Raises LostError."""
        wanted = tuple(recipients)
        if mail.client:
            self._say(f"XCLIENT ADDR={mail.client} NAME=[UNAVAILABLE]\r\n".encode())
            self._say(b"EHLO sender.lab.invalid\r\n")
        code, text = self._say(f"MAIL FROM:<{mail.sender}>\r\n".encode())
        if code != 250:
            return [Answer(code, wanted, text)]
        replies = [(each, *self._say(f"RCPT TO:<{each}>\r\n".encode())) for each in wanted]
        answers = [Answer(code, (each,), text) for each, code, text in replies if code >= 400]
        taken = tuple(each for each, code, _ in replies if code < 400)
        if not taken:
            self._say(b"RSET\r\n")
            return answers
        code, text = self._say(b"DATA\r\n")
        if code != 354:
            self._say(b"RSET\r\n")
            return [*answers, Answer(code, taken, text)]
        data = dot_stuffed(mail.raw)
        self._write(data[: len(data) // 2])
        code, text = self._say(data[len(data) // 2 :], last=True)
        return [*answers, Answer(code, taken, text)]

    def _say(self, data: bytes, last: bool = False) -> tuple[int, str]:
        self._write(data)
        if last and self._left is not None and self._left <= 0:
            self.close()  # every byte is sent; the sender does not wait for the reply
            raise LostError(unanswered=True)
        try:
            return self._read()
        except (OSError, ValueError) as error:
            raise LostError(unanswered=last) from error

    def _write(self, data: bytes) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self.close()
                raise LostError
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise LostError from error

    def _read(self) -> tuple[int, str]:
        while True:
            line = self._stream.readline()
            if len(line) < 4:
                raise ConnectionError("the server closed the session")
            if line[3:4] != b"-":
                return int(line[:3]), line[4:].decode("utf-8", "replace").strip()


@dataclass(order=True, slots=True)
class _Task:
    due: float
    number: int
    mail: Mail = field(compare=False)
    recipients: tuple[str, ...] = field(compare=False)
    tries: int = field(compare=False, default=0)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a sender sends.

    `sessions` run at once, with `per_session` messages in each. `patience`: seconds after the first attempt until the
    sender gives a copy up (and would send a bounce). `cuts`: the share of sessions that the sender cuts in the middle.
    `ends`: how often it ends a session after 4xx.
    """

    sessions: int = 8
    per_session: int = 10
    patience: float = 120.0
    cuts: float = 0.0
    ends: float = 0.5
    seed: int = 0


class Sender:
    """Sends mail in several sessions at once, until every copy has a final reply."""

    def __init__(self, port: int, ledger: Ledger, habits: Habits = Habits()) -> None:
        self._port = port
        self._ledger = ledger
        self._habits = habits
        self._rng = random.Random(habits.seed)
        self._lock = threading.Condition()
        self._tasks: list[_Task] = []
        self._numbers = itertools.count()
        self._open = 0
        self._pace = 0.0
        self._next = 0.0
        self._begun: dict[Entry, float] = {}
        self._stopped = False
        self.messages = 0
        self.answered = 0
        self.replies: Counter[int] = Counter()
        self.texts: Counter[str] = Counter()
        self.given_up: Counter[Entry] = Counter()
        self.seconds: list[float] = []
        self.put_off: Counter[Entry] = Counter()  # how often a copy got 4xx, or its connection was lost
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(habits.sessions)]
        for thread in self._threads:
            thread.start()

    def offer(self, mails: Iterable[Mail], per_second: float = 0.0) -> None:
        """Add these messages. If `per_second` is given, at most so many first attempts are made per second."""
        now = time.monotonic()
        with self._lock:
            for count, mail in enumerate(mails):
                due = now + (count / per_second if per_second else 0.0)
                self._ledger.send(mail.mark, mail.recipients)
                self.messages += 1
                self._open += 1
                heapq.heappush(self._tasks, _Task(due, next(self._numbers), mail, mail.recipients))
            self._lock.notify_all()

    @property
    def open(self) -> int:
        """How many attempts are waiting or in progress."""
        return self._open

    def tell(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition is true, so many seconds at most. It is tested after each event."""
        with self._lock:
            return self._lock.wait_for(condition, seconds)

    def finish(self, seconds: float = 300.0) -> bool:
        """Wait until every copy has a final reply or was given up; False if that takes more than so many seconds."""
        return self.tell(lambda: self._open == 0, seconds)

    def stop(self) -> None:
        """End the sessions, even if copies are still open."""
        with self._lock:
            self._stopped = True
            self._lock.notify_all()
        for thread in self._threads:
            thread.join(TIMEOUT + 10)

    # -- a session's thread ---------------------------------------------------------------------------------

    def _work(self) -> None:
        session: list[Connection] = []  # one, or none
        used = 0
        while (task := self._take(session)) is not None:
            try:
                if not session:
                    session.append(Connection(self._port, cut=self._cut()))
                    used = 0
                begun = time.monotonic()
                answers = session[0].send(task.mail, task.recipients)
                used += 1
                self._settle(task, answers, time.monotonic() - begun)
                if used >= self._habits.per_session or self._ends(answers):
                    _end(session)
            except LostError as error:
                _end(session)
                self._broken(task, error)
        _end(session)

    def _ends(self, answers: list[Answer]) -> bool:
        """True if the sender ends the session after these replies: if it was told to, and sometimes after a 4xx. If the
        milter was lost in a session, Postfix gives 4xx to all further mail of this session."""
        with self._lock:
            chance = self._rng.random()
        codes = {each.code for each in answers}
        return 421 in codes or (chance < self._habits.ends and any(400 <= code < 500 for code in codes))

    def _cut(self) -> int | None:
        with self._lock:
            return self._rng.randrange(1, 40) if self._rng.random() < self._habits.cuts else None

    def _take(self, session: list[Connection]) -> _Task | None:
        """The next task that is due; None at the end. The session is closed if there is nothing to send."""
        with self._lock:
            while not self._stopped:
                if not self._open:
                    _end(session)
                now = time.monotonic()
                if self._tasks and self._tasks[0].due <= now:
                    return heapq.heappop(self._tasks)
                self._lock.wait(max(0.0, self._tasks[0].due - now) if self._tasks else None)
            return None

    def _settle(self, task: _Task, answers: list[Answer], seconds: float) -> None:
        again: list[str] = []
        with self._lock:
            for answer in answers:
                self.replies[answer.code] += 1
                if 400 <= answer.code < 500:
                    self.texts[f"{answer.code} {answer.text}"] += 1
                    again += answer.recipients
                    if _NO_WORD in answer.text:
                        self._ledger.unanswer(task.mail.mark, answer.recipients)
                elif answer.code >= 500:
                    self._ledger.refuse(task.mail.mark, answer.recipients)
                else:
                    self.seconds.append(seconds)
            self.answered += 1
            self._again(task, tuple(again))

    def _broken(self, task: _Task, error: LostError) -> None:
        with self._lock:
            self.replies[0] += 1
            if error.unanswered:
                self._ledger.unanswer(task.mail.mark, task.recipients)
            self._again(task, task.recipients)

    def _again(self, task: _Task, recipients: tuple[str, ...]) -> None:
        """Plan a retry for the open recipients, together or in two parts. The caller holds the lock."""
        now = time.monotonic()
        first = self._begun.setdefault((task.mail.mark, task.mail.recipients[0]), now)
        self._open -= 1
        self.put_off.update((task.mail.mark, each) for each in recipients)
        if recipients and now - first > self._habits.patience:
            self.given_up.update((task.mail.mark, each) for each in recipients)
            recipients = ()
        for part in self._parts(recipients):
            wait = min(_LONGEST_WAIT, _FIRST_WAIT * 1.5**task.tries) * self._rng.uniform(0.7, 1.3)
            heapq.heappush(
                self._tasks, _Task(now + wait, next(self._numbers), task.mail, part, task.tries + 1)
            )
            self._open += 1
        self._lock.notify_all()

    def _parts(self, recipients: tuple[str, ...]) -> list[tuple[str, ...]]:
        if len(recipients) < 2 or self._rng.random() < 0.5:
            return [recipients] if recipients else []
        mixed = list(recipients)
        self._rng.shuffle(mixed)
        at = self._rng.randrange(1, len(mixed))
        return [tuple(mixed[:at]), tuple(mixed[at:])]


def _end(session: list[Connection]) -> None:
    while session:
        session.pop().close()
