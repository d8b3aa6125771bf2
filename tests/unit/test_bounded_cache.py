"""The bounded cache: results for short texts are kept, those for long texts are not."""

from __future__ import annotations

from sekisho.bounded_cache import remembered


def test_a_short_question_is_answered_once_and_a_long_one_each_time() -> None:
    """A text longer than `longest` is never cached."""
    asked: list[str] = []

    @remembered(2, longest=3)
    def length(question: str) -> int:
        asked.append(question)
        return len(question)

    assert [length(each) for each in ("abc", "abc", "abcd", "abcd")] == [3, 3, 4, 4]
    assert asked == ["abc", "abcd", "abcd"]


def test_only_the_last_questions_are_kept() -> None:
    """No more than `size` results are kept."""
    asked: list[str] = []

    @remembered(2)
    def same(question: str) -> str:
        asked.append(question)
        return question

    for each in ("a", "b", "c", "a"):
        same(each)
    assert asked == ["a", "b", "c", "a"]
