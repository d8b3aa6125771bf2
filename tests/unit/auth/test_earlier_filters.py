"""Which results were written by filters before us, and which a sender wrote to look like them."""

from __future__ import annotations

import pytest

from sekisho.auth import earlier_filters
from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.message import Field

QUEUE_ID = "4jdbtN4Qj6zP0JP"
SHARED = OwnFields("mx.example.jp", earlier=("mx.example.jp",))


def results(authserv_id: str = f"mx.example.jp/{QUEUE_ID}") -> Field:
    return Field(b"Authentication-Results", f" {authserv_id};\n\tdkim=pass header.d=friend.example".encode())


def forged(*fields: Field, own: OwnFields = SHARED, queue_id: str | None = QUEUE_ID) -> tuple[int, ...]:
    """The indexes of the results that are removed, from the top."""
    found = ForgedFields.among(fields, own, queue_id)
    return tuple(sorted(index for name, index in found.fields))


def test_results_with_the_queue_id_are_kept() -> None:
    """Our authserv-id is also that of the filters before us: their results stay, and the sender's go."""
    assert forged(results(), results(), results("mx.example.jp")) == (3,)


def test_the_name_is_compared_as_a_host() -> None:
    """Case and a final dot are no difference in a name."""
    assert forged(results(f"MX.example.jp./{QUEUE_ID}")) == ()


@pytest.mark.parametrize(
    "written",
    [
        "mx.example.jp",
        "mx.example.jp/",
        "mx.example.jp/1",
        f"mx.example.jp/{QUEUE_ID}x",
        f"mx.example.jp/{QUEUE_ID}/1",
    ],
)
def test_another_queue_id_is_none(written: str) -> None:
    """Only the id of this very message shows who wrote a field."""
    assert forged(results(written)) == (1,)


def test_a_sender_has_one_guess() -> None:
    """With many guesses in one message, also the one that is right is removed."""
    guesses = [results(f"mx.example.jp/4jdbtN4Qj6zP0J{last}") for last in "LMNPQ"]
    assert forged(*guesses) == (1, 2, 3, 4, 5)


def test_without_the_option_all_are_removed() -> None:
    """No earlier filter is configured: a name that is no host may be ours for a lenient reader."""
    assert forged(results(), own=OwnFields("mx.example.jp")) == (1,)


def test_another_filters_name() -> None:
    """Only names that are configured are kept, and they need not be ours."""
    other = OwnFields("sekisho.mx.example.jp", earlier=("mx.example.jp",))
    assert forged(results(), own=other) == ()
    assert forged(results(f"other.example.jp/{QUEUE_ID}"), own=other) == (1,)
    assert forged(results("sekisho.mx.example.jp"), own=other) == (1,)


def test_an_unknown_queue_id_keeps_nothing() -> None:
    """A message from a file has no queue id, so nothing in it was added here."""
    assert forged(results(), queue_id=None) == (1,)


def test_nothing_that_is_named_as_ours_is_kept() -> None:
    """An earlier filter writes results and none of our other fields."""
    found = ForgedFields.among((results(), Field(b"X-Sekisho-Verdict", b" accept")), SHARED, QUEUE_ID)
    assert found.fields == (("X-Sekisho-Verdict", 1),)


def test_the_results_of_the_filters_are_found() -> None:
    """What checks read: the fields with the queue id, in the names that are configured."""
    fields = (results(), Field(b"Subject", b" s"), results("elsewhere.example"), results("mx.example.jp"))
    assert earlier_filters.results(fields, ("mx.example.jp",), QUEUE_ID) == (fields[0],)
    assert earlier_filters.results((*fields, results("mx.example.jp/1")), ("mx.example.jp",), QUEUE_ID) == ()
    assert earlier_filters.results(fields, (), QUEUE_ID) == ()


def test_the_names_of_optional_fields_are_ours() -> None:
    """A sender's X-Spam-Flag is forged only if we write one."""
    flag = Field(b"x-spam-FLAG", b" NO")
    assert ForgedFields.among((flag,), OwnFields("mx.example.jp")).fields == ()
    own = OwnFields("mx.example.jp", ("X-Spam-Flag",))
    assert ForgedFields.among((flag, flag), own).fields == (("x-spam-FLAG", 2), ("x-spam-FLAG", 1))
    hidden = Field(b"Subject", b" x\rX-Spam-Flag: NO")
    assert ForgedFields.among((hidden,), own).too_many
