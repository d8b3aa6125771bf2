"""A message that cannot be judged gets the fallback of the strictest of its recipients, whatever the default mode is.

The documented way to roll out is shadow for everybody and enforce for a few. A fallback by the default mode let
anybody who could make the judgement fail past the few.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from lab.place import a_place, wait_until
from lab.postfix import Postfix
from lab.sekisho import Sekisho
from lab.sender import send
from lab.sink import Sink

pytestmark = pytest.mark.system

BREAKS = """
import os
if os.environ.get("SEKISHO_LAB_BREAKS"):
    import sekisho.pipeline as pipeline
    whole = pipeline.read
    def read(raw, *rest):
        if b"X-Breaks: the reader" in raw:
            raise ValueError("the reader trips over this message")
        return whole(raw, *rest)
    pipeline.read = read
"""
"""What the interpreter runs first: with it, a message that says so makes the reader raise."""
RAW = (
    b"X-Breaks: the reader\r\nAuthentication-Results: mx.lab.invalid; dmarc=pass\r\n"
    b"From: a@stranger.example\r\nSubject: number %d\r\nContent-Type: text/html\r\n\r\n"
    + b"<p>x" * 9_000
    + b"&#"
    + b"9" * 4_301
    + b";\r\n"
)
ENFORCED, TAGGED, SHADOW = "boss@enforced.example", "b@tagged.example", "a@lab.example"


@pytest.fixture(scope="module")
def parts() -> Iterator[tuple[Postfix, Sink]]:
    """Postfix and the daemon: shadow for everybody, enforce for two domains."""
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make attackers` uses sudo")
    recipients = {
        "enforced.example": {"mode": "enforce"},
        "tagged.example": {"mode": "enforce", "max_action": "tag"},
    }
    with ExitStack() as stack:
        place = stack.enter_context(a_place())
        hook = place / "hook"
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(BREAKS)
        sink = stack.enter_context(Sink(place / "sink"))
        settings = {"mode": "shadow", "recipients": recipients}
        daemon = Sekisho(place, settings=settings, hook=hook, environment={"SEKISHO_LAB_BREAKS": "1"})
        stack.enter_context(daemon)
        yield stack.enter_context(Postfix(place, sink.port, [daemon.milter()])), sink


@pytest.mark.parametrize(
    ("number", "recipients", "again", "where"),
    [
        (1, (SHADOW,), 250, "delivered"),
        (2, (SHADOW, ENFORCED), 250, "hold"),
        (3, (ENFORCED, SHADOW), 250, "hold"),
        (4, (SHADOW, TAGGED), 250, "delivered"),
        (5, (SHADOW, TAGGED, ENFORCED), 250, "hold"),
    ],
)
def test_the_strictest_recipient_decides(
    parts: tuple[Postfix, Sink], number: int, recipients: tuple[str, ...], again: int, where: str
) -> None:
    """Shadow alone: accepted as it came. With one in enforce: 451 once, then hold, or a delivery that says so where
    nothing so severe may be done."""
    postfix, sink = parts
    sink.clear()
    raw = RAW.replace(b"%d", b"%d" % number)
    if recipients == (SHADOW,):
        assert send(postfix.port, "a@stranger.example", recipients, raw).reply.code == again
        (delivery,) = sink.wait(1)
        assert delivery.raw.endswith(raw)
        return
    assert send(postfix.port, "a@stranger.example", recipients, raw).reply.code == 451
    assert send(postfix.port, "a@stranger.example", recipients, raw).reply.code == again
    if where == "hold":
        wait_until(lambda: [each["queue_name"] for each in postfix.queued()] == ["hold"], "it is on hold")
        assert len(sink) == 0
        postfix.command("postsuper", "-d", "ALL")
        return
    (delivery,) = sink.wait(1)
    assert [each.partition(";")[0] for each in delivery.fields("X-Sekisho-Verdict")] == ["tag"]
    assert b"dmarc=pass" not in delivery.raw
