from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from tests.unit.store.kit import EVIDENCE, START, SetClock, hold, message, outcomes

from sekisho.explain import stored_document
from sekisho.held import Operation, State, Wanted
from sekisho.message import Author, Recipient
from sekisho.ports import DamagedError
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine, RetentionOptions
from sekisho.verdict import Disposition

RAW = b"From: a@sender.example\r\nSubject: =?utf-8?b?8J+Yig==?=\r\n\r\n\xff\x00 body \r\n" * 20


def test_everything_comes_back_as_it_was_held(store: Quarantine) -> None:
    """Bytes, envelope with ESMTP parameters, client facts, times and evidence are read back unchanged."""
    held = message(RAW, queue_id="4XyZ", parameters=("SIZE=100", "BODY=8BITMIME"))
    name = store.hold(held, stored_document(EVIDENCE, {}, ()), outcomes("x@ours.example", "y@ours.example"))
    entry = store.get(name)
    assert entry is not None
    assert store.content(name) == RAW
    assert (entry.digest, entry.size, entry.repeats) == (held.digest, len(RAW), 0)
    assert (entry.held_at, entry.last_seen) == (START, START)
    assert entry.envelope.client == held.envelope.client
    assert (entry.envelope.sender, entry.envelope.queue_id) == ("a@sender.example", "4XyZ")
    assert (entry.envelope.parameters, entry.envelope.arrived) == (("SIZE=100", "BODY=8BITMIME"), START)
    assert [copy.recipient for copy in entry.copies] == [
        Recipient("x@ours.example", "<x@ours.example>", ("NOTIFY=NEVER",)),
        Recipient("y@ours.example", "<y@ours.example>", ("NOTIFY=NEVER",)),
    ]
    assert {copy.state for copy in entry.copies} == {State.HELD}
    assert (entry.verdict, entry.score, entry.decided_by) == ("quarantine", 12.5, "points")
    assert (entry.subject, entry.author) == ("【重要】", "えきねっと <a@sender.example>")
    assert entry.document["schema"] == 1
    assert entry.document["findings"][0]["reason_ja"] == "えきねっとを名乗る"


@pytest.mark.parametrize(
    "sender", ["", None, "\udce3\x00\\u0000@x", "日本語@例え.jp", "'; DROP TABLE entries"]
)
def test_hostile_text_is_kept_exactly(store: Quarantine, sender: str | None) -> None:
    """NUL, undecodable bytes, backslashes and SQL in an address come back as they came."""
    address = f"{sender}\\ud800\udcff"
    name = store.hold(message(RAW, sender, queue_id=sender), {}, outcomes(address))
    entry = store.get(name)
    assert entry is not None
    assert entry.envelope.sender == sender
    assert entry.envelope.queue_id == sender
    assert entry.copies[0].recipient.address == address


def test_a_retry_is_absorbed_and_counted(store: Quarantine, clock: SetClock) -> None:
    """The same bytes, sender and recipient make one entry, with the number of repeats and the last time."""
    first = hold(store, RAW, ["x@ours.example"])
    clock.pass_by(days=4.9)
    assert hold(store, RAW, ["x@ours.example"]) == first
    entry = store.get(first)
    assert entry is not None
    assert (entry.repeats, entry.held_at, entry.last_seen) == (1, START, clock.time)
    assert len(store.list()) == 1


@pytest.mark.parametrize(
    ("raw", "sender"), [(RAW + b"!", "a@sender.example"), (RAW, "b@sender.example"), (RAW, ""), (RAW, None)]
)
def test_another_message_or_sender_is_no_repeat(store: Quarantine, raw: bytes, sender: str | None) -> None:
    """Other bytes, another MAIL FROM, the null sender and an unknown one are entries of their own."""
    first = hold(store, RAW, ["x@ours.example"])
    assert hold(store, raw, ["x@ours.example"], sender) != first


