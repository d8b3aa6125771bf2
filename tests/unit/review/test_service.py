"""What a person does with held mail, on a real store: done, refused, and who did it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.review.conftest import Room
from tests.unit.store.kit import SetClock, hold

from sekisho.held import State, Wanted
from sekisho.ports import ErasedError
from sekisho.release import ReleaseRequest, UnclearRequestError
from sekisho.review import AgesUnknownError, Closed, MailLabel, NoAuthorError, NoSuchEntryError
from sekisho.runtime_changes.lists import EntryError
from sekisho.store.lists import ListStore
from sekisho.store.quarantine import RetentionOptions

RAW = b"From: Shop <shop@flower.example>\r\nSubject: x\r\n\r\nbody\r\n"


def done(room: Room) -> list[tuple[str, str, str, str]]:
    return [
        (each.operation, each.result, each.who, each.reason or each.note) for each in room.review.history()
    ]


def test_what_is_held_is_listed_and_shown(room: Room) -> None:
    """Newest first, by state and page; an id may be typed in any case; one that is not there is named."""
    ids = []
    for number in range(3):
        ids.append(hold(room.store, RAW + b"%d" % number, ["a@ours.example"]))
        room.clock.pass_by(seconds=1)
    review = room.review
    assert [each.id for each in review.list("hanako")] == ids[::-1]
    assert [each.id for each in review.list("hanako", limit=1, before=ids[2])] == [ids[1]]
    assert review.list("hanako", Wanted(states=(State.RELEASED,))) == ()
    assert review.show(ids[0].lower()).id == ids[0]
    with pytest.raises(NoSuchEntryError, match=r"^AAAAAA: no such entry \(`sekisho trace` "):
        review.show("AAAAAA")
    assert done(room) == []


def test_the_bytes_are_shown_with_a_line_in_the_audit(room: Room) -> None:
    """The audit says who looked, and comes first: what is erased was asked for, too."""
    name = hold(room.store, RAW, ["a@ours.example"])
    review = room.review
    assert review.source(review.show(name), "hanako", "exported") == RAW
    assert done(room) == [("view", "ok", "hanako", "exported")]
    review.delete([name], "hanako")
    room.clock.pass_by(days=400)
    room.store.retain(RetentionOptions(longest_off_days=3650), room.clock.uptime())
    with pytest.raises((ErasedError, NoSuchEntryError)):
        review.source(review.show(name), "taro")


def test_a_copy_is_released_once(room: Room) -> None:
    """The second time there is none to send, and the answer says why."""
    name = hold(room.store, RAW, ["a@ours.example"])
    (first,) = room.review.release([name], ReleaseRequest("hanako", "false_positive"))
    assert (first.state, first.recipient, first.released) == (State.RELEASED, "a@ours.example", True)
    assert len(room.port.messages) == 1
    (again,) = room.review.release([name], ReleaseRequest("hanako"))
    assert (again.recipient, again.state, again.text) == (
        "", State.RELEASED, "no copy to send (they are released)",
    )  # fmt: skip
    assert done(room) == [("release", "ok", "hanako", "false_positive")]


def test_nothing_is_released_if_an_id_is_wrong_or_the_wish_unclear(room: Room) -> None:
    """All ids are looked up first; two copies do not go to one other address."""
    name = hold(room.store, RAW, ["a@ours.example", "b@ours.example"])
    with pytest.raises(NoSuchEntryError):
        room.review.release([name, "nothing"], ReleaseRequest("hanako"))
    with pytest.raises(UnclearRequestError):
        room.review.release([name], ReleaseRequest("hanako", to="c@ours.example"))
    assert room.port.messages == []
    assert done(room) == []


def test_only_the_named_copies_are_closed(room: Room) -> None:
    """By recipient in any case; an entry without such a copy closes none. Uncertain copies only if asked for."""
    one = hold(room.store, RAW, ["a@ours.example", "b@ours.example"])
    assert room.review.delete([one], "hanako", ["A@OURS.example"]) == (Closed(one, 1),)
    assert room.review.delete([one], "hanako", ["a@ours.example"]) == (Closed(one, 0, (State.DELETED,)),)
    room.store.move(one, State.UNCERTAIN)
    assert room.review.delete([one], "hanako") == (Closed(one, 0, (State.DELETED, State.UNCERTAIN)),)
    assert room.review.delete([one], "hanako", uncertain=True) == (Closed(one, 1),)
    assert [each[:3] for each in done(room)] == [("delete", "ok", "hanako")] * 2
    with pytest.raises(NoSuchEntryError):
        room.review.delete(["nothing"], "hanako")


def test_what_died_while_it_released_is_said_first(room: Room) -> None:
    """A copy that is `sending` for too long is uncertain before anything is listed."""
    name = hold(room.store, RAW, ["a@ours.example"])
    room.store.move(name, State.SENDING)
    room.clock.pass_by(minutes=16)
    (entry,) = room.review.list("hanako")
    assert entry.copies[0].state is State.UNCERTAIN


def test_ages_that_nobody_knows_purge_nothing(room: Room) -> None:
    """While the clock is doubted the reason is the answer; after that the old ones go."""
    name = hold(room.store, RAW, ["a@ours.example"])
    room.review.delete([name], "hanako")
    room.clock.pass_by(days=2)
    room.doubt = "the clock jumped"
    with pytest.raises(AgesUnknownError, match="jumped"):
        room.review.purge(timedelta(days=1), [State.DELETED], "hanako")
    room.doubt = ""
    assert room.review.purge(timedelta(days=1), [State.DELETED], "hanako") == 1
    assert done(room)[0] == ("purge", "ok", "hanako", "deleted for 1 day, 0:00:00")


def test_the_author_of_an_entry_is_allowed(room: Room) -> None:
    """The address of the From field as the milter read it, while its domain is proven, in the name of that person."""
    name = hold(room.store, RAW, ["a@ours.example"])
    lists = ListStore.open(room.options, SetClock())
    try:
        changed = room.review.allow(name, "hanako", lists, {}, scope="ours.example")
        assert changed.added == 1
        (stored,) = lists.entries()[1]
        entry = stored.entry
        assert (stored.list, entry.entry, entry.scope) == ("allow", "shop@flower.example", "ours.example")
        assert (entry.author, entry.authenticated, entry.comment) == ("hanako", True, f"from {name}")
        with pytest.raises(EntryError, match="nobody"):
            room.review.allow(name, "hanako", lists, {}, scope="nobody")
        two = hold(room.store, b"From: a@x.example, b@y.example\r\n\r\nx\r\n", ["a@ours.example"])
        with pytest.raises(NoAuthorError):
            room.review.allow(two, "hanako", lists, {})
        assert len(lists.entries()[1]) == 1
    finally:
        lists.close()


def test_a_label_says_what_it_is_and_who_said_so(room: Room) -> None:
    """In the audit of the entry; an entry that is not there has none."""
    name = hold(room.store, RAW, ["a@ours.example"])
    room.review.label(name, MailLabel.PHISH, "hanako")
    assert done(room) == [("label", "ok", "hanako", "phish")]
    with pytest.raises(NoSuchEntryError):
        room.review.label("nothing", MailLabel.HAM, "hanako")
