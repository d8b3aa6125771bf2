"""The words that are looked for in mail, as data: lists of words, themes and phrases of lures, and a site's own.

`config/vocabulary` holds lists of words, `config/lures` one file of phrases a language and the themes; a site adds and
removes words in a folder of its own. They are loaded and made into patterns once, when the program starts or is
reloaded. Words with which a text is read (`text`) and syntax (dates, URLs, telephone numbers) are code.
"""

from sekisho.vocabulary.compiled import BrandWords
from sekisho.vocabulary.files import VocabularyFileError
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
