"""The metrics port: /metrics, /healthz, /readyz and /status. Runs in the maintenance process only.

The server is uvicorn on asyncio with h11: an idle connection costs a few kilobytes and no thread, so a slow client does
not slow the others. Limits that uvicorn does not have are set here: a request with its answer may take
`timeout_seconds`, headers may have 16 kB, and if there are more than `connections`, the one that was idle longest is
closed. Health is answered on the event loop from values that are known; the metrics are collected in a separate thread,
so a request for health never waits for them.

`/metrics` answers OpenMetrics to a client that accepts it, and the older Prometheus text to all others.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import socket
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Thread
from typing import Any

import uvicorn
from prometheus_client import exposition
from prometheus_client.openmetrics import exposition as openmetrics
from uvicorn.protocols.http.h11_impl import H11Protocol

from sekisho.events import watching
from sekisho.metrics.meter import Metrics
from sekisho.metrics.options import MetricsOptions, endpoint
from sekisho.stages import Failure

LOG = logging.getLogger("sekisho.metrics")
_openmetrics: Any = openmetrics.generate_latest  # has no types
OPENMETRICS = "application/openmetrics-text"
OPENMETRICS_LATEST = openmetrics.CONTENT_TYPE_LATEST
TEXT = "text/plain; charset=utf-8"
JSON = "application/json"
MAX_HEADER_BYTES = 16_384
"""Bytes of a request's header, at most."""
CHUNK_BYTES = 65_536
"""Bytes of an answer that are sent at once."""
MAX_BACKLOG = 512  # connections that wait to be accepted
KEEP_ALIVE_SECONDS = 5  # until the next request on a connection
GRACE_SECONDS = 1  # that running answers may take when the port is closed


@dataclass(frozen=True, slots=True)
class PageSources:
    """The functions that give the content of the pages. `health` and `reasons` run on the event loop and must return at
    once.

    `reasons` gives the reasons why mail would not be accepted now; none means ready. `gauges` sets the gauges that only
    the caller knows, `status` gives the object of /status.
    """

    health: Callable[[], bool] = lambda: True
    reasons: Callable[[], Collection[str]] = tuple
    gauges: Callable[[], None] = lambda: None
    status: Callable[[], Mapping[str, object]] = dict


