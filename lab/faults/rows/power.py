"""A power cut: what the store and the files beside it may have lost, at many moments."""

from __future__ import annotations

import shutil

from lab.faults.power_cut import PHASES, STORE_PHASES, cut, record
from lab.faults.row import Trial, Untried, row

SEED = 20
_MOMENTS = 16  # of each phase
_IMAGES = 25  # of each moment


@row(
    "power-cut",
    "a power cut in hold, release, retention, migration, list change, after a failed sync",
    "2,000 images or more of 40 moments or more: every answered message there, every entry whole",
    weight=0.1,
)
def power_cut(trial: Trial) -> None:
    _cut(trial, STORE_PHASES)


@row(
    "power-cut-files",
    "a power cut after a failure was noted or a pause was ordered",
    "the failure is still known, the pause is in force",
    weight=0.1,
)
def power_cut_files(trial: Trial) -> None:
    _cut(trial, tuple(phase for phase in PHASES if phase not in STORE_PHASES))


def _cut(trial: Trial, phases: tuple[str, ...]) -> None:
    if shutil.which("gcc") is None:
        raise Untried("gcc is not installed")
    found = cut(record(trial.place / "power", SEED), SEED, _MOMENTS, _IMAGES, phases)
    trial.see("0 answered messages missing", found.missing == 0, found.missing)
    trial.see("every image sound", not found.faults, "; ".join(found.faults[:2]) or found)
