"""What the MTA tells arrives whole, whatever it is, and nothing of one message is seen in the next."""

from __future__ import annotations

from typing import Any

from lab.milter_client import CLIENT, Client
from tests.wire.conftest import Daemon, do, until

HOSTILE = b"\xff\xfe\x80"


def only(daemon: Daemon, what: str = "accept") -> dict[str, Any]:
    (entry,) = daemon.seen(what)
    return entry


def test_the_bytes_are_those_that_are_delivered(daemon: Daemon) -> None:
    """Raw 8-bit values, folding, a value without leading space, a binary body: byte for byte."""
    fields = (
        *do("accept"),
        (b"Subject", " 日本\n\t語".encode("shift_jis")),
        (b"X-Tight", b"value"),
        (b"X-Two", b"  two spaces \n  folded"),
        (b"X-Empty", b""),
    )
    body = bytes(range(256)) * 300
    with daemon.start().connect() as client:
        client.message(fields, body)
    raw = (
        b"From: a@example.org\r\nX-Do: accept\r\nSubject: "
        + "日本\r\n\t語".encode("shift_jis")
        + b"\r\nX-Tight:value\r\nX-Two:  two spaces \r\n  folded\r\nX-Empty:\r\n\r\n"
        + body
    )
    assert only(daemon)["raw"].encode("latin-1") == raw


def test_without_leading_space_mode_the_usual_space_is_put(daemon: Daemon) -> None:
    """An MTA that strips the space gets a message that reads the same."""
    with daemon.start().connect(protocol=0x0FFFFF) as client:
        client.message(do("accept"))
    assert only(daemon)["raw"].startswith("From: a@example.org\r\nX-Do: accept\r\n\r\n")


def test_the_envelope(daemon: Daemon) -> None:
    """Client, sender, recipients and parameters as Postfix acts on them, and as they were typed."""
    with daemon.start().connect() as client:
        client.macros |= {b"{auth_authen}": b"taro", b"{tls_version}": b"TLSv1.3", b"{cipher}": b"AES"}
        client.mail(b'<"a"@example.org>', b"SIZE=10", acted_on=b"a@example.org")
        client.macros[b"{rcpt_addr}"] = b"real@example.jp"
        client.rcpt(b"<B@Example.JP>", b"NOTIFY=NEVER")
        for name, value in do("accept"):
            client.header(name, value)
        client.end_of_headers()
        client.end()
    envelope = only(daemon)["envelope"]
    assert envelope == {
        "sender": "a@example.org",
        "raw_sender": '"a"@example.org',
        "parameters": ["SIZE=10"],
        "recipients": [
            {
                "address": "real@example.jp",
                "raw": "<B@Example.JP>",
                "parameters": ["NOTIFY=NEVER"],
                "groups": [],
                "targets": [],
            }
        ],
        "client": {
            "address": "192.0.2.10",
            "name": "mail.example.org",
            "resolve": "ok",
            "helo": "mail.example.org",
            "port": 40000,
            "tls": "TLSv1.3 AES",
            "user": "taro",
            "relayed": False,
        },
        "queue_id": "4XYZqueue",
        "arrived": None,
        "dropped": 0,
        "forged": {"fields": [], "too_many": False},
        "body_digests": None,
        "whole": None,
    }


def test_without_macros_the_connection_tells(daemon: Daemon) -> None:
    """An MTA that sends no macro at all: what it said in its commands counts, the rest is not known."""
    with Client(daemon.start().address, macros={}) as client:
        client.wanted = {stage: () for stage in range(7)}
        client.connect(b"[192.0.2.10]", b"192.0.2.10", 4000)
        client.message(do("accept"))
    envelope = only(daemon)["envelope"]
    assert (envelope["sender"], envelope["queue_id"]) == ("a@example.org", None)
    client_facts = {"address": "192.0.2.10", "port": 4000, "relayed": False}
    assert {k: v for k, v in envelope["client"].items() if v is not None} == client_facts


