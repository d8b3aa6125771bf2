"""Authentication methods as libraries: parts of a message and a look-up in, results out. They use no check.

Each method has a function `evaluate`, which returns `results.MethodResult`. Any content of the message or of DNS
becomes a result; `evaluate` never raises for it. An exception of `evaluate` is a defect.

| module | method | standard |
| --- | --- | --- |
| `spf` | SPF, of MAIL FROM or HELO | RFC 7208 |
| `dkim`, with `signatures` and `keys` | DKIM, one result a signature | RFC 6376, 8301, 8463 |
| `arc` | ARC, the state of the chain | RFC 8617 |
| `dmarc` | DMARC and alignment | RFC 9989 |
| `iprev` | the name of the client | RFC 8601 section 3 |
| `authres` | the Authentication-Results field, written and read | RFC 8601 |
| `forged_fields` | fields that pretend to be ours | RFC 8601 section 5 |
"""
