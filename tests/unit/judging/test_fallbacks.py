"""What the answers to unjudged messages need when memory has run out (tests/wire/test_memory.py takes it away)."""

from sekisho.stages import Failure


def test_a_failure_is_looked_up_without_python_code() -> None:
    """The hash of an Enum is a Python function, whose frame needs memory. Without it, mail in shadow was deferred."""
    assert Failure.__hash__ is str.__hash__
