from .introduce import TableDirectory
from .options import DirectoryOptions
from .postmap import TableError, missing, query, types
from .tables import TableOutcome, Tables, TableUse
from .trial import NamedTable, TriedTable, named, tried

__all__ = [
    "DirectoryOptions",
    "NamedTable",
    "TableDirectory",
    "TableError",
    "TableOutcome",
    "TableUse",
    "Tables",
    "TriedTable",
    "missing",
    "named",
    "query",
    "tried",
    "types",
]
