"""DNS for the checks: one `Answer` for each question, whatever comes over the wire.

Two classes implement `ports.Resolver`. `DnsResolver` asks recursive name servers (RFC 1035, EDNS of RFC 6891, negative
caching of RFC 2308). `CaseResolver` answers from the records of a case file. `Budget` wraps one of them for one
message, and bounds the time that the message may wait for DNS in total.

Three values say that there are no records: NXDOMAIN (the name does not exist), NODATA (the name exists, without records
of this type) and TEMPERROR (not known: SERVFAIL, time-out, budget spent, or an invalid response).

It cannot see whether an answer is true, since it does no DNSSEC validation. Run a validating resolver on loopback.
Queries have random ids and random source ports; a stub resolver can do no more.
"""

from sekisho.resolver.case import Budget, CaseResolver, case_records
from sekisho.resolver.options import DnsOptions, parse_server, system_servers
from sekisho.resolver.stub import DnsResolver

__all__ = [
    "Budget",
    "CaseResolver",
    "DnsOptions",
    "DnsResolver",
    "case_records",
    "parse_server",
    "system_servers",
]
