"""The brand registry: one TOML file a brand, loaded whole or not at all, asked by look-up."""

from sekisho.brands.index import BrandIndex
from sekisho.brands.load import BrandFileError, load
from sekisho.brands.model import Brand
from sekisho.brands.options import BrandOptions

__all__ = ["Brand", "BrandFileError", "BrandIndex", "BrandOptions", "load"]
