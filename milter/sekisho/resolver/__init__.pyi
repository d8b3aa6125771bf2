from .case import Budget, CaseResolver
from .options import DnsOptions, parse_server, system_servers
from .stub import DnsResolver

__all__ = ["Budget", "CaseResolver", "DnsOptions", "DnsResolver", "parse_server", "system_servers"]
