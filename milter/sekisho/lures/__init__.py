"""What mail wants of its reader, as vocabulary: one TOML file a language, found in the one pass that finds names."""

from sekisho.lures.load import LureFileError, load
from sekisho.lures.model import ACTIONS, PRESSURES, THEMES, Lures, Theme
from sekisho.lures.vocabulary import Vocabulary

__all__ = ["ACTIONS", "PRESSURES", "THEMES", "LureFileError", "Lures", "Theme", "Vocabulary", "load"]
