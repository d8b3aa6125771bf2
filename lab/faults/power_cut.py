"""The power cut: a recorded run of the store is cut at many moments, and possible disks after each cut are examined.

`record` runs `lab.faults.workload` with the shim. `cut` builds disks with `lab.faults.disk_model` and opens each with
the real store. On each disk this must be true: everything that had been answered is there and complete (content by its
digest; every recipient in its state, or during an operation in the next state); nothing is there that was not held;
SQLite finds no damage; and the store accepts mail again.
"""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.faults.disk_model import KEEP, SECTORS, Disk, unmapped
from lab.faults.shim import Call, Shim, calls
from lab.faults.state import MARKS, State, damage, observe, options_of, remembered
from lab.faults.workload import Clock, held_message
from lab.place import LabError
from lab.program import ROOT
from sekisho.store.lists import ListStore
from sekisho.store.quarantine import Quarantine

STORE_PHASES = ("migration", "hold", "release", "lists", "failing", "dying", "retention")
PHASES = (*STORE_PHASES, "failures", "guard")
NOTHING: State = {
    "entries": {},
    "operations": 0,
    "lists": [0, []],
    "snapshot": [0, []],
    "guard": [0.0, 0.0, 0.0],
    "failed": [],
    "refused": [],
}


@dataclass
class Cuts:
    """The results of all images. A fault is a text, with the moment and the seed that reproduce it."""

    images: int = 0
    moments: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    missing: int = 0
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        where = ", ".join(f"{number} of {phase}" for phase, number in self.moments.items())
        return (
            f"{self.images} images of {self.moments.total()} moments ({where}); {self.answered} answered messages "
            f"looked for, {self.missing} missing; {len(self.faults)} images at fault"
        )


@dataclass(frozen=True, slots=True)
class Moment:
    """The moment after the call with this number. `before` is what had been answered, `after` what was in progress."""

    phase: str
    number: int
    before: State
    after: State


def record(place: Path, seed: int) -> list[Call]:
    """Run the workload with this seed; returns its calls to the disk, with its marks. Raises LabError."""
    directory = place / "store"
    directory.mkdir(parents=True)
    shim = Shim(place / "shim", directory)
    control = shim.environment()["SHIM_CONTROL"]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "milter"), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "lab.faults.workload", str(directory), control, str(seed)],
        env=os.environ | shim.environment(record=True) | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"the workload ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return unmapped(calls(shim.trace))


