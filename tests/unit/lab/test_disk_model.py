"""What the model of the power cut lets a disk lose, and what not."""

from __future__ import annotations

import random
from collections.abc import Mapping

from lab.faults.disk_model import KEEP, Disk
from lab.faults.shim import Call

A, B = bytes([65]) * 1024, bytes([66]) * 1024


def call(kind: str, name: str = "f", inode: int = 1, offset: int = 0, data: bytes = b"") -> Call:
    return Call(kind, 1, inode, offset, name, data)


def disks(*recorded: Call) -> list[Mapping[str, bytes]]:
    """Many possible disks after these calls."""
    disk = Disk()
    rng = random.Random(1)
    for each in recorded:
        disk.play(each, rng)
    return [disk.image(random.Random(seed), KEEP[seed % len(KEEP)], 512) for seed in range(200)]


MADE = (call("C"), call("D", "."))


def test_nothing_is_there_for_sure_before_a_sync() -> None:
    """A written file may be missing, empty, short, torn at a sector, hold zeros, or be whole."""
    found = disks(call("C"), call("W", data=A))
    contents = {image.get("f") for image in found}
    assert None in contents
    assert {b"", A, A[:512] + bytes(512), bytes(512) + A[512:], bytes(1024)} <= contents


def test_what_was_synced_stays() -> None:
    """File and directory synced: every disk holds all of it, whatever was written afterwards elsewhere."""
    found = disks(*MADE, call("W", data=A), call("S"), call("C", "g", 2), call("W", "g", 2, data=B))
    assert {image["f"] for image in found} == {A}


def test_a_synced_file_without_a_synced_name_may_be_gone() -> None:
    """Syncing the file does not sync its name."""
    found = disks(call("C"), call("W", data=A), call("S"))
    assert {image.get("f") for image in found} == {None, A}


def test_a_sector_is_old_or_new() -> None:
    """Writing again: each sector is one of the two, independently."""
    found = disks(*MADE, call("W", data=A), call("S"), call("W", data=B))
    halves = {(image["f"][:512], image["f"][512:]) for image in found}
    assert halves == {(x[:512], y[:512]) for x in (A, B) for y in (A, B)}


def test_a_rename_is_whole() -> None:
    """The name leads to the old file or to the new one, never to nothing."""
    found = disks(
        *MADE,
        call("W", data=A),
        call("S"),
        call("C", "new", 2),
        call("W", "new", 2, data=B),
        call("S", "new", 2),
        call("R", "new", 0, data=b"f"),
    )
    assert {image["f"] for image in found} == {A, B}


def test_a_removed_file_may_be_back_until_the_directory_is_synced() -> None:
    """Then it is gone for good."""
    recorded = (*MADE, call("W", data=A), call("S"), call("U", inode=0))
    assert {image.get("f") for image in disks(*recorded)} == {None, A}
    assert {image.get("f") for image in disks(*recorded, call("D", "."))} == {None}


def test_a_later_sync_does_not_make_up_for_a_failed_one() -> None:
    """What was written before a failed sync may be lost though the next sync succeeds."""
    lost = 0
    for seed in range(50):
        disk = Disk()
        for each in (*MADE, call("W", data=A), call("F"), call("S")):
            disk.play(each, random.Random(seed))
        lost += disk.image(random.Random(0), 1.0, 512)["f"] != A
    assert 0 < lost < 50


def test_a_shortened_file_may_still_be_long() -> None:
    """A change of size is as lost as a write until the sync."""
    recorded = (*MADE, call("W", data=A), call("S"), call("T", offset=512))
    assert {image["f"] for image in disks(*recorded)} >= {A, A[:512]}
    assert {image["f"] for image in disks(*recorded, call("S"))} == {A[:512]}
