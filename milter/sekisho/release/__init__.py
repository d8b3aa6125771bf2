"""Held mail on its way to its recipients.

`Releaser(store, options, authserv_id, privacy).release(entry, wish)` hands copies to the MTA, one transaction each, and
keeps the store in step: a crash at any moment leaves a copy held, released or uncertain, never lost and never sent
twice unasked.
"""

from sekisho.release.deliver import Done, Releaser, UnclearWishError, Wish
from sekisho.release.options import ReleaseOptions
from sekisho.release.rewrite import rewrite

__all__ = ["Done", "ReleaseOptions", "Releaser", "UnclearWishError", "Wish", "rewrite"]
