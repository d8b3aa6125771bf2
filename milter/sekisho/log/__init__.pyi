from .handler import LineHandler, lost_lines_to, open_target, setup, start
from .lines import JsonLines, Logfmt
from .once import write_once
from .options import LogOptions
from .target import TargetError, TargetName

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
