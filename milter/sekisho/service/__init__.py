"""The daemon's parts, made from a configuration and tied together.

| module | has |
| --- | --- |
| `service` | `serve`: what is checked and made before the first fork, and what each process is made from |
| `shared` | what all generations have in common |
| `worker` | what each worker is handed |
| `recorder` | what log and metrics are told of every judgement |

The maintenance process is made from `maintenance.Maintenance`.
"""

from sekisho.service.service import serve

__all__ = ["serve"]
