"""What a person does with held mail: one service for the command line, and later for API and pages.

`Review` lists, shows, releases, deletes, allows, labels and reports, and records who did it. `documents` gives its
answers as JSON values; `trace` finds where one message is. Nothing here formats text for people. The caller says who
the person is (`who`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