def moments(
    trace: Sequence[Call], rng: random.Random, each: int, phases: Sequence[str] = PHASES
) -> list[Moment]:
    """At most `each` moments of each phase, in the order of the trace. Half of them are directly after an answer, which
    is the hardest case; half are anywhere."""
    found: dict[str, list[tuple[int, bool]]] = {phase: [] for phase in phases}
    phase = ""
    for number, call in enumerate(trace):
        line = _mark(call)
        phase = phase if line is None else line.get("phase", phase)
        if phase in found:
            found[phase].append((number, line is not None))
    chosen: dict[int, str] = {}
    for name, numbers in found.items():
        answered = [number for number, mark in numbers if mark]
        others = [number for number, mark in numbers if not mark]
        picked = rng.sample(answered, min(each // 2, len(answered)))
        picked += rng.sample(others, min(each - len(picked), len(others)))
        chosen |= dict.fromkeys(picked, name)
    return list(_with_states(trace, chosen))


def _with_states(trace: Sequence[Call], chosen: Mapping[int, str]) -> Iterator[Moment]:
    states = [
        (number, line["state"]) for number, call in enumerate(trace) if "state" in (line := _mark(call) or {})
    ]
    for number, phase in sorted(chosen.items()):
        before = [state for at, state in states if at <= number]
        after = [state for at, state in states if at > number]
        last = before[-1] if before else NOTHING
        yield Moment(phase, number, last, after[0] if after else last)


def _mark(call: Call) -> Any:
    """The mark that the workload wrote; None for any other call."""
    return json.loads(call.data) if call.name == MARKS and call.kind == "W" else None


def cut(trace: Sequence[Call], seed: int, each: int, images: int, phases: Sequence[str] = PHASES) -> Cuts:
    """Build and examine `images` disks at each moment, with at most `each` moments of every phase."""
    rng = random.Random(seed)
    result = Cuts()
    disk = Disk()
    wanted = {moment.number: moment for moment in moments(trace, rng, each, phases)}
    with _quiet():
        for number, call in enumerate(trace):
            if call.name != MARKS:
                disk.play(call, rng)
            if (moment := wanted.get(number)) is not None:
                result.moments[moment.phase] += 1
                for turn in range(images):
                    _try(disk, moment, turn, seed, result)
    return result


def _try(disk: Disk, moment: Moment, turn: int, seed: int, result: Cuts) -> None:
    """Build and examine one image."""
    rng = random.Random(f"{seed} {moment.number} {turn}")
    share, sector = KEEP[turn % len(KEEP)], SECTORS[turn // len(KEEP) % len(SECTORS)]
    image = disk.image(rng, share, sector)
    result.images += 1
    result.answered += len(moment.before["entries"])
    with tempfile.TemporaryDirectory(prefix="sekisho-cut-", dir=_memory()) as place:
        for name, content in image.items():
            (Path(place) / name).write_bytes(content)
        found = _faults(Path(place), moment, result)
    if found:
        where = f"seed {seed}, {moment.phase}, after call {moment.number}, {share:.0%} of {sector}-byte sectors kept"
        result.faults.append(f"{where}: {'; '.join(found[:3])}")


def _faults(place: Path, moment: Moment, result: Cuts) -> list[str]:
    """What is wrong with the store in this directory."""
    clock = Clock()
    try:
        with closing(Quarantine.open(options_of(place), clock)) as store:
            with closing(ListStore.open(options_of(place), clock)) as lists:
                seen = observe(store, lists, place)
            found = damage(place)
            seen["failed"] = remembered(place, moment.after["failed"])
            name = store.hold(
                *held_message(b"Subject: after\r\n\r\nthe power came back\r\n", ["z@home.example"])
            )
            if store.get(name) is None:
                found.append("the store does not take mail")
    except Exception as error:  # any error of the real code is a fault
        result.missing += len(moment.before["entries"])
        return [f"{type(error).__name__}: {error}"]
    lost = [entry for entry in moment.before["entries"] if not _still(entry, seen, moment)]
    result.missing += len(lost)
    return found + [f"answered and missing: {entry}" for entry in lost] + list(_differences(seen, moment))


def _still(name: str, seen: State, moment: Moment) -> bool:
    """True if an answered entry is there, or was being removed."""
    return name in seen["entries"] or name not in moment.after["entries"]


def _differences(seen: State, moment: Moment) -> Iterator[str]:
    before, after = moment.before, moment.after
    for name, entry in seen["entries"].items():
        yield from _of_entry(name, entry, before["entries"].get(name), after["entries"].get(name), after)
    for what in ("lists", "snapshot"):
        if seen[what] not in (before[what], after[what]):
            yield f"{what}: {seen[what]}, which is neither {before[what]} nor {after[what]}"
    if not before["operations"] <= seen["operations"] <= after["operations"]:
        yield f"{seen['operations']} lines of audit, {before['operations']} had been written"
    for value, *possible in zip(seen["guard"], before["guard"], after["guard"], strict=True):
        if value not in possible:
            yield f"guard: {value}, which is none of {possible}"
    for digest in before["failed"]:
        if digest not in seen["failed"]:
            yield f"a failed message is forgotten: {digest[:8]}"


def _of_entry(
    name: str, seen: State, before: State | None, after: State | None, final: State
) -> Iterator[str]:
    """What is wrong with an entry, compared with its state before and after the operation."""
    if seen["content"] not in (seen["digest"], "gone"):
        yield f"{name}: its content is another's"
    known = [state for state in (before, after) if state is not None]
    if not known:
        if seen["digest"] not in final["refused"] or seen["content"] == "gone":
            yield f"{name}: nobody held it"
        return
    if seen["content"] == "gone" and all(state["content"] != "gone" for state in known) and after is not None:
        yield f"{name}: its content is gone"
    for address, state in seen["copies"].items():
        possible = {each["copies"].get(address) for each in known}
        if after is not None and state not in possible:
            yield f"{name}: {address} is {state}, and was {possible}"
    if not set(known[0]["copies"]) <= set(seen["copies"]):
        yield f"{name}: recipients are missing"


def _memory() -> str | None:
    """A directory in memory, because an image is examined only once; None if there is none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the store's log: it would report the same two thousand times."""
    logger = logging.getLogger("sekisho")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
