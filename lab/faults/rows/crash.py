"""A message that kills the process that judges it."""

from __future__ import annotations

from lab.faults import hooks
from lab.faults.mails import with_field
from lab.faults.row import Trial, row
from lab.faults.rows.kill import see_ready
from lab.place import wait_until

MUST = "one worker is lost, ever; the message ends in hold or tagged; 0 lost, 0 doubled, 0 unjudged"
_ROOM = {"wire": {"workers": 1, "threads": 32, "soft_deadline": 20.0, "hard_deadline": 25.0}}


def _crash(name: str, field: str, how: str) -> None:
    @row(
        f"crash-{name}",
        f"a message ends its worker ({how}) while 16 others are in progress",
        MUST,
        weight=0.2,
    )
    def run(trial: Trial) -> None:
        with trial.site(_ROOM, hook=hooks.CRASH) as site:
            others = site.sender(sessions=16, patience=90, ends=1.0)
            others.offer(with_field(each, "X-Slow", "4") for each in site.mails(16, ("plain", "held")))
            wait_until(lambda: site.metric("sekisho_sessions_in_progress") >= 16, "16 are at work", 60)
            killer = site.mails(1, ("held",))[0]
            first = site.send(with_field(killer, field), patience=90)
            others.finish()
            trial.note(f"it heard {dict(first.replies)}, the 16 others {dict(others.replies)}")
            see_ready(trial, site, workers=1)
            lost = site.metric("sekisho_worker_restarts_total")
            trial.see("one worker is lost", lost == 1, f"{lost:g}")
            most = max(others.put_off.values(), default=0)
            trial.see("each of the others heard at most one 4xx", most <= 1, f"{most}, {dict(others.texts)}")
            with site.load(trial.size) as load:
                load.finish()
            trial.balance(site)
            lost = site.metric("sekisho_worker_restarts_total")
            trial.see("no worker is lost later", lost <= 1, f"{lost:g}")


for _name, _field, _how in (
    ("segv", "X-Segv", "a bad address"),
    ("exit", "X-Exit", "it exits"),
    ("abort", "X-Abort", "abort()"),
):
    _crash(_name, _field, _how)


@row(
    "crash-loop",
    "20 messages, each of which ends the process that judges it",
    MUST.replace("one worker is", "at most 20 workers are"),
    weight=0.2,
)
def crash_loop(trial: Trial) -> None:
    with trial.site(hook=hooks.CRASH) as site:
        killers = site.sender(sessions=2, patience=300)
        killers.offer((with_field(each, "X-Segv") for each in site.mails(20, ("held",))), per_second=2)
        with site.load(trial.size, per_second=10, patience=300) as load:
            load.finish()
        killers.finish()
        see_ready(trial, site)
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("at most one worker for each", lost <= 20, f"{lost:g}")
        trial.balance(site)
