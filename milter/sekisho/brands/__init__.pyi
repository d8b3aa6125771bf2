from .files import BrandFileError, load
from .index import BrandIndex
from .model import Brand
from .options import BrandOptions

__all__ = ["Brand", "BrandFileError", "BrandIndex", "BrandOptions", "load"]
