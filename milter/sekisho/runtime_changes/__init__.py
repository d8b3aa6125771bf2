"""Changes that people make while the program runs, and how they take effect without a reload.

`lists` reads and checks block and allow entries for the store, `switch` pauses and resumes, `watch` applies both.
"""

from sekisho.runtime_changes.watch import ListFollower, ListWatch, SwitchWatch

__all__ = ["ListFollower", "ListWatch", "SwitchWatch"]