def test_a_name_that_is_not_confirmed_is_no_name(daemon: Daemon) -> None:
    """`{client_resolve}` other than OK means that no name is known, and says why."""
    daemon.start()
    for resolve in (b"FORGED", b"TEMP", b"FAIL"):
        with daemon.connect(macros=CLIENT | {b"{client_resolve}": resolve}) as client:
            client.message(do("accept"))
    facts = [entry["envelope"]["client"] for entry in daemon.seen("accept")]
    assert [(each["resolve"], each["name"]) for each in facts] == [
        ("forged", None),
        ("temp", None),
        ("fail", None),
    ]


def test_null_sender(daemon: Daemon) -> None:
    """A bounce has the empty sender, which is not an unknown one."""
    with daemon.start().connect() as client:
        client.message(do("accept"), sender=b"<>")
    assert only(daemon)["envelope"]["sender"] == ""


def test_hostile_bytes_everywhere(daemon: Daemon) -> None:
    """Bytes that are no UTF-8 in HELO, macros, sender, recipient, host and values: judged as they are."""
    with Client(daemon.start().address) as client:
        client.macros |= {b"{auth_authen}": HOSTILE}
        client.connect(HOSTILE)
        client.helo(b"helo" + HOSTILE)
        client.mail(b"<s" + HOSTILE + b">")
        client.rcpt(b"<r" + HOSTILE + b">")
        for name, value in (*do("accept"), (b"Subject", b" " + HOSTILE)):
            client.header(name, value)
        client.end_of_headers()
        assert client.end().final == b"a"
    entry = only(daemon)
    envelope = entry["envelope"]
    escaped = HOSTILE.decode("utf-8", "surrogateescape")
    assert envelope["client"]["helo"] == "helo" + escaped
    assert envelope["client"]["user"] == escaped
    assert envelope["sender"] == "s" + escaped
    assert envelope["recipients"][0]["raw"] == "<r" + escaped + ">"
    assert entry["raw"].encode("latin-1").endswith(b"Subject: " + HOSTILE + b"\r\n\r\n")


def test_a_header_name_that_is_no_text_is_seen(daemon: Daemon) -> None:
    """pymilter cannot hand us such a field; its name stands in the message all the same."""
    with daemon.start().connect() as client:
        reply = client.message((*do("accept"), (b"X" + HOSTILE, b" lost"), (b"Subject", b" kept")))
    assert reply.final == b"a"
    raw = only(daemon)["raw"].encode("latin-1")
    assert raw.endswith(b"X" + HOSTILE + b":\r\nSubject: kept\r\n\r\nHello\r\n")
    assert daemon.seen("error") == []


def test_every_connection_has_its_own_hostile_helo(daemon: Daemon) -> None:
    """What pymilter could not decode goes to the connection that sent it, with many open at once."""
    daemon.start()
    clients = [Client(daemon.address) for _ in range(12)]
    for client in clients:
        client.connect()
    for number, client in enumerate(clients):
        client.helo(HOSTILE + b"%d" % number)
    for number, client in enumerate(clients):
        client.message((*do("accept"), (b"X-Number", b" %d" % number)))
        client.close()
    escaped = HOSTILE.decode("utf-8", "surrogateescape")
    told = {entry["raw"].split("X-Number: ")[1].split("\r")[0]: entry for entry in daemon.seen("accept")}
    assert {number: entry["envelope"]["client"]["helo"] for number, entry in told.items()} == {
        str(number): escaped + str(number) for number in range(12)
    }


def test_no_headers_no_body(daemon: Daemon) -> None:
    """A transaction with nothing in it is judged, too."""
    with daemon.start().connect() as client:
        client.mail()
        client.rcpt()
        client.end_of_headers()
        assert client.end().final == b"a"


