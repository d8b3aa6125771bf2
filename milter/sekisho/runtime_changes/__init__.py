"""What people change while the program runs, and how it comes into force without a reload.

`lists` reads and checks block and allow entries for the store, `switch` pauses and resumes; `watch` takes up both.
"""

from sekisho.runtime_changes.watch import ListFollower, ListWatch, SwitchWatch

__all__ = ["ListFollower", "ListWatch", "SwitchWatch"]
