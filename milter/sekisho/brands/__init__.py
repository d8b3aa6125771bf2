"""The brand registry. Each brand is one TOML file; the registry is loaded as a whole or not at all."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
