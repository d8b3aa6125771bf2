"""The metrics port: /metrics, /healthz and /readyz. Runs in the keeper process only.

`/metrics` answers OpenMetrics to those who ask for it and the older Prometheus text to all others. The number
of requests at once and the patience with each are bounded.
"""

from __future__ import annotations

import gzip
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock, Thread
from typing import Any

from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics

from sekisho.metrics.meter import Metrics
from sekisho.metrics.options import MetricsOptions, endpoint

LOG = logging.getLogger("sekisho.metrics")
_openmetrics: Any = openmetrics.generate_latest  # has no types
OPENMETRICS = "application/openmetrics-text"
TEXT = "text/plain; charset=utf-8"


class Server(ThreadingHTTPServer):
    """The listening side. Bound on construction (OSError if that fails), serving after `start`."""

    daemon_threads = True

    def __init__(
        self,
        options: MetricsOptions,
        metrics: Metrics,
        health: Callable[[], bool],
        ready: Callable[[], bool],
        gauges: Callable[[], None],
    ) -> None:
        address, port = endpoint(options.listen)
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.metrics = metrics
        self.health = health
        self.ready = ready
        self.patience = options.timeout_seconds
        self._gauges = gauges
        self._registry = metrics.registry()
        self._slots = BoundedSemaphore(options.connections)
        self._collecting = Lock()
        super().__init__((address, port), Handler)
        self._thread = Thread(target=self.serve_forever, name="metrics", daemon=True)

    @property
    def port(self) -> int:
        """The port that was bound; of interest when 0 was asked for."""
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop serving and let go of the port."""
        self.shutdown()
        self.server_close()
        self._thread.join()

    def exposed(self, accept: str) -> tuple[str, bytes]:
        """Content type and body of /metrics, the gauges refreshed first. One at a time."""
        with self._collecting:
            self._refresh()
            if OPENMETRICS in accept:
                return openmetrics.CONTENT_TYPE_LATEST, _openmetrics(self._registry)
            return exposition.CONTENT_TYPE_PLAIN_0_0_4, exposition.generate_latest(self._registry)

    def _refresh(self) -> None:
        try:
            self._gauges()
        except Exception as error:  # old gauges are better than none
            self.metrics.error("gauges")
            LOG.warning("gauges_stale", exc_info=error)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._slots.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._slots.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        LOG.debug("client_gone", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    server_version = "sekisho"
    sys_version = ""

    def setup(self) -> None:
        self.request.settimeout(self.server.patience)
        super().setup()

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/metrics":
                kind, body = self.server.exposed(self.headers.get("Accept", ""))
                self._answer(HTTPStatus.OK, kind, body)
            case "/healthz":
                self._state(self.server.health)
            case "/readyz":
                self._state(self.server.ready)
            case _:
                self._answer(HTTPStatus.NOT_FOUND, TEXT, b"/metrics /healthz /readyz\n")

    do_HEAD = do_GET  # noqa: N815 - the library's name

    def _state(self, asked: Callable[[], bool]) -> None:
        try:
            good = asked()
        except Exception:
            LOG.warning("state_unknown", exc_info=True)
            good = False
        status = HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(status, TEXT, b"ok\n" if good else b"no\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        if "gzip" in self.headers.get("Accept-Encoding", "") and len(body) > 1000:
            body = gzip.compress(body, 1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Requests are not logged."""


def serve(
    options: MetricsOptions,
    metrics: Metrics,
    *,
    health: Callable[[], bool],
    ready: Callable[[], bool],
    gauges: Callable[[], None],
) -> Server:
    """Serve in a thread of this process, until `close`. Raises OSError if the address cannot be bound."""
    server = Server(options, metrics, health, ready, gauges)
    server.start()
    return server
