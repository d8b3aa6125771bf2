"""The lab: a private Postfix, a DNS server on loopback, a sender, a sink and a ledger around the real daemon.

`make run`, the system tests, the benchmark and the long runs use it. Everything listens on loopback only, has one
directory of its own, and is stopped by process id. The machine's own mail system, its configuration and its queue are
never read or written.
"""
