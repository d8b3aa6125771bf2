"""Builds the daemon from a configuration.

| module | has |
| --- | --- |
| `service` | `serve`: what is checked and made before the first fork, and how each process is built |
| `shared` | the objects that all generations of the daemon share |
| `worker` | the handlers of a worker process |
| `recorder` | the observer that passes each judgement to log and metrics |

The maintenance process is built by `maintenance.Maintenance`.
"""

from sekisho.service.service import serve

__all__ = ["serve"]
