"""The words that are looked for in mail: lists of words, and themes and phrases of lures. They are data.

`config/vocabulary` holds the lists of words, `config/lures` the themes and one file of phrases for each language; a
site adds and removes words in a folder of its own. They are loaded and made into patterns once, when the program starts
or is reloaded. Syntax (dates, URLs, telephone numbers) and the words by which a text is parsed (`text`) are code.
"""

from sekisho.vocabulary.compiled import BrandWords
from sekisho.vocabulary.lists import VocabularyFileError
from sekisho.vocabulary.load import LoadedWords, load, providers_file
from sekisho.vocabulary.lures import Lures, ThemeName
from sekisho.vocabulary.options import VocabularyOptions
from sekisho.vocabulary.phrases import LurePhrases
from sekisho.vocabulary.themes import shipped_themes

__all__ = [
    "BrandWords",
    "LoadedWords",
    "LurePhrases",
    "Lures",
    "ThemeName",
    "VocabularyFileError",
    "VocabularyOptions",
    "load",
    "providers_file",
    "shipped_themes",
]
