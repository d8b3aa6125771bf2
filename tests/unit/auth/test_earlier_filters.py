"""Which results were written by filters before us, and which a sender wrote to look like them."""

from __future__ import annotations

import pytest

from sekisho.auth import earlier_filters
from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.message import Field

QUEUE_ID = "4jdbtN4Qj6zP0JP"
TRACE = (
    b" from mail.friend.example (mail.friend.example [198.51.100.7])\n"
    b"\tby mx.example.jp (Postfix) with ESMTPS id 4jdbtN4Qj6zP0JP\n\tfor <a@example.jp>; Mon, 30 Nov 2026 20:57:00"
)
SHARED = OwnFields("mx.example.jp", earlier=("mx.example.jp",))


def results(value: str = "mx.example.jp; dkim=pass header.d=friend.example") -> Field:
    return Field(b"Authentication-Results", b" " + value.encode())


def received(value: bytes = TRACE) -> Field:
    return Field(b"Received", value)


def forged(*fields: Field, own: OwnFields = SHARED, queue_id: str | None = QUEUE_ID) -> tuple[int, ...]:
    """The indexes of the results that are removed, from the top."""
    found = ForgedFields.among(fields, own, queue_id)
    return tuple(sorted(index for name, index in found.fields))


def test_what_stands_above_the_received_field_of_the_mta_is_kept() -> None:
    """Our authserv-id is also that of the filter before us: its results stay, and the sender's go."""
    assert forged(results(), received(), results()) == (2,)


@pytest.mark.parametrize("value", ["mx.example.jp/4jdbtN4Qj6zP0JP; dkim=pass", "MX.example.jp. ; dkim=pass"])
def test_the_id_may_have_the_queue_id_behind_it(value: str) -> None:
    """OpenDKIM writes the job's id behind a slash if it is told to."""
    assert forged(results(value), received()) == ()


@pytest.mark.parametrize(
    "trace",
    [
        TRACE.replace(b"4jdbtN4Qj6zP0JP", b"4jdbtN4Qj6zP0JQ"),
        b" from a id 4jdbtN4Qj6zP0JP (b [192.0.2.1]) by mx.example.jp (Postfix) with SMTP id 4jdbtN4Qj6zP0J",
        b" by mx.example.jp; id 4jdbtN4Qj6zP0JP",
        b"",
    ],
)
def test_a_received_field_of_the_sender_protects_nothing(trace: bytes) -> None:
    """Without the queue id of this very message, the field is not the MTA's."""
    assert forged(results(), received(trace)) == (1,)


def test_only_the_topmost_received_field_counts() -> None:
    """A sender that writes one field for each queue id that it can think of has one guess."""
    assert forged(results(), received(b" by mx (Postfix) with SMTP id X"), received()) == (1,)


def test_without_the_option_all_are_removed() -> None:
    """No earlier filter is configured: results in our name are forged wherever they stand."""
    assert forged(results(), received(), own=OwnFields("mx.example.jp")) == (1,)


def test_another_filters_name_does_not_excuse_ours() -> None:
    """Only the names that are configured are kept."""
    assert forged(results(), received(), own=OwnFields("mx.example.jp", earlier=("other.example.jp",))) == (
        1,
    )


def test_an_unknown_queue_id_keeps_nothing() -> None:
    """A message from a file has no queue id, so nothing in it was added here."""
    assert forged(results(), received(), queue_id=None) == (1,)


def test_nothing_that_is_named_as_ours_is_kept() -> None:
    """An earlier filter writes results and none of our other fields."""
    found = ForgedFields.among((Field(b"X-Sekisho-Verdict", b" accept"), received()), SHARED, QUEUE_ID)
    assert found.fields == (("X-Sekisho-Verdict", 1),)


def test_the_results_of_the_filters_are_found() -> None:
    """What checks read: the fields above the border, in the names that are configured."""
    fields = (results(), results("elsewhere.example; spf=pass"), received(), results())
    assert list(earlier_filters.results(fields, ("mx.example.jp",), QUEUE_ID)) == [fields[0]]
    assert list(earlier_filters.results(fields, (), QUEUE_ID)) == []


def test_the_names_of_optional_fields_are_ours() -> None:
    """A sender's X-Spam-Flag is forged only if we write one."""
    flag = Field(b"x-spam-FLAG", b" NO")
    assert ForgedFields.among((flag,), OwnFields("mx.example.jp")).fields == ()
    own = OwnFields("mx.example.jp", ("X-Spam-Flag",))
    assert ForgedFields.among((flag, flag), own).fields == (("x-spam-FLAG", 2), ("x-spam-FLAG", 1))
    hidden = Field(b"Subject", b" x\rX-Spam-Flag: NO")
    assert ForgedFields.among((hidden,), own).too_many
