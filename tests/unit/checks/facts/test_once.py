"""Facts that are found once for each message."""

from __future__ import annotations

from dataclasses import replace

from tests.auth_support import message

from sekisho.checks.facts.once import once
from sekisho.checks.facts.texts import plain_subject, plain_text, told_text
from sekisho.message import Message


def test_a_fact_is_found_once_for_each_message_and_argument() -> None:
    """A changed message is another one, and so is an argument that is equal and not the same."""
    asked: list[str] = []

    @once
    def fact(of: Message, words: list[str]) -> str:
        asked.append(of.subject)
        return f"{of.subject} {words}"

    read, words = message(), ["a"]
    assert fact(read, words) == fact(read, words) == "s ['a']"
    assert asked == ["s"]
    assert fact(replace(read, subject="other"), words) == "other ['a']"
    assert fact(read, ["a"]) == "s ['a']"
    assert asked == ["s", "other", "s"]
    assert read == message()


def test_texts_in_one_width_and_without_addresses() -> None:
    """What a text says of a name is not what its links say."""
    raw = (
        "From: a@example.jp\r\nSubject: ＡＢ\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        "Ｃ０５０ from https://acme.example/x, www.acme.example or x@acme.example"
    )
    read = message(raw.encode())
    assert (plain_subject(read), plain_text(read)[:4]) == ("AB", "C050")
    assert "acme" not in told_text(read)
    assert told_text(read).startswith("ab\n\nc050 from")
