from .case import Budget, CaseResolver, case_records
from .options import DnsOptions, parse_server, system_servers
from .stub import DnsResolver

__all__ = [
    "Budget",
    "CaseResolver",
    "DnsOptions",
    "DnsResolver",
    "case_records",
    "parse_server",
    "system_servers",
]
