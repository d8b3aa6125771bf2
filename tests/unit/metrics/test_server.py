"""The metrics port: what it answers, and that no client of it stands in another's way."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import struct
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families as old_text

from sekisho import metrics
from sekisho.metrics import Metrics, MetricsOptions, MetricsServer, PageSources
from sekisho.metrics.server import MAX_HEADER_BYTES, Pages

PATIENCE = 60.0


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Metrics]:
    stages = [f"stage{number}" for number in range(300)]  # a page of a megabyte or so
    opened = metrics.open(tmp_path / "metrics", checks=stages)
    yield opened
    opened.close()


@pytest.fixture
def reasons() -> list[str]:
    return ["milter", "store"]


@pytest.fixture
def start(counted: Metrics, reasons: list[str]) -> Iterator[Callable[..., MetricsServer]]:
    """Starts servers, by options and by what differs in their sources."""
    running: list[MetricsServer] = []

    def begin(options: dict[str, object] | None = None, **sources: Callable[..., object]) -> MetricsServer:
        asked = {
            "reasons": lambda: tuple(reasons),
            "gauges": lambda: counted.quarantine({"held": 3}, 9),
            "status": lambda: {"version": "1", "reasons": reasons},
        } | sources
        settings = MetricsOptions.model_validate({"listen": "127.0.0.1:0"} | (options or {}))
        running.append(metrics.serve(settings, counted, PageSources(**asked)))  # type: ignore[arg-type]
        return running[-1]

    yield begin
    for each in running:
        each.close()


@pytest.fixture
def server(start: Callable[..., MetricsServer]) -> MetricsServer:
    return start()


def get(server: MetricsServer, path: str, **headers: str) -> tuple[int, str, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Content-Type"], error.read()


def dial(server: MetricsServer, **options: int) -> socket.socket:
    client = socket.socket()
    for name, number in options.items():
        client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), number)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", server.port))
    return client


def ended(client: socket.socket) -> bool:
    """Whether the other side closes the connection, at last."""
    with contextlib.suppress(ConnectionError):
        while client.recv(65536):
            pass
    return True


def test_the_port_answers_in_the_format_asked_for(server: MetricsServer) -> None:
    """OpenMetrics for those who accept it, the older text for a browser, gauges fresh in both."""
    status, kind, body = get(
        server, "/metrics", Accept="application/openmetrics-text;version=1.0.0,*/*;q=0.1"
    )
    assert (status, kind) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert body.endswith(b"# EOF\n")
    status, kind, body = get(server, "/metrics?x=1")
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert b'sekisho_quarantine_messages{state="held"} 3.0\n' in body
    assert len(list(old_text(body.decode()))) > 20


def test_health_and_readiness_are_two_questions(server: MetricsServer, reasons: list[str]) -> None:
    """The process may live without being ready for mail, and says why, one reason a line; other paths are not
    found."""
    assert get(server, "/healthz")[0::2] == (200, b"ok\n")
    assert get(server, "/readyz")[0::2] == (503, b"milter\nstore\n")
    reasons.clear()
    assert get(server, "/readyz")[0::2] == (200, b"ok\n")
    assert get(server, "/")[0] == 404
    assert get(server, "/metrics/../etc")[0] == 404


def test_the_status_is_one_object(server: MetricsServer) -> None:
    """/status is JSON for other programs."""
    status, kind, body = get(server, "/status")
    assert (status, kind) == (200, "application/json")
    assert json.loads(body) == {"version": "1", "reasons": ["milter", "store"]}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "BREW"])
def test_nothing_can_be_changed(server: MetricsServer, method: str) -> None:
    """The pages are for reading."""
    with dial(server) as client:
        client.sendall(f"{method} /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 405 ")


def test_a_page_may_be_packed(server: MetricsServer) -> None:
    """A client that takes gzip gets it, whole."""
    packed = get(server, "/metrics", **{"Accept-Encoding": "gzip"})[2]
    assert len(list(old_text(gzip.decompress(packed).decode()))) > 20
    assert json.loads(gzip.decompress(get(server, "/status", **{"Accept-Encoding": "gzip"})[2]))


def test_a_head_has_no_body(server: MetricsServer) -> None:
    """HEAD answers with the length alone."""
    with dial(server) as client:
        client.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while data := client.recv(4096):
            answer += data
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n")


def test_a_store_that_is_down_does_not_take_the_metrics_along(counted: Metrics) -> None:
    """When the gauges cannot be refreshed the rest is shown, and the failure is counted."""

    def fail() -> None:
        raise OSError("store down")

    pages = Pages(counted, PageSources(gauges=fail))
    _, body = pages.exposed(openmetrics=False)
    pages.close()
    assert b'sekisho_errors_total{stage="gauges"} 1.0' in body


def test_over_ipv6(start: Callable[..., MetricsServer]) -> None:
    """The address may be an IPv6 one."""
    try:
        server = start({"listen": "[::1]:0"})
    except OSError:
        pytest.skip("no IPv6 here")
    with urllib.request.urlopen(f"http://[::1]:{server.port}/healthz", timeout=PATIENCE) as answer:
        assert answer.read() == b"ok\n"


def test_a_question_that_fails_is_no_yes(start: Callable[..., MetricsServer]) -> None:
    """A check that fails does not say that we are ready, and a page that fails says so."""

    def fail() -> object:
        raise OSError("gone")

    server = start(reasons=fail, health=fail, status=fail)
    assert get(server, "/readyz")[0] == 503
    assert get(server, "/healthz")[0] == 503
    assert get(server, "/status")[0] == 500
    assert get(server, "/metrics")[0] == 200


def test_health_never_waits_behind_figures(start: Callable[..., MetricsServer]) -> None:
    """While a page takes for ever health is answered; when it is there, all who asked for it get it."""
    go, entered = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        go.wait(PATIENCE)

    server = start({"timeout_seconds": PATIENCE}, gauges=wait)
    slow = [dial(server) for _ in range(20)]
    for each in slow:
        each.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert entered.wait(PATIENCE)
    assert get(server, "/healthz")[0] == 200
    assert get(server, "/readyz")[0] == 503
    go.set()
    for each in slow:
        assert each.recv(20).startswith(b"HTTP/1.1 200 ")
        each.close()
    assert get(server, "/metrics")[0] == 200


HOSTILE = {
    "silent": b"",
    "half a header": b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-A",
    "half a body": b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx",
}


@pytest.mark.slow
@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_two_hundred_slow_clients(start: Callable[..., MetricsServer], said: bytes) -> None:
    """Health, readiness and figures are there for an honest client, and the others are gone when their time is
    over."""
    server = start({"timeout_seconds": 8})
    slow = [dial(server) for _ in range(200)]
    for each in slow:
        each.sendall(said)
    for path, status in (("/healthz", 200), ("/readyz", 503), ("/metrics", 200)):
        assert get(server, path)[0] == status
    for each in slow:
        assert ended(each)
        each.close()


@pytest.mark.slow
def test_one_byte_at_a_time(start: Callable[..., MetricsServer]) -> None:
    """A client that goes on sending its header for ever is ended all the same, and nobody waits for it."""
    server = start({"timeout_seconds": 2})
    clients = [dial(server) for _ in range(200)]
    for each in clients:
        each.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
    end = time.monotonic() + PATIENCE
    alive = set(clients)
    while alive:
        assert time.monotonic() < end
        for each in list(alive):
            try:
                each.sendall(b"x")
            except ConnectionError:
                alive.discard(each)
        assert get(server, "/healthz")[0] == 200
        time.sleep(0.1)
    for each in clients:
        each.close()


@pytest.mark.slow
def test_two_hundred_clients_that_never_read(start: Callable[..., MetricsServer]) -> None:
    """Answers that nobody takes hold up nobody else, and end in time."""
    server = start({"timeout_seconds": 8})
    deaf = [dial(server, SO_RCVBUF=4096) for _ in range(200)]
    for each in deaf:
        each.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
    assert get(server, "/healthz")[0] == 200
    assert get(server, "/readyz")[0] == 503
    assert get(server, "/metrics")[0] == 200
    for each in deaf:
        assert ended(each)
        each.close()


def test_a_huge_header_is_refused(server: MetricsServer) -> None:
    """A header over 16 kB is answered with 400 and the end, however it comes."""
    for line in (b"X-A: " + b"x" * 2 * MAX_HEADER_BYTES, b"X: y\r\n" * MAX_HEADER_BYTES):
        with dial(server) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + line)
                assert client.recv(20).startswith(b"HTTP/1.1 400 ")
            assert ended(client)
    assert get(server, "/healthz")[0] == 200


def test_more_connections_than_are_kept(start: Callable[..., MetricsServer]) -> None:
    """The one that was silent longest gives way to a new one."""
    server = start({"timeout_seconds": PATIENCE * 2})
    clients = [dial(server) for _ in range(562)]
    assert get(server, "/healthz")[0] == 200
    assert ended(clients[0])
    clients[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert clients[-1].recv(20).startswith(b"HTTP/1.1 200 ")
    for each in clients:
        each.close()


def test_clients_that_reset(server: MetricsServer) -> None:
    """A client that goes away in the middle of anything is no event."""
    for said in (b"", b"GET /met", b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
        client = dial(server)
        client.sendall(said)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    assert get(server, "/healthz")[0] == 200


def test_the_port_is_given_back(start: Callable[..., MetricsServer]) -> None:
    """After `close` another process may take the port, also while clients hang on."""
    server = start()
    with dial(server):
        server.close()
        assert not server.alive
        again = start({"listen": f"127.0.0.1:{server.port}"})
        assert get(again, "/healthz")[0] == 200
