"""The log: one line per record. Nothing in a message can break, forge or hide a line, and logging never blocks.

Call `setup` before the first fork, and `start` in each process that may have threads. `lines` makes the line, and
`handler` is the bounded queue between the line and its target: `target` (standard error, a file), `syslog` or
`journald`.
"""

from sekisho.log.handler import LineHandler, lost_lines_to, open_target, setup, start
from sekisho.log.lines import JsonLines, Logfmt
from sekisho.log.once import write_once
from sekisho.log.options import LogOptions
from sekisho.log.target import TargetError, TargetName

__all__ = [
    "JsonLines",
    "LineHandler",
    "LogOptions",
    "Logfmt",
    "TargetError",
    "TargetName",
    "lost_lines_to",
    "open_target",
    "setup",
    "start",
    "write_once",
]
