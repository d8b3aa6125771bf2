from .deliver import Releaser
from .options import ReleaseOptions
from .request import ReleaseRequest, ReleaseResult, UnclearRequestError

__all__ = ["ReleaseOptions", "ReleaseRequest", "ReleaseResult", "Releaser", "UnclearRequestError"]
