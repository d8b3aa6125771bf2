"""The fault matrix, `make faults [ROWS=name,name]`: one row for each fault, on a private Postfix with a ledger.

A row is a function in a module of `lab.faults.rows`:

    @row("kill-worker", "a worker is killed (-9) under load", "0 lost, 0 doubled, 0 unjudged; ready again")
    def kill_worker(trial: Trial) -> None:
        with trial.site() as site, site.load(trial.size) as load:
            ...cause the fault while mail comes in...
            trial.wait("ready again", site.ready)
        trial.balance(site)

The row says with `trial.see` and `trial.wait` what must be true. It has failed if one of these is not true, or if it
raised an exception. If the machine cannot do it, it raises `Untried` with the reason. `trial.balance` waits until the
sender has retried everything and the queue is empty, and then compares what was sent with where it is now.
"""
