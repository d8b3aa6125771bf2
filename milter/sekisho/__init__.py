"""sekisho (関所): who a message claims to be from, against who is proven to have sent it."""

__version__ = "0.8.1"
