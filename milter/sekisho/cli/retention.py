"""`sekisho store retention`: the state of retention, and its resumption after a pause because of a wrong clock."""

from __future__ import annotations

from sekisho.cli import output
from sekisho.cli.opening import opened, who
from sekisho.clock import uptime
from sekisho.config import Config
from sekisho.held import Operation, OperationName, OperationResult
from sekisho.store.quarantine import RetentionState

NOT_PAUSED = "Retention was not paused: there was nothing to resume."


def show(config: Config, *, resume: bool, style: str) -> None:
    """Print the state of retention; with `resume`, after resuming it."""
    paused, state = resumed(config) if resume else ("", current(config))
    if style == "json":
        output.write_json(document(state) | ({"resumed": bool(paused)} if resume else {}))
        return
    if resume:
        output.write(f"resumed; it was paused: {paused}\n" if paused else f"{NOT_PAUSED}\n")
    output.write(text(state, config) + "\n")


def current(config: Config) -> RetentionState:
    """The state of retention."""
    with opened(config, reading=True) as quarantine:
        return quarantine.retention(config.retention, uptime())


def resumed(config: Config) -> tuple[str, RetentionState]:
    """End a pause of retention: the clock is right as it is now. Gives why it was paused (empty: it was not), and the
    state afterwards."""
    with opened(config) as quarantine:
        before = quarantine.retention(config.retention, uptime())
        done = Operation(
            OperationName.RETENTION, OperationResult.OK, who(), note=f"resumed: {before.paused}"[:300]
        )
        if before.paused:
            quarantine.resume_retention(uptime(), done)
        return before.paused, quarantine.retention(config.retention, uptime())


def document(state: RetentionState) -> dict[str, object]:
    """The state as JSON values."""
    return {
        "now": state.now.isoformat(timespec="seconds"),
        "last": state.last.isoformat(timespec="seconds") if state.last else None,
        "paused": state.paused or None,
        "due": state.due,
    }


def text(state: RetentionState, config: Config) -> str:
    """The state as lines for a reader."""
    last = f"last ran on {state.last:%Y-%m-%d %H:%M} UTC" if state.last else "has not run yet"
    lines = [
        f"The clock says {state.now:%Y-%m-%d %H:%M} UTC. Retention {last}.",
        f"By this clock {state.due} messages are held for more than {config.retention.held_days:g} days"
        f" and {'would ' if state.paused else ''}expire at the next turn.",
    ]
    if state.paused:
        lines += [
            f"Retention is paused: {state.paused}.",
            "Look at the clock (date -u). If it is right: sekisho store retention --resume",
        ]
    return "\n".join(lines)
