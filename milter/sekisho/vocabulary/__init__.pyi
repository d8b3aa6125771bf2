from .compiled import BrandWords
from .files import LoadedWords, load, providers_file
from .lists import VocabularyFileError
from .lures import Lures, ThemeName
from .options import VocabularyOptions
from .phrases import LurePhrases
from .themes import shipped_themes

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
