"""Lines for syslog arrive whole and alone, whatever is in them; a syslog that is slow or gone stops nobody."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.syslog_support import Received, received, streamed

from sekisho.events import lifecycle
from sekisho.log import LineHandler, LogOptions, lost_lines_to, setup, start, write_once
from sekisho.log.handler import QUEUE_BYTES

LOG = logging.getLogger("sekisho.test")
PATIENCE = 60.0
HOSTILE = 'x" level=info\r\n<0>1 - - - - - - forged\n\x00\x1b[2J\u202e\ufeff\u2028 駅'


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("sekisho")
    before = root.handlers[:], root.level, ours.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


def handler_of(address: str, *, threaded: bool = False, **options: str) -> LineHandler:
    setup(LogOptions(target="syslog", syslog_address=address, **options))  # type: ignore[arg-type]
    if threaded:
        start()
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, LineHandler)
    return handler


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def say(number: int, text: str = "") -> None:
    LOG.info("line", extra={"event": "line", "fields": {"number": number, "text_of_mail": text}})


Listener = tuple[str, Callable[[int], list[Received]]]


@pytest.fixture(params=["unix", "udp", "udp6", "tcp"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Listener]:
    """An address, and what arrives there."""
    kind = request.param
    if kind == "unix":
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(tmp_path / "log"))
        yield f"unix:{tmp_path}/log", lambda count: received(sock, count)
    elif kind.startswith("udp"):
        sock = socket.socket(socket.AF_INET6 if kind == "udp6" else socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("::1" if kind == "udp6" else "127.0.0.1", 0))
        host = "[::1]" if kind == "udp6" else "127.0.0.1"
        yield f"udp:{host}:{sock.getsockname()[1]}", lambda count: received(sock, count)
    else:
        sock = socket.create_server(("127.0.0.1", 0))
        accepted: list[socket.socket] = []

        def arrived(count: int) -> list[Received]:
            accepted.append(sock.accept()[0])
            return streamed(accepted[-1], count)

        yield f"tcp:127.0.0.1:{sock.getsockname()[1]}", arrived
        for each in accepted:
            each.close()
    sock.close()


@pytest.mark.parametrize("threaded", [False, True], ids=["direct", "thread"])
def test_a_line_is_a_message_of_rfc_5424(listener: Listener, threaded: bool) -> None:
    """Facility, severity, who, which process, which event, and the line; in the order of the lines."""
    address, arrived = listener
    handler = handler_of(address, threaded=threaded, syslog_format="rfc5424", syslog_facility="local3")
    lifecycle.WORKER_READY.write(LOG, pid=7)
    lifecycle.WORKER_DIED.write(LOG, pid=8, cause="crash", how="signal 11", messages=0)
    until(lambda: handler.flush() or not handler._lines)
    first, second = arrived(2)
    assert (first.facility, first.severity, first.app, first.msgid) == (19, 6, "sekisho", "worker_ready")
    assert (second.severity, second.pid) == (3, str(os.getpid()))
    assert second.text.endswith('event=worker_died pid=8 cause=crash how="signal 11" messages=0')


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_no_text_makes_a_second_message_or_a_field(listener: Listener, form: str) -> None:
    """Line ends, NUL, a forged header and marks of a message stay inside their value; Japanese stays readable."""
    address, arrived = listener
    handler = handler_of(address, format=form, syslog_format="rfc5424")
    say(1, HOSTILE)
    say(2)
    until(lambda: handler.flush() or not handler._lines)
    first, second = arrived(2)
    assert (first.msgid, second.msgid) == ("line", "line")
    assert "駅" in (json.loads(first.text)["text_of_mail"] if form == "json" else first.text)
    assert second.text.isascii()


def test_a_long_line_is_cut_between_facts(listener: Listener) -> None:
    """With its header it fits into the 8 kB that rsyslog takes, and says that something is missing."""
    address, arrived = listener
    handler = handler_of(address, syslog_format="rfc5424")
    LOG.info("long", extra={"event": "long", "fields": {f"k{number}": "駅" * 300 for number in range(40)}})
    until(lambda: handler.flush() or not handler._lines)
    (found,) = arrived(1)
    assert len(found.text.encode()) <= 8192 - 200
    assert found.text.endswith(" truncated=true")
    assert handler.lost == 0


@pytest.mark.parametrize("char", ["駅", "\U00020bb7", "é", "\U0001f600", '"', "\\"])
@pytest.mark.parametrize("count", range(2, 11))
def test_escapes_do_not_make_a_json_line_too_long(char: str, count: int) -> None:
    """Text in ASCII takes two or three times the room; the message still fits, as JSON that can be read, and nothing is
    cut that fits."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    handler_of(f"udp:127.0.0.1:{sock.getsockname()[1]}", format="json")
    LOG.info("long", extra={"event": "long", "fields": {f"k{number}": char * 300 for number in range(count)}})
    (found,) = received(sock, 1)
    size = json.loads(found.text).get("truncated")
    assert len(found.text) <= 8192 - 100
    assert size is None or size >= 8192 - 400
    sock.close()


