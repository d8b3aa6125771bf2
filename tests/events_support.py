"""Validates lines of the log by their schema, as a program that reads them would."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from sekisho.events.schema import keys, schema
from sekisho.events.table import EVENTS
from sekisho.log import JsonLines

BY_NAME = {each.name: each for each in EVENTS}


@cache
def _validator(event: str) -> Draft202012Validator:
    """Of the lines of one event: the published schema with the part that is about the event."""
    whole = schema()
    (part,) = (each for each in whole.pop("oneOf") if each["properties"]["event"]["const"] == event)
    return Draft202012Validator({**whole, "allOf": [part]})


def faults(line: Mapping[str, Any]) -> list[str]:
    """What is wrong with a line that was read from JSON. A key that is not declared is a fault here."""
    event = str(line.get("event"))
    if event not in BY_NAME:
        return [f"{event}: no such event"]
    odd = set(line) - keys(BY_NAME[event])
    said = [f"{event}: {each.message}" for each in _validator(event).iter_errors(dict(line))]
    return said + [f"{event}: the key {each} is not declared" for each in sorted(odd)]


class Validation(logging.Handler):
    """Remembers what is wrong with the records of the program that pass `logging`."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._style = JsonLines()

    def emit(self, record: logging.LogRecord) -> None:
        if hasattr(record, "event") and record.name != "sekisho.test":  # a test may log what it likes
            self.faults += faults(json.loads(self._style.format(record)))
