"""The brand registry. Each brand is one TOML file; the registry is loaded as a whole or not at all."""

from sekisho.brands.index import BrandIndex
from sekisho.brands.load import BrandFileError, load
from sekisho.brands.model import Brand
from sekisho.brands.options import BrandOptions

__all__ = ["Brand", "BrandFileError", "BrandIndex", "BrandOptions", "load"]
