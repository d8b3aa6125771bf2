"""The message: its envelope, headers, text, links and parts, read from bytes once and never changed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
