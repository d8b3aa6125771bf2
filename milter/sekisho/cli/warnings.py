"""What the program would log, for the person who runs a command: one line on standard error, without a traceback."""

from __future__ import annotations

import logging

from sekisho.text import printable

MAX_LINE_CHARS = 2000


class OneLine(logging.Formatter):
    """`sentence: key value, key value: error`. An event without a sentence is named by its words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        text = record.getMessage()
        said = text.replace("_", " ") if text == getattr(record, "event", "") else text
        fields = getattr(record, "fields", {})
        facts = ", ".join(f"{key} {value}" for key, value in fields.items() if value is not None)
        error = str(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
        return printable(": ".join(filter(None, (said, facts, error))), MAX_LINE_CHARS)


def show() -> None:
    """Print warnings and errors of this process, unless it has a log."""
    if logging.lastResort is not None:
        logging.lastResort.setFormatter(OneLine())