def test_on_a_unix_socket_it_is_the_form_of_syslog_3(tmp_path: Path) -> None:
    """What rsyslog and systemd read there: priority, local time, program and process."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(tmp_path / "log"))
    handler_of(f"unix:{tmp_path}/log")
    say(1, HOSTILE)
    line = sock.recv(65536).decode()
    assert re.match(rf"<22>[A-Z][a-z]{{2}} [ 1-3]\d \d\d:\d\d:\d\d sekisho\[{os.getpid()}\]: time=", line)
    assert "\n" not in line
    assert "\0" not in line
    sock.close()


@pytest.mark.parametrize("threaded", [False, True], ids=["direct", "thread"])
def test_a_syslog_that_is_down_loses_nothing_at_first(tmp_path: Path, threaded: bool) -> None:
    """Without a listener no call waits. What the queue holds is sent when there is one, also after it went away."""
    path = tmp_path / "log"
    handler = handler_of(f"unix:{path}", threaded=threaded, syslog_format="rfc5424")
    for round_ in range(2):
        begun = time.monotonic()
        for number in range(100):
            say(number)
        assert time.monotonic() - begun < 5
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(path))
        with ThreadPoolExecutor(
            1
        ) as listener:  # the kernel holds only a few messages for one who does not read
            coming = listener.submit(received, sock, 100)
            while not coming.done():
                handler.flush()
        found = [each.text for each in coming.result()]
        assert [int(re.findall(r"number=(\d+)", each)[0]) for each in found] == list(range(100)), round_
        sock.close()
        path.unlink()
    assert handler.lost == 0


def test_a_syslog_that_stays_down_loses_lines_and_counts_them(tmp_path: Path) -> None:
    """What does not fit into the queue is lost, counted by target, and announced at its place later."""
    path = tmp_path / "log"
    handler = handler_of(f"unix:{path}", threaded=True, syslog_format="rfc5424")
    told: list[tuple[str, int]] = []
    lost_lines_to(lambda target, lines: told.append((target, lines)))
    for number in range(2 * QUEUE_BYTES // 400):
        say(number, "x" * 350)
    until(lambda: sum(lines for _, lines in told) == handler.lost > 0)
    assert {target for target, _ in told} == {"syslog"}
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    sock.settimeout(PATIENCE)
    while "event=log_lines_dropped" not in (text := received(sock, 1)[0].text):
        pass
    assert f"lines={handler.lost} " in text
    sock.close()


def test_a_tcp_connection_that_breaks_is_made_again() -> None:
    """The next line goes over a new connection, from its beginning."""
    server = socket.create_server(("127.0.0.1", 0))
    handler = handler_of(f"tcp:127.0.0.1:{server.getsockname()[1]}", threaded=True)
    for number in range(3):
        say(number)
        connection, _ = server.accept()
        (found,) = streamed(connection, 1)
        assert f"number={number}" in found.text
        connection.close()
    assert handler.lost == 0
    server.close()


def test_a_tcp_reader_that_stops_reading_stops_nobody() -> None:
    """A full connection is no reason to wait; what is read later are whole messages in order."""
    server = socket.create_server(("127.0.0.1", 0))
    handler = handler_of(f"tcp:127.0.0.1:{server.getsockname()[1]}", threaded=True)
    begun, count = time.monotonic(), 30_000
    for number in range(count):
        say(number, "x" * 350)
    assert time.monotonic() - begun < 60
    connection, _ = server.accept()
    until(lambda: handler.lost > 0)
    texts = [each.text for each in streamed(connection, 2000)]
    numbers = [int(re.findall(r"number=(\d+)", each)[0]) for each in texts if "event=line" in each]
    assert numbers == sorted(set(numbers))
    connection.close()
    server.close()


def test_a_child_has_a_connection_of_its_own() -> None:
    """Two processes on one stream would mix their messages."""
    server = socket.create_server(("127.0.0.1", 0))
    handler_of(f"tcp:127.0.0.1:{server.getsockname()[1]}")
    until(lambda: say(1) or not logging.getLogger().handlers[0]._lines)  # type: ignore[attr-defined]
    first, _ = server.accept()
    child = os.fork()
    if child == 0:
        say(2)
        logging.getLogger().handlers[0].flush()
        os._exit(0)
    second, _ = server.accept()
    (found,) = streamed(second, 1)
    os.waitpid(child, 0)
    assert (found.pid, "number=2" in found.text) == (str(child), True)
    for each in (first, second, server):
        each.close()


def test_one_line_from_another_process(tmp_path: Path) -> None:
    """A command that cannot reach the store tells the daemon's syslog itself, or says within seconds that it cannot."""
    path = tmp_path / "log"
    options = LogOptions(target="syslog", syslog_address=f"unix:{path}", syslog_format="rfc5424")
    record = lifecycle.WORKER_READY.record("sekisho.audit", pid=1)
    with pytest.raises(TimeoutError):
        write_once(options, record)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(path))
    assert write_once(options, record) == f"syslog at unix:{path}"
    assert received(sock, 1)[0].text.endswith("logger=audit event=worker_ready pid=1")
    sock.close()


@pytest.mark.parametrize(
    "address",
    ["udp:localhost:514", "tcp:127.0.0.1", "tcp:127.0.0.1:0", "tcp:127.0.0.1:65536", "udp:::1:514", "unix:log", "log",
     "tcp:127.0.0.1:514\n", "udp:[1.2.3.4.5]:1"],
)  # fmt: skip
def test_a_wrong_address_is_refused(address: str) -> None:
    """A name would have to be looked up, and a look-up may wait."""
    with pytest.raises(ValidationError, match="with an IP address"):
        LogOptions(syslog_address=address)