class Pages:
    """The pages as an ASGI application."""

    def __init__(self, metrics: Metrics, sources: PageSources) -> None:
        self._metrics = metrics
        self._ask = sources
        self._registry = metrics.registry()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="figures")
        self._coming: dict[object, asyncio.Future[tuple[str, bytes]]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI)."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        packed = "gzip" in headers.get(b"accept-encoding", "") and scope["path"] in ("/metrics", "/status")
        if scope["method"] in ("GET", "HEAD"):
            status, kind, body = await self._page(scope["path"], headers, packed)
        else:
            status, kind, body = HTTPStatus.METHOD_NOT_ALLOWED, TEXT, b"GET or HEAD\n"
        fields = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
        if packed and status is HTTPStatus.OK:
            fields.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": int(status), "headers": fields})
        for at in range(0, len(body), CHUNK_BYTES):  # each waits until the client has taken the one before
            await send({"type": "http.response.body", "body": body[at : at + CHUNK_BYTES], "more_body": True})
        await send({"type": "http.response.body"})

    async def _page(
        self, path: str, headers: Mapping[bytes, str], packed: bool
    ) -> tuple[HTTPStatus, str, bytes]:
        match path:
            case "/metrics":
                return await self._apart(self.exposed, OPENMETRICS in headers.get(b"accept", ""), packed)
            case "/status":
                return await self._apart(self.status, packed)
            case "/healthz":
                return _state(() if self._asked(self._ask.health, False) else ("unwell",))
            case "/readyz":
                return _state(self._asked(self._ask.reasons, ("unknown",)))
        return HTTPStatus.NOT_FOUND, TEXT, b"/metrics /healthz /readyz /status\n"

    def _asked(self, question: Callable[[], Any], otherwise: Any) -> Any:
        try:
            return question()
        except Exception as error:
            watching.STATE_UNKNOWN.failed(LOG, error)
            return otherwise

    async def _apart(
        self, make: Callable[..., tuple[str, bytes]], *how: bool
    ) -> tuple[HTTPStatus, str, bytes]:
        """A page made in the separate thread. A client that asks while a page is made gets the same page, so no client
        waits for more than two pages."""
        key = make.__name__, how
        if key not in self._coming:
            page = asyncio.get_running_loop().run_in_executor(self._thread, make, *how)
            page.add_done_callback(lambda _: self._coming.pop(key, None))
            self._coming[key] = page
        try:
            kind, body = await asyncio.shield(self._coming[key])
        except Exception as error:
            watching.PAGE_FAILED.failed(LOG, error)
            return HTTPStatus.INTERNAL_SERVER_ERROR, TEXT, b"failed\n"
        return HTTPStatus.OK, kind, body

    def exposed(self, openmetrics: bool, packed: bool = False) -> tuple[str, bytes]:
        """Content type and body of /metrics, after the gauges were set."""
        self._refresh()
        if openmetrics:
            return OPENMETRICS_LATEST, _pressed(_openmetrics(self._registry), packed)
        return exposition.CONTENT_TYPE_PLAIN_0_0_4, _pressed(
            exposition.generate_latest(self._registry), packed
        )

    def status(self, packed: bool = False) -> tuple[str, bytes]:
        """Content type and body of /status."""
        text = json.dumps(self._ask.status(), ensure_ascii=False) + "\n"
        return JSON, _pressed(text.encode(), packed)

    def close(self) -> None:
        """End the thread that makes the pages."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _refresh(self) -> None:
        try:
            self._ask.gauges()
        except Exception as error:  # old gauges are better than none
            self._metrics.error(Failure.GAUGES)
            watching.GAUGES_STALE.failed(LOG, error)


def _pressed(body: bytes, packed: bool) -> bytes:
    return gzip.compress(body, 1) if packed else body


def _state(reasons: Collection[str]) -> tuple[HTTPStatus, str, bytes]:
    if not reasons:
        return HTTPStatus.OK, TEXT, b"ok\n"
    return HTTPStatus.SERVICE_UNAVAILABLE, TEXT, "".join(f"{each}\n" for each in reasons).encode()


class BoundedConnection(H11Protocol):
    """A connection with a time limit, which is closed if there are too many. `crowd` has all connections, the one that
    was idle longest first."""

    def __init__(
        self, *args: Any, bounds: MetricsOptions, crowd: dict[BoundedConnection, None], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._timeout_seconds = bounds.timeout_seconds
        self._max_connections = bounds.connections
        self._crowd = crowd
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """A client has connected. If there are too many, the one that was idle longest is closed."""
        super().connection_made(transport)
        if len(self._crowd) >= self._max_connections:
            next(iter(self._crowd)).give_up()
        self._restart()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._crowd.pop(self, None)
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """An answer was sent: the time for the next request begins."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._restart()

    def give_up(self) -> None:
        """Close at once, even during an answer."""
        self._crowd.pop(self, None)
        self.transport.abort()

    def _restart(self) -> None:
        self._crowd.pop(self, None)
        self._crowd[self] = None
        if self._end is not None:
            self._end.cancel()
        self._end = self.loop.call_later(self._timeout_seconds, self.give_up)


class MetricsServer:
    """The server of the metrics port. The constructor binds the port (raises OSError); `start` begins to serve."""

    def __init__(self, options: MetricsOptions, metrics: Metrics, sources: PageSources) -> None:
        self._socket = _bound(options)
        self.port = int(self._socket.getsockname()[1])
        """The port that was bound, if 0 was configured a free one."""
        self.pages = Pages(metrics, sources)
        protocol: Any = partial(BoundedConnection, bounds=options, crowd={})
        config = uvicorn.Config(
            self.pages,
            loop="asyncio",
            http=protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="critical",  # invalid requests of clients are not logged
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )
        self._server = uvicorn.Server(config)
        self._thread = Thread(target=self._serve, name="metrics", daemon=True)

    @property
    def alive(self) -> bool:
        """False if the server has ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Serve from now on, in a thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop serving and close the port."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(GRACE_SECONDS * 5)
        self._socket.close()
        self.pages.close()

    def _serve(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except BaseException as error:
            watching.METRICS_PORT_FAILED.failed(LOG, error)


def _bound(options: MetricsOptions) -> socket.socket:
    address, port = endpoint(options.listen)
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(MAX_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(options: MetricsOptions, metrics: Metrics, sources: PageSources) -> MetricsServer:
    """Serve in a thread of this process, until `close`. Raises OSError if the address cannot be bound."""
    server = MetricsServer(options, metrics, sources)
    server.start()
    return server
