"""The fault matrix, `make faults [ROWS=name,name]`: one row a fault, on a private Postfix with a ledger.

A row is a function in a module of `lab.faults.rows`:

    @row("kill-worker", "a worker is killed (-9) under load", "0 lost, 0 doubled, 0 unjudged; ready again")
    def kill_worker(trial: Trial) -> None:
        with trial.site() as site, site.load(trial.size) as load:
            ...do the harm while mail comes in...
            trial.wait("ready again", site.ready)
        trial.balance(site)

It says what must be seen with `trial.see` and `trial.wait`; a row failed if one of these was not seen, or if it raised
an exception. What is not possible on this machine raises `Untried` with the reason. `trial.balance` waits until the
sender has tried everything again and the queue is empty, and then compares what was sent with what is somewhere.
"""
