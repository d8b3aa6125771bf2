"""DNS as the checks see it: one question, one `Answer`, whatever is on the wire.

Two resolvers stand behind the port of `ports.Resolver`: `DnsResolver` asks recursive name servers (RFC 1035,
EDNS of RFC 6891, negative caching of RFC 2308) and `CaseResolver` answers from the records of a case file.
`Budget` wraps either for one message and bounds the time that the message may wait for DNS in total.

What an answer means: NXDOMAIN (the name does not exist), NODATA (it does, without this type) and TEMPERROR
(nobody knows: SERVFAIL, time-out, budget spent, nonsense on the wire) are three different values.

It cannot see whether an answer is true: there is no DNSSEC validation here. Run a validating resolver on
loopback; the questions carry random ids and come from random ports, which is all that a stub can do.
"""

from sekisho.resolver.case import Budget, CaseResolver
from sekisho.resolver.options import DnsOptions, parse_server, system_servers
from sekisho.resolver.stub import DnsResolver

__all__ = ["Budget", "CaseResolver", "DnsOptions", "DnsResolver", "parse_server", "system_servers"]
