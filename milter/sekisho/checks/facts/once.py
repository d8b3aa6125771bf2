"""Facts that are found once for each message, however many checks ask for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar, cast

from sekisho.message import Message

Beside = ParamSpec("Beside")
Fact = TypeVar("Fact")


def once(find: Callable[Concatenate[Message, Beside], Fact]) -> Callable[Concatenate[Message, Beside], Fact]:
    """A function that remembers, with the message, what it found there for the same other arguments. These are
    long-lived objects (a vocabulary) and are compared by identity. The fact must depend on nothing else."""

    @wraps(find)
    def found(message: Message, /, *args: Beside.args, **named: Beside.kwargs) -> Fact:
        key = (find.__module__, find.__qualname__, *map(id, args), *map(id, named.values()))
        if key not in message.found:
            # The arguments are kept, so that no other object gets the id of one.
            message.found[key] = (find(message, *args, **named), args, named)
        return cast(tuple[Fact, object, object], message.found[key])[0]

    return found
