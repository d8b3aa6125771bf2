"""The argument of MAIL or RCPT, read exactly or not at all (RFC 5321 section 4.1.2, RFC 6531 section 3.3).

Before the queue Postfix passes on what the client wrote, and reads it by rules of its own: to it `< a@y.example >`,
`<a@y.example (x)>`, `<a@"y.example">`, `<a%y.example>` and `<"a@y.example">` are all `a@y.example`. Whoever reads them
in another way applies the rules of another mailbox. So only the forms count here that all programs read alike.

Two of them are beyond the RFC, and in use: dots anywhere in a local part (`a..b@docomo.ne.jp`, `x.@ezweb.ne.jp`), and
underscores in a domain.

A local part that carries a route (`a%y.example@x.example`, `y.example!a@x.example`, `"a@y.example"@x.example`) is no
recipient either: the MTA of the domain may deliver to another one than it says. Postfix takes none from strangers
(`allow_untrusted_routing`).

After the queue Postfix has rewritten all addresses to these forms.
"""

from __future__ import annotations

import re

_FOREIGN = "\u00a1-\ud7ff\ue000-\U0010ffff"
_ATOM = rf"[A-Za-z0-9!#$%&'*+/=?^_`{{|}}~.{_FOREIGN}-]+"
_QUOTED = rf'"(?:[ !#-\[\]-~{_FOREIGN}]|\\[ -~])+"'
_LABEL = rf"[A-Za-z0-9_{_FOREIGN}-]+"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*+"
_LITERAL = r"\[(?:IPv6:)?[0-9A-Fa-f.:]+\]"
_ROUTE = rf"@{_DOMAIN}(?:,@{_DOMAIN})*+:"
_MAILBOX = re.compile(
    rf"(?:{_ROUTE})?(?:(?P<atom>{_ATOM})|(?P<quoted>{_QUOTED}))@(?P<domain>{_DOMAIN}|{_LITERAL})",
    re.IGNORECASE,
)
_NEEDS_NO_QUOTES = re.compile(_ATOM)
_PAIR = re.compile(r"\\(.)")
_SPECIAL = re.compile(r'(["\\])')
_ROUTING = re.compile(r"[%!@]")


def sender(path: str) -> str | None:
    """The address that a path of MAIL names, in one form for each mailbox; "" is the null sender. None if that is not
    certain."""
    if path == "<>":
        return ""
    found = _mailbox(path)
    return None if found is None else _written(*found)


def recipient(path: str) -> str | None:
    """The address that a path of RCPT names, in one form for each mailbox. None if that is not certain."""
    bare = _bare(path)
    if bare.lower() == "postmaster":  # the only one without a domain (RFC 5321 section 4.5.1)
        return bare
    found = _mailbox(path)
    return None if found is None or _ROUTING.search(found[0]) else _written(*found)


def _bare(path: str) -> str:
    return path[1:-1] if path.startswith("<") and path.endswith(">") else path


def _mailbox(path: str) -> tuple[str, str] | None:
    """Local part, without quotes, and domain. A source route is dropped (RFC 5321 appendix C)."""
    found = _MAILBOX.fullmatch(_bare(path))
    if found is None:
        return None
    quoted = found["quoted"]
    return _PAIR.sub(r"\1", quoted[1:-1]) if quoted else found["atom"], found["domain"]


def _written(local: str, domain: str) -> str:
    if not _NEEDS_NO_QUOTES.fullmatch(local):
        local = '"' + _SPECIAL.sub(r"\\\1", local) + '"'
    return f"{local}@{domain}"
