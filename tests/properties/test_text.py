"""What must hold for every string that a mail can hold, lone surrogates included."""

from hypothesis import given
from hypothesis import strategies as st

from sekisho.text import (
    BIDI_CONTROLS,
    bidi,
    combining,
    fold,
    invisibles,
    printable,
    skeleton,
    skeleton_spans,
    spaced,
)

TEXT = st.text(st.characters(codec=None), max_size=60) | st.text(
    "rnvvアかカガ゛゜\u3099\u309aー一ソン0oО\u200b\u202e ｶﾞ口\u0301", max_size=30
)


@given(TEXT, st.integers(0, 50))
def test_printed_text_is_one_bounded_line_that_hides_nothing(text: str, limit: int) -> None:
    """The result has no control, bidi control, surrogate or invisible character, and is its own printable form."""
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert shown.replace("\u3000", " ").isprintable()
    assert not BIDI_CONTROLS.intersection(shown)
    assert not invisibles(shown)
    assert printable(shown, limit) == shown


@given(TEXT)
def test_forms_are_fixed_points(text: str) -> None:
    """A folded name folds to itself, and a skeleton is its own skeleton."""
    assert fold(fold(text)) == fold(text)
    assert skeleton(skeleton(text)) == skeleton(text)


@given(TEXT, st.sampled_from("アa\U0001f600\U000e0101\U00020bb7"))
def test_what_a_character_becomes_does_not_depend_on_its_company(text: str, other: str) -> None:
    """A character has the same `spaced` form in every text, whether or not the text leaves the basic plane, and whether
    or not the character was met before."""
    assert spaced(text + other) == "".join(map(spaced, text)) + spaced(other)


@given(TEXT)
def test_spans_tell_of_the_same_skeleton(text: str) -> None:
    """Every character of the skeleton has an origin in the text, in order."""
    made, origins = skeleton_spans(text)
    assert made == skeleton(text)
    assert len(made) == len(origins)
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)


@given(TEXT)
def test_looking_for_hidden_characters_never_fails(text: str) -> None:
    """Every character that is found is in the text (combining marks: in its NFC form), and is given once."""
    for found in (invisibles(text), bidi(text), combining(text)):
        assert len(set(found)) == len(found)
    assert set(invisibles(text) + bidi(text)) <= set(text)
