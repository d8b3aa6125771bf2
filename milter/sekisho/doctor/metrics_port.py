"""The metrics port: what answers there must be sekisho. If the port is taken, the daemon runs on without metrics."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator

from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, warning
from sekisho.metrics.options import MetricsOptions, endpoint

_TIMEOUT_SECONDS = 3.0
_MAX_ANSWER_BYTES = 64 * 1024


def examine(
    options: MetricsOptions,
    commands: Commands = Commands(),  # noqa: B008 - frozen
) -> Iterator[Diagnosis]:
    """Diagnoses of the port. If nobody answers, the daemon does not run, which is another subject's matter."""
    host, port = endpoint(options.listen)
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared
    if _is_ours(local, port):
        return
    free = f"[{host}]" if ":" in host else host
    yield warning(
        "metrics.taken",
        f"what answers at {options.listen} is not sekisho: there are no metrics, and `sekisho status` knows nothing",
        both(commands.set("metrics.listen", f"{free}:{_free_port(host)}"), systemctl("restart")),
    )


def _is_ours(host: str, port: int) -> bool:
    """True if the daemon answers, or nobody does."""
    line = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        line.request("GET", "/status")
        found = json.loads(line.getresponse().read(_MAX_ANSWER_BYTES))
    except ConnectionRefusedError:
        return True
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return isinstance(found, dict) and {"version", "generation", "ready"} <= found.keys()


def _free_port(host: str) -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
