"""The maintenance process: the metrics port and all periodic tasks.

| module | has |
| --- | --- |
| `process` | the process: its tasks, and the objects that they use |
| `tasks` | how tasks are repeated, each isolated from the others |
| `readiness` | whether mail would be accepted now, and if not, why |
| `quarantine` | the periodic tasks of the quarantine |
| `live_status` | the object of /status |
"""

from sekisho.maintenance.process import Maintenance

__all__ = ["Maintenance"]
