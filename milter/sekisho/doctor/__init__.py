"""`sekisho doctor`: finds problems of the installation before they do harm. Each subject is a module, and each
diagnosis has the command that repairs it.

`examine` looks at everything. It changes nothing, makes no file and reads no message.
"""

from sekisho.doctor.examine import examine
from sekisho.doctor.model import Diagnosis, Severity

__all__ = ["Diagnosis", "Severity", "examine"]
