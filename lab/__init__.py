"""The lab: a private Postfix, a loopback DNS, a sender, a sink and a ledger around the real daemon.

One tool for `make run`, the system tests, the benchmark and the long runs. Everything listens on loopback
only, lives in one directory of its own, and is stopped by process id; the machine's own mail system, its
configuration and its queue are never read or written.
"""
