"""DNS that fails, is slow, or is gone for a while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lab.faults.bad_dns import KINDS, OTHERS, BadDns
from lab.faults.row import Trial, row
from lab.faults.rows.kill import see_ready
from lab.faults.site import Site

MUST = "no 4xx of ours, every delivered copy judged, an answer within 20 s; 0 lost, 0 doubled"
_QUICK = {"timeout": 0.4, "budget": 1.2, "cache_size": 0, "negative_ttl": 0.0}
_KINDS_OF_MAIL = ("plain", "held", "tagged", "mixed")


@contextmanager
def _up(trial: Trial, **dns: object) -> Iterator[tuple[Site, BadDns]]:
    with BadDns() as server, trial.site({"dns": {**_QUICK, **dns, "servers": [server.address]}}) as site:
        yield site, server


def _see_mail(trial: Trial, site: Site, what: str) -> None:
    sender = site.senders[-1]
    late = [seconds for seconds in sender.seconds if seconds > 20]
    bad = {code: number for code, number in sender.replies.items() if code == 0 or 400 <= code < 500}
    if bad or late:
        trial.see(f"{what}: no 4xx, within 20 s", False, f"{bad}, {len(late)} late, {dict(sender.texts)}")


@row("dns-kinds", f"a name server that fails in {len(KINDS) + len(OTHERS) - 1} ways", MUST)
def dns_kinds(trial: Trial) -> None:
    with _up(trial) as (site, server):
        ways = {**KINDS, **OTHERS}
        for name, answer in ways.items():
            server.answer = answer
            with site.load(max(4, trial.size // len(ways)), _KINDS_OF_MAIL, sessions=8) as load:
                load.finish()
            _see_mail(trial, site, name)
        trial.note(f"{server.asked} questions")
        server.answer = OTHERS["good"]
        see_ready(trial, site)
        trial.balance(site)
        degraded = site.metric("sekisho_degraded_total", reason="dns")
        trial.see("verdicts are marked degraded", degraded > 0, f"{degraded:g}")
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("no worker is lost", lost == 0, f"{lost:g}")


@row("dns-drip", "a name server whose answers come byte by byte over TCP", MUST, weight=0.2)
def dns_drip(trial: Trial) -> None:
    with _up(trial, timeout=2.0, budget=8.0) as (site, server):
        server.drip = True
        with site.load(trial.size, _KINDS_OF_MAIL, sessions=16, patience=300) as load:
            load.finish()
        _see_mail(trial, site, "slow drip")
        trial.note(f"slowest {max(load.seconds, default=0):.1f} s")
        server.drip = False
        see_ready(trial, site)
        trial.balance(site)


@row("dns-outage", "no answer from DNS for 10 s under load", MUST + "; judged fully again afterwards")
def dns_outage(trial: Trial) -> None:
    with _up(trial, timeout=2.0, budget=8.0) as (site, server):
        with site.load(trial.size, _KINDS_OF_MAIL, per_second=12, sessions=24) as load:
            time.sleep(2)
            server.answer = KINDS["silent"]
            time.sleep(10)
            server.answer = OTHERS["good"]
            load.finish()
        _see_mail(trial, site, "outage")
        degraded = site.metric("sekisho_degraded_total", reason="dns")
        trial.see("verdicts are marked degraded", degraded > 0, f"{degraded:g}")

        def judged_fully() -> bool:
            before = site.metric("sekisho_degraded_total", reason="dns")
            site.send(site.mails(1, ("plain",))[0])
            return site.metric("sekisho_degraded_total", reason="dns") == before

        trial.wait("judged fully afterwards", judged_fully, 30)
        see_ready(trial, site)
        trial.balance(site)
