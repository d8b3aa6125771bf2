"""Held mail on its way to whom it was meant for.

`Releaser(store, options, authserv_id, clock).release(entry, ...)` hands copies to the MTA, one transaction
each, and keeps the store in step, so that a crash at any moment leaves a copy held, released, or plainly
uncertain, never lost and never sent twice unasked.
"""

from sekisho.release.deliver import Done, Releaser, Wish
from sekisho.release.options import ReleaseOptions
from sekisho.release.rewrite import rewrite

__all__ = ["Done", "ReleaseOptions", "Releaser", "Wish", "rewrite"]
