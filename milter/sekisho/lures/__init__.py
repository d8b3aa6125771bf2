"""What mail wants of its reader, as vocabulary: one TOML file a language, found in the one pass that finds names."""

from sekisho.lures.load import LureFileError, load
from sekisho.lures.model import ASKS, MATTERS, PUSHES, Lures, Matter
from sekisho.lures.vocabulary import Vocabulary

__all__ = ["ASKS", "MATTERS", "PUSHES", "LureFileError", "Lures", "Matter", "Vocabulary", "load"]
