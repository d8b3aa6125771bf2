"""DNS for the checks: one `Answer` for each question, whatever comes over the wire.

Two classes implement `ports.Resolver`. `DnsResolver` asks recursive name servers (RFC 1035, EDNS of RFC 6891, negative
caching of RFC 2308). `CaseResolver` answers from the records of a case file. `Budget` wraps one of them for one
message, and bounds the time that the message may wait for DNS in total.

Three values say that there are no records: NXDOMAIN (the name does not exist), NODATA (the name exists, without records
of this type) and TEMPERROR (not known: SERVFAIL, time-out, budget spent, or an invalid response).

It cannot see whether an answer is true, since it does no DNSSEC validation. Run a validating resolver on loopback.
Queries have random ids and random source ports; a stub resolver can do no more.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
