"""Builds the program from its parts. The daemon, the command line, the tests and the benchmarks all use it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
