"""A sender behind a relay of ours chooses its HELO: it must not choose its address with it."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sekisho.message import Client, Envelope, Limits, read
from sekisho.message.trace import FORMATS
from sekisho.trust import Trust, TrustOptions

RELAY = Client("198.51.100.9", "relay.example.jp", "ok", "relay.example.jp")
REAL, CHOSEN = "203.0.113.9", "192.0.2.25"
# What each server writes of a client at `REAL` without a confirmed name, which greeted with `{helo}`.
LINES = {
    "postfix": f"from {{helo}} (unknown [{REAL}])\r\n\t(using TLSv1.3)\r\n\tby relay.example.jp (Postfix)",
    "sendmail": f"from {{helo}} (n.example [{REAL}] (may be forged))\r\n\tby relay.example.jp (8.17.1/8.17.1)",
    "exim": f"from [{REAL}] (helo={{helo}})\r\n\tby relay.example.jp with esmtp (Exim 4.96)",
    "exchange": f"from {{helo}} ({REAL}) by\r\n relay.example.jp (198.51.100.9) with Microsoft SMTP Server",
    "qmail": f"from unknown (HELO {{helo}}) ({REAL})\r\n  by relay.example.jp with SMTP",
}
HELO = st.text(
    st.sampled_from("[]():=@<>;,.-HELOhelobyx0123456789"), min_size=1, max_size=30
) | st.sampled_from(
    [
        f"[{CHOSEN}]",
        CHOSEN,
        f"helo=[{CHOSEN}]",
        f"([{CHOSEN}])",
        f"x(y[{CHOSEN}])",
        f"[{CHOSEN}])by",
        f"[{CHOSEN}",
    ]
)


def address(line: str, *formats: str, names: tuple[str, ...] = ()) -> str | None:
    """Whom we take for the client, where the relay put the line on top of a forged one."""
    options = {"relays": ["198.51.100.0/28"], "relay_names": names}
    trust = Trust.of(
        TrustOptions.model_validate({**options, **({"relay_formats": formats} if formats else {})})
    )
    forged = f"Received: from mx.bank.example (mx.bank.example [{CHOSEN}]) by relay.example.jp (Postfix)\r\n"
    raw = f"Received: {line}\r\n{forged}From: a@bank.example\r\n\r\nx\r\n"
    return trust.seen_through(read(raw.encode(), Envelope(client=RELAY), Limits())).envelope.client.address


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_read(name: str) -> None:
    """An ordinary line of the relay tells the client."""
    assert address(LINES[name].format(helo="mx.sender.example"), name) == REAL


@given(st.sampled_from(sorted(LINES)), st.sets(st.sampled_from(sorted(FORMATS)), min_size=1), HELO)
@example("qmail", {"postfix", "sendmail"}, f"[{CHOSEN}]")
@settings(max_examples=400, deadline=None)
def test_what_the_sender_says_is_never_its_address(writes: str, formats: set[str], helo: str) -> None:
    """Whatever the HELO, and whichever format the relay writes: its client is the one that it saw, or not known."""
    assert address(LINES[writes].format(helo=helo), *formats) in (REAL, None)


@pytest.mark.parametrize("writes", ["exim", "exchange", "qmail"])
def test_only_the_formats_that_the_option_names_are_read(writes: str) -> None:
    """Of a server that writes another format nothing is known."""
    assert address(LINES[writes].format(helo=f"[{CHOSEN}]")) is None


@pytest.mark.parametrize("by", ["", "mx.elsewhere.example", "relay.example.jp.elsewhere.example"])
def test_a_line_of_another_host_is_not_the_relays(by: str) -> None:
    """Behind a relay that wrote no line, the first one is the sender's: another host in it gives it away."""
    line = f"from mx.bank.example (mx.bank.example [{CHOSEN}]) by {by} (Postfix)"
    assert address(line) is None


def test_a_relay_may_have_another_name_for_itself() -> None:
    """As the option says: hosts in a container or a cluster often write a name that nobody else sees."""
    line = LINES["postfix"].format(helo="x").replace("relay.example.jp", "mail-7f9c")
    assert address(line) is None
    assert address(line, names=("mail-7f9c",)) == REAL
