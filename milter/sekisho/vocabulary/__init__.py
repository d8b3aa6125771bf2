"""The words that are looked for in mail: lists of words, and themes and phrases of lures. They are data.

`config/vocabulary` holds the lists of words, `config/lures` the themes and one file of phrases for each language; a
site adds and removes words in a folder of its own. They are loaded and made into patterns once, when the program starts
or is reloaded. Syntax (dates, URLs, telephone numbers) and the words by which a text is parsed (`text`) are code.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