def test_retries_with_other_recipients_show_nobody_twice(store: Quarantine, clock: SetClock) -> None:
    """Each recipient has one held copy, whatever sets of recipients the retries carry."""
    first = hold(store, RAW, ["a@x", "b@x"])
    clock.pass_by(minutes=5)
    second = hold(store, RAW, ["b@x", "c@x"])
    third = hold(store, RAW, ["c@x", "a@x"])
    fourth = hold(store, RAW, ["a@x", "b@x", "c@x", "d@x"])
    copies = sorted(copy.recipient.address for entry in store.list() for copy in entry.copies)
    assert copies == ["a@x", "b@x", "c@x", "d@x"]
    assert third == second
    assert len({first, second, fourth}) == 3
    assert store.stats().messages[State.HELD] == 3


def test_one_address_twice_in_a_transaction_is_one_copy(store: Quarantine) -> None:
    """A client that names a recipient twice does not make the store fail, or hold two copies."""
    entry = store.get(hold(store, RAW, ["a@x", "a@x"]))
    assert entry is not None
    assert len(entry.copies) == 1


@pytest.mark.parametrize(
    "state", [State.RELEASED, State.SENDING, State.UNCERTAIN, State.DELETED, State.EXPIRED]
)
def test_a_repeat_after_the_copy_left_is_a_new_entry(store: Quarantine, state: State) -> None:
    """Only a copy still held absorbs; after release, deletion or expiry the retry must not vanish."""
    first = hold(store, RAW, ["a@x", "b@x"])
    entry = store.get(first)
    assert entry is not None
    assert store.move(first, state, copies=[entry.copies[0].number]) == 1
    again = hold(store, RAW, ["a@x", "b@x"])
    second = store.get(again)
    assert again != first
    assert second is not None
    assert [copy.recipient.address for copy in second.copies] == ["a@x"]
    assert hold(store, RAW, ["a@x", "b@x"]) in {first, again}


def test_a_copy_that_came_back_absorbs_nothing(store: Quarantine) -> None:
    """A copy whose sending failed is held again, but a retry meanwhile may already be another entry."""
    first = hold(store, RAW, ["a@x"])
    assert store.move(first, State.SENDING) == 1
    second = hold(store, RAW, ["a@x"])
    assert store.move(first, State.HELD, only=State.SENDING) == 1
    assert hold(store, RAW, ["a@x"]) == second


def test_a_repeat_after_the_window_is_a_new_entry(store: Quarantine, clock: SetClock) -> None:
    """An entry as old as the retry window absorbs no more, even when repeats kept coming."""
    first = hold(store, RAW, ["a@x"])
    clock.pass_by(days=4)
    assert hold(store, RAW, ["a@x"]) == first
    clock.pass_by(days=1)
    second = hold(store, RAW, ["a@x"])
    assert second != first
    assert hold(store, RAW, ["a@x"]) == second
    assert store.stats().messages[State.HELD] == 2


def test_the_bytes_are_kept_once(store: Quarantine) -> None:
    """Entries of the same bytes share one content."""
    raw = RAW + os.urandom(10_000)
    first, second = hold(store, raw, ["a@x"]), hold(store, raw, ["b@x"])
    assert store.content(first) == store.content(second) == raw
    assert 10_000 < store.stats().bytes < 10_500


def test_two_who_move_the_same_copy_are_told_apart(store: Quarantine) -> None:
    """The second of two releases finds nothing to do, so nothing is sent twice."""
    name = hold(store, RAW, ["a@x", "b@x"])
    assert store.move(name, State.SENDING) == 2
    assert store.move(name, State.SENDING) == 0


def test_lists_are_newest_first_in_pages(store: Quarantine, clock: SetClock) -> None:
    """Pages by `before` show every entry once, in order, filtered by state."""
    names = []
    for number in range(7):
        names.append(hold(store, RAW + bytes([number]), ["a@x"]))
        clock.pass_by(seconds=1)
    store.move(names[3], State.DELETED)
    pages, before = [], None
    while page := store.list(Wanted(states=(State.HELD,)), limit=2, before=before):
        pages += [entry.id for entry in page]
        before = page[-1].id
    assert pages == [name for name in reversed(names) if name != names[3]]
    assert [entry.id for entry in store.list(Wanted(states=(State.DELETED,)))] == [names[3]]
    assert [entry.id for entry in store.list()] == names[::-1]


