"""Changes that people make while the program runs, and how they take effect without a reload.

`lists` reads and checks block and allow entries for the store, `switch` pauses and resumes, `watch` applies both.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
