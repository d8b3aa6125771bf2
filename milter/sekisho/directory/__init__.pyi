from .introduce import TableDirectory
from .options import DirectoryOptions
from .postmap import TableError, missing, query
from .tables import TableOutcome, Tables, TableUse

__all__ = [
    "DirectoryOptions",
    "TableDirectory",
    "TableError",
    "TableOutcome",
    "TableUse",
    "Tables",
    "missing",
    "query",
]