def test_a_list_has_what_is_wanted(store: Quarantine, clock: SetClock) -> None:
    """Each filter by itself and together, the same on both databases, with signs that SQL or JSON would read."""
    hostile = '100%_\\ \x00\udcff "quote" /花子'
    to = outcomes("a@ours.example")
    plain = store.hold(message(b"1"), stored_document(EVIDENCE, {}, to), to)
    clock.pass_by(hours=1)
    signs = replace(message(b"2"), author=Author(text=hostile), subject=hostile)
    odd = store.hold(signs, {"claims": [{"text": '{"id":"x.y","points":'}]}, outcomes(hostile, score=20.0))
    both = (odd, plain)

    def found(**wanted: Any) -> tuple[str, ...]:
        return tuple(entry.id for entry in store.list(Wanted(**wanted)))

    assert found() == both
    assert found(author="えきねっと") == found(author="A@SENDER") == (plain,)
    assert all(found(author=hostile[at : at + 3]) == (odd,) for at in (0, 3, 5, 7, 11))
    assert found(author="%") == found(author="_") == (odd,)
    assert found(recipient="A@ours.example") == found(recipient="ours.example") == (plain,)
    assert found(recipient="@ours.example") == (plain,)
    assert found(recipient="b@ours.example") == found(recipient="a@ours") == ()
    assert found(recipient=hostile) == (odd,)
    assert found(brand="eki-net") == found(finding="brand.display_name") == (plain,)
    assert (
        found(brand="eki%net")
        == found(finding="brand_display_name")
        == found(finding="x.y")
        == found(brand="\udcff")
        == ()
    )
    assert found(lowest=12.5) == both
    assert found(lowest=12.6) == found(highest=20.0, lowest=20.0) == (odd,)
    assert found(highest=12.5) == (plain,)
    assert found(since=clock.now()) == (odd,)
    assert found(since=clock.now() + timedelta(milliseconds=1)) == ()
    store.move(plain, State.DELETED)
    assert found(states=(State.DELETED,), recipient="a@ours.example") == (plain,)
    assert found(states=(State.HELD,), recipient="a@ours.example") == ()
    assert found(states=(State.HELD, State.DELETED)) == both


def test_an_entry_whose_text_was_erased_is_still_found(store: Quarantine, clock: SetClock) -> None:
    """Brand and findings stay when content, author and quotations go."""
    to = outcomes("a@ours.example")
    name = store.hold(message(), stored_document(EVIDENCE, {}, to) | {"arrival": {"rcpt": ["a@x"]}}, to)
    store.move(name, State.DELETED)
    clock.pass_by(days=8)
    store.retain(RetentionOptions(), clock.uptime())
    (entry,) = store.list(Wanted(brand="eki-net", finding="brand.display_name"))
    assert entry.erased
    assert "arrival" not in entry.document


def test_ids_are_completed(store: Quarantine, clock: SetClock) -> None:
    """In order, no more than asked for; of entries that are gone only if the audit counts."""
    names = [hold(store, RAW + bytes([number]), ["a@x"]) for number in range(4)]
    start = names[0][:6]
    assert store.beginning_with(start.lower(), 10) == tuple(sorted(names))
    assert store.beginning_with(start, 2) == tuple(sorted(names))[:2]
    assert store.beginning_with(names[1][:-1], 10) == (names[1],)
    assert store.beginning_with("no id!", 10) == store.beginning_with("7", 10) == ()
    store.move(names[1], State.DELETED)
    store.purge([State.DELETED], timedelta(0) - timedelta(seconds=1), Operation("purge", "ok", "hanako"))
    assert store.beginning_with(names[1], 10) == ()
    assert store.beginning_with(names[1], 10, audited=True) == (names[1],)


