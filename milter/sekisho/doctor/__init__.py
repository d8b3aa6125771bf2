"""What will hurt, found before it does: each subject is a module, each finding says how to mend it.

`examine(config, postfix)` looks at everything; nothing is changed, no file is made, no message is read.
"""

from sekisho.doctor.examine import SUBJECTS, examine
from sekisho.doctor.model import Diagnosis, Severity

__all__ = ["SUBJECTS", "Diagnosis", "Severity", "examine"]
