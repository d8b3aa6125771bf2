"""The maintenance process: what is periodic, apart from the mail.

| module | answers |
| --- | --- |
| `process` | what is done, and what it is done with |
| `tasks` | how tasks are repeated, each failing alone |
| `readiness` | whether mail would be accepted now, and if not, why |
| `quarantine` | what the quarantine needs from time to time |
| `live_status` | what the daemon says of itself on /status |
"""

from sekisho.maintenance.process import Maintenance

__all__ = ["Maintenance"]
