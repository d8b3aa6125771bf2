"""Who the message says it is from, and whether that is proven."""