def test_an_id_may_be_typed_by_hand(store: Quarantine) -> None:
    """Lower case, spaces, and the letters that Crockford's alphabet leaves out are read as meant."""
    name = hold(store, RAW, ["a@x"])
    typed = f" {name[:13]}-{name[13:]} ".lower().replace("0", "o").replace("1", "l")
    entry = store.get(typed)
    assert entry is not None
    assert entry.id == name
    assert store.content(typed) == RAW


@pytest.mark.parametrize("name", ["", "x", "../../etc/passwd", "%" * 26, "0" * 26, "\udcff"])
def test_an_unknown_id_is_no_entry(store: Quarantine, name: str) -> None:
    """Any text may be asked for."""
    assert store.get(name) is None
    assert store.move(name, State.DELETED) == 0
    with pytest.raises(KeyError):
        store.content(name)


def test_damaged_content_is_never_handed_out(store: Quarantine) -> None:
    """Bytes that are not what was held raise instead of being released."""
    name = hold(store, RAW, ["a@x"])
    with store._writing() as connection:
        data = connection.execute(text("SELECT data FROM contents")).scalar_one()
        connection.execute(text("UPDATE contents SET data = :data"), {"data": data[:-1] + b"\0"})
    with pytest.raises(DamagedError):
        store.content(name)


def test_the_strictest_verdict_stands_for_the_entry(store: Quarantine) -> None:
    """With several recipients the entry shows the severest verdict, each copy its own."""
    both = outcomes("a@x") + outcomes("b@x", disposition=Disposition.REJECT)
    entry = store.get(store.hold(message(RAW), {}, both))
    assert entry is not None
    assert entry.verdict == "reject"
    assert [copy.verdict for copy in entry.copies] == ["quarantine", "reject"]


def test_a_thousand_recipients_fit(store: Quarantine) -> None:
    """As many recipients as Postfix takes are held, and absorbed, at once."""
    many = [f"user{number}@ours.example" for number in range(1200)]
    name = hold(store, RAW, many)
    assert hold(store, RAW, many) == name
    entry = store.get(name)
    assert entry is not None
    assert len(entry.copies) == 1200


def test_nobody_to_hold_for_is_an_error(store: Quarantine) -> None:
    """A message without a recipient would be kept where nobody finds it."""
    with pytest.raises(ValueError, match="at least one recipient"):
        hold(store, RAW, [])


def test_threads_of_one_worker_agree(store: Quarantine) -> None:
    """The same retry held by many threads at once is one entry."""
    with ThreadPoolExecutor(4) as pool:
        names = set(pool.map(lambda _: hold(store, RAW, ["a@x", "b@x"]), range(24)))
    assert len(names) == 1
    entry = store.get(names.pop())
    assert entry is not None
    assert entry.repeats == 23


def test_a_store_does_not_cross_a_fork(store: Quarantine) -> None:
    """A child that uses its parent's connections is stopped before it damages the database."""
    child = os.fork()
    if child == 0:
        try:
            store.stats()
        except RuntimeError:
            os._exit(0)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def _hold_many(options: StoreOptions, start: object, rounds: int) -> None:
    store = Quarantine.open(options, SetClock())
    start.wait(30)  # type: ignore[attr-defined]
    for number in range(rounds):
        hold(store, RAW + bytes([number]), ["a@x", "b@x"])
    store.close()


def test_processes_that_hold_the_same_retry_make_one_entry(options: StoreOptions) -> None:
    """Workers open a new store together and hold the same messages: one entry each, all repeats counted."""
    options = options.model_copy(update={"busy_timeout_seconds": 30.0})
    forks = multiprocessing.get_context("fork")
    start = forks.Barrier(4)
    workers = [forks.Process(target=_hold_many, args=(options, start, 15), daemon=True) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    store = Quarantine.open(options, SetClock())
    found = store.list()
    store.close()
    assert len(found) == 15
    assert {(entry.repeats, len(entry.copies)) for entry in found} == {(3, 2)}
