"""Other mail filters as Debian packages them, each in a directory of its own and with its own configuration.

They are for the chains of `docs/beside.md`: before or after sekisho at one Postfix. None of them reads /etc or asks
another name server than the lab's, and each is ended by its process id.
"""

from lab.neighbours.content import Amavis, ClamAV
from lab.neighbours.daemon import Neighbour
from lab.neighbours.results import OpenDKIM, OpenDMARC, Rspamd

__all__ = ["Amavis", "ClamAV", "Neighbour", "OpenDKIM", "OpenDMARC", "Rspamd"]
