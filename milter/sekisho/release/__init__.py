"""Sends held mail to its recipients.

`Releaser(store, options, own, host, privacy).release(entry, request)` passes copies to the MTA, one transaction each,
and records each state in the store. After a crash at any moment a copy is held, released or uncertain. It is never
lost, and never sent twice unless a person asks for it.
"""

from sekisho.release.deliver import Releaser, ReleaseRequest, ReleaseResult, UnclearRequestError
from sekisho.release.options import ReleaseOptions
from sekisho.release.rewrite import rewrite

__all__ = ["ReleaseOptions", "ReleaseRequest", "ReleaseResult", "Releaser", "UnclearRequestError", "rewrite"]