def test_several_messages_share_nothing(daemon: Daemon) -> None:
    """The second message of a connection knows nothing of the first, nor of one that was broken off."""
    with daemon.start().connect() as client:
        client.message(do("accept"), b"first", b"<one@example.org>", (b"<x@example.jp>", b"<y@example.jp>"))
        client.mail(b"<aborted@example.org>")
        client.rcpt(b"<z@example.jp>")
        client.header(b"X-Aborted", b" yes")
        client.abort()
        client.message(do("accept"), b"second", b"<two@example.org>")
    first, second = daemon.seen("accept")
    assert [each["address"] for each in first["envelope"]["recipients"]] == ["x@example.jp", "y@example.jp"]
    assert [each["address"] for each in second["envelope"]["recipients"]] == ["b@example.jp"]
    assert second["envelope"]["sender"] == "two@example.org"
    assert second["raw"] == "From: a@example.org\r\nX-Do: accept\r\n\r\nsecond"


def test_beyond_the_limit_one_byte_tells(daemon: Daemon) -> None:
    """Of a message over the limit, the limit and one byte are handed on; the MTA still gets its answer."""
    daemon.write(limits={"scan_bytes": 10_000})
    with daemon.start().connect() as client:
        assert client.message(do("accept"), b"x" * 300_000).final == b"a"
        many = tuple((b"X-Filler", b" " + b"y" * 90) for _ in range(200))
        assert client.message((*do("accept"), *many)).final == b"a"
    assert [len(entry["raw"]) for entry in daemon.seen("accept")] == [10_001, 10_001]


def test_a_header_beyond_the_limit_is_counted(daemon: Daemon) -> None:
    """One field more than the limit is handed on, the body behind it, and how much of the header was dropped; what
    pretends to be ours is counted to the end."""
    many = (*((b"X-Filler", b" y") for _ in range(2000)), (b"X-Sekisho-Verdict", b" accept"))
    with daemon.start().connect() as client:
        assert client.message((*do("accept"), *many), b"body").final == b"a"
    entry = only(daemon)
    assert entry["raw"].count("\r\n") == 1001 + 1
    assert entry["raw"].endswith("X-Filler: y\r\n\r\nbody")
    assert entry["envelope"]["dropped"] == 1001 * len("X-Filler: y\r\n") + len(
        "X-Sekisho-Verdict: accept\r\n"
    )
    assert entry["envelope"]["forged"] == {"fields": [["X-Sekisho-Verdict", 1]], "too_many": False}


def test_judged_on_our_threads(daemon: Daemon) -> None:
    """No judgement runs on a thread of libmilter's, and warming begins with the envelope."""
    with daemon.start().connect() as client:
        client.message(do("accept"), sender=b"<warm@example.org>")
    (warm,) = until(lambda: daemon.seen("warm_envelope"), "warming by envelope")
    assert warm["thread"].startswith("judge")
    assert only(daemon)["thread"].startswith("judge")


def test_what_is_negotiated(daemon: Daemon) -> None:
    """No answers before the end, no DATA or end of headers, leading space kept, macros asked for by name."""
    with daemon.start().connect() as client:
        no_reply = 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x80 | 0x80000
        assert client.protocol == no_reply | 0x40 | 0x200 | 0x100 | 0x100000
        assert client.actions == 0x1 | 0x8 | 0x10 | 0x20 | 0x100
        assert {b"{mail_addr}", b"{client_resolve}", b"i"} <= set(client.wanted[2])


def test_an_mta_of_old(daemon: Daemon) -> None:
    """Without no-reply, leading space and macro lists every step is answered and the message judged."""
    with daemon.start().connect(actions=0x3F, protocol=0x7F) as client:
        assert client.protocol == 0x40  # no end of headers, which any version can leave out
        assert client.message(do("accept")).final == b"a"


def test_a_vanished_mta_leaves_nothing_open(daemon: Daemon) -> None:
    """Connections that end without a word, at any step, are no longer counted as sessions."""
    daemon.start()
    for steps in range(4):
        client = Client(daemon.address)
        for step in (client.connect, client.helo, client.mail, client.rcpt)[:steps]:
            step()
        client.vanish()
    with daemon.connect() as client:
        client.message()
        until(lambda: daemon.scoreboard()["sessions"] == 1, "only the open session is counted")
    until(lambda: daemon.scoreboard()["sessions"] == 0, "no session is counted")
