"""What is decided reaches the MTA, and nothing else does."""

from __future__ import annotations

import pytest
from lab.milter_client import Reply
from tests.wire.conftest import Daemon, do


def test_accept_makes_no_edit(daemon: Daemon) -> None:
    """An accepted message is answered with accept alone."""
    with daemon.start().connect() as client:
        reply = client.message(do("accept"))
    assert (reply.final, reply.order) == (b"a", b"a")


def test_discard(daemon: Daemon) -> None:
    """DISCARD reaches the MTA as discard."""
    with daemon.start().connect() as client:
        assert client.message(do("discard")).final == b"d"


def test_hold_is_quarantine_and_accept(daemon: Daemon) -> None:
    """A held message goes to Postfix's hold queue with its reason, and is accepted."""
    with daemon.start().connect() as client:
        reply = client.message(do("hold looks forged"))
    assert (reply.quarantined, reply.final) == (b"looks forged", b"a")


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("reject no 100% sure", b"550 5.7.1 no 100%% sure"),
        ("reject two_lines", b"550 5.7.1 two  lines"),
        ("reject 日本", b"550 5.7.1 ?"),
        ("reject " + "x" * 3000, b"550 5.7.1 " + b"x" * 480),
        ("disagree", b"550 5.7.1 codes that disagree"),
        ("tempfail later", b"451 4.7.1 later"),
    ],
)
def test_refusals(daemon: Daemon, what: str, answer: bytes) -> None:
    """A refusal carries its codes and one clean line; libmilter wants every `%` doubled."""
    with daemon.start().connect() as client:
        reply = client.message(do(what))
    assert (reply.final, reply.text) == (b"y", answer)


def test_edits_in_order(daemon: Daemon) -> None:
    """Edits are carried out as listed, with the space that leading-space mode asks of us, encoded, folded."""
    recipients = (b"<B@example.jp>", b"<c@example.jp>")
    with daemon.start().connect() as client:
        reply = client.message(do("edit"), recipients=recipients)
    assert reply.order == b"mmii-a"
    assert reply.changed == [(3, b"X-Old", b""), (1, b"X-Old", b" kept")]
    assert reply.added == [(0, b"X-New", b" one\n two"), (0, b"X-Japanese", b" =?utf-8?b?5pel5pys6Kqe?=")]
    assert reply.deleted == [b"B@example.jp"]


def test_edits_without_leading_space(daemon: Daemon) -> None:
    """An MTA that adds the space itself gets none from us."""
    with daemon.start().connect(protocol=0x0FFFFF) as client:
        reply = client.message(do("edit"))
    assert reply.added[0] == (0, b"X-New", b"one\n two")


def test_an_impossible_edit_is_no_accept(daemon: Daemon) -> None:
    """A message whose edits cannot be made is not accepted as if they had been; it is counted."""
    with daemon.start().connect() as client:
        reply = client.message(do("badedit"))
    assert (reply.final, reply.text) == (b"y", b"451 4.3.0 fallback edit")
    assert reply.added == []


def test_an_edit_that_the_mta_does_not_allow(daemon: Daemon) -> None:
    """An MTA that offers no recipient deletion gets a refusal, not a delivery to whom we took off."""
    with daemon.start().connect(actions=0x1) as client:
        assert client.message(do("edit")).text == b"451 4.3.0 fallback edit"


def test_a_refused_message_is_not_edited(daemon: Daemon) -> None:
    """Edits of a refused message are not sent."""
    with daemon.start().connect() as client:
        assert client.message(do("refuse_with_edits")).order == b"y"


def test_progress_while_waiting(daemon: Daemon) -> None:
    """The MTA sees signs of life while a message is judged, and its answer afterwards."""

    def let_go_after_three(so_far: Reply) -> None:
        if so_far.progress == 3:
            daemon.let_go("gate")

    with daemon.start().connect() as client:
        client.mail()
        client.rcpt()
        for name, value in do("wait gate"):
            client.header(name, value)
        client.end_of_headers()
        reply = client.end(let_go_after_three)
    assert reply.progress >= 3
    assert reply.final == b"a"
