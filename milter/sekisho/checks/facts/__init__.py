"""Questions that several checks ask. A check imports facts, never another check."""
