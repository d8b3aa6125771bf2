from .options import SiteOptions
from .site import Site, SiteFileError

__all__ = ["Site", "SiteFileError", "SiteOptions"]
