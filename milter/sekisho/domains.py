"""Names of hosts and organisations, and the host that a URL leads to.

- `to_ascii`: a domain name in the form that can be printed and looked up (RFC 5890 to 5892 with the UTS 46 mapping;
  letters, digits and hyphens of RFC 1123), or None if a text is no domain name.
- `registrable`: the registered domain of a name, by the public suffix list with its private section. The list comes
  with the program and is never fetched.
- `within`, `together`: how two names are related.
- `host_of`, `split_url`: the host that a browser visits for a URL, misleading ones included (WHATWG URL Standard,
  "special" schemes).

It cannot see whether a name exists, who owns it, or where a redirect leads. Names with underscores (`_dmarc.…`, DKIM
selectors) are not domains of authors or hosts, and `to_ascii` refuses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

import idna
from publicsuffixlist import PublicSuffixList

from sekisho.bounded_cache import remembered

MAX_NAME_CHARS = 253
MAX_URL_CHARS = 16_384
IpAddress = IPv4Address | IPv6Address
IpNetwork = IPv4Network | IPv6Network

_LDH = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_HOST = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_SPECIAL = frozenset({"http", "https", "ftp", "ws", "wss"})
_OPAQUE = frozenset({"mailto", "tel", "sms", "data", "javascript", "cid", "mid", "about", "blob", "vbscript"})
# Most links have this form. They are read in one step, with the result of `_split_any`.
_NAME = r"((?:[A-Za-z0-9-]{1,63}+\.)++[A-Za-z][A-Za-z0-9-]{0,62}+)"
_ORDINARY_HOST = re.compile(rf"https?://{_NAME}(?:[/?#]|\Z)")
_ORDINARY_URL = re.compile(
    rf"(https?)://{_NAME}(?::([0-9]{{1,5}}))?(?:(/[!-\"$->@-~]*+)?(?:\?([!-\"$-~]*+))?(?:#([!-~]*+))?)\Z"
)
_STRIPPED = "".join(map(chr, range(0x21)))
_REMOVED = dict.fromkeys(map(ord, "\t\n\r"))


@cache
def _suffixes() -> PublicSuffixList:
    """The public suffix list, parsed once. A top-level domain that it does not have counts as a suffix, too."""
    return PublicSuffixList(accept_unknown=True)


@cache
def _known_suffixes() -> PublicSuffixList:
    """The public suffix list, parsed once. A top-level domain that it does not have is no suffix."""
    return PublicSuffixList(accept_unknown=False)


@cache
def _icann_suffixes() -> PublicSuffixList:
    """The public suffix list without its private section, parsed once."""
    return PublicSuffixList(only_icann=True)


def preload() -> None:
    """Parse the public suffix list now (tens of milliseconds), before processes are forked."""
    _suffixes()
    _icann_suffixes()
    _known_suffixes()


@remembered(8192)
def to_ascii(name: str) -> str | None:
    """A domain in ASCII lower case without the final dot, or None if the text is no domain. Never raises.

    IDNA 2008 with the UTS 46 mapping: full-width letters and dots are mapped, and an A-label must be the valid form of
    its U-label. Labels are letters, digits and inner hyphens, at most 63 octets each and 253 in all. Underscores are
    refused. A name whose last label is a number is an IP address, not a domain.
    """
    if not name or len(name) > MAX_NAME_CHARS + 1:
        return None
    low = name.lower()
    if not low.isascii() or "xn--" in low:
        mapped = _idna(low)
        if mapped is None:
            return None
        low = mapped
    low = low.removesuffix(".")
    if len(low) > MAX_NAME_CHARS or not _LDH.fullmatch(low):
        return None
    return None if low.rpartition(".")[2].isdigit() else low


def _idna(name: str) -> str | None:
    """IDNA of the labels that need it. IDNA refuses the hyphens of `r3---sn`, although such names are registered."""
    try:
        mapped = idna.uts46_remap(name, std3_rules=False)
        labels = [_label(label) for label in _DOTS.split(mapped)]
    except (idna.IDNAError, UnicodeError, IndexError, ValueError):
        return None
    return ".".join(labels)


def _label(label: str) -> str:
    if label.isascii() and not label.startswith("xn--"):
        return label
    return idna.alabel(label).decode("ascii")


def to_unicode(domain: str) -> str:
    """The domain as a reader sees it, in U-labels. A label that is no valid A-label stays as it is."""
    if "xn--" not in domain.lower():
        return domain
    return ".".join(_readable(label) for label in domain.split("."))


def _readable(label: str) -> str:
    if not label.lower().startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError, IndexError, ValueError):
        return label


@remembered(16_384)
def registrable(domain: str) -> str | None:
    """The registrable domain, one label below the public suffix; None for a suffix or an invalid name.

    >>> registrable("mail.example.co.jp")
    'example.co.jp'
    """
    name = to_ascii(domain)
    return _suffixes().privatesuffix(name) if name else None


@remembered(16_384)
def has_private_suffix(domain: str) -> bool:
    """True for a name below a suffix of the list's private section, which a company rents out: `jp.net`, `github.io`.
    `domain` is in ASCII lower case."""
    return _icann_suffixes().privatesuffix(domain) != _suffixes().privatesuffix(domain)


def together(domain: str, other: str) -> bool:
    """True if two names have the same registrable domain, or are equal.

    >>> together("mail.example.co.jp", "example.co.jp")
    True
    """
    if domain == other:
        return True
    registered = registrable(domain)
    return registered is not None and registered == registrable(other)


def may_align(domain: str, author: str) -> bool:
    """True if a name may belong to the author's organisation, for every possible DMARC record.

    The two have the same registrable domain, or one lies within the other, as a name below `github.io` in `github.io`.
    """
    return together(domain, author) or within(domain, author) or within(author, domain)


def is_public_suffix(domain: str) -> bool:
    """True if anybody can register a name directly below it: `co.jp`, `github.io`. The private section counts."""
    name = to_ascii(domain)
    return name is not None and bool(_known_suffixes().is_public(name))


@remembered(16_384)
def has_known_suffix(domain: str) -> bool:
    """True if the name ends in a suffix of the list: true for `eki.jp.co`, false for `setup.exe`."""
    name = to_ascii(domain)
    return name is not None and _known_suffixes().publicsuffix(name) is not None


def labels(domain: str) -> tuple[str, ...]:
    """The labels from left to right, without the empty label after a final dot."""
    name = domain.removesuffix(".")
    return tuple(name.split(".")) if name else ()


def within(domain: str, parent: str) -> bool:
    """True if `domain` is `parent` or a name below it. Labels are compared: `xa.jp` is not within `a.jp`."""
    name, above = domain.lower().removesuffix("."), parent.lower().removesuffix(".")
    return bool(above) and (name == above or name.endswith("." + above))


@remembered(4096)
def parse_ip(text: str) -> IpAddress | None:
    """The IP address in a text, or None. Brackets and the tag `IPv6:` are allowed (RFC 5321 section 4.1.3).

    An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) gives the IPv4 address.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def parse_network(text: str) -> IpNetwork:
    """A network such as `192.0.2.0/24`. IPv4 addresses that are written as IPv6 give an IPv4 network, as in `parse_ip`.
    Raises ValueError if the text is no network, or has host bits.

    >>> parse_network("::ffff:192.0.2.0/120")
    IPv4Network('192.0.2.0/24')
    """
    try:
        network = ip_network(text)
    except ValueError as error:
        odd = "has host bits set" in str(error)
        why = f"the network is {ip_network(text, strict=False)}" if odd else "write it as 192.0.2.0/24"
        raise ValueError(f"{text!r} {'has host bits set' if odd else 'is no network'}: {why}") from None
    if isinstance(network, IPv6Network) and network.prefixlen >= 96:
        mapped = network.network_address.ipv4_mapped
        return IPv4Network((int(mapped), network.prefixlen - 96)) if mapped else network
    return network


def network_of(ip: str | None) -> str:
    """The network whose addresses count as one sender: the /24 of an IPv4 address, the /32 of an IPv6 address (what one
    provider gets). Empty if `ip` is no address.

    >>> network_of("192.0.2.77")
    '192.0.2.0/24'
    """
    address = parse_ip(ip or "")
    if address is None:
        return ""
    return str(ip_network((address, 24 if address.version == 4 else 32), strict=False))


@dataclass(frozen=True, slots=True)
class UrlParts:
    """The parts of a URL, as a browser splits it.

    - `scheme`: in lower case, or empty.
    - `userinfo`: everything before the last `@` of the authority, as written; None if there is no `@`.
    - `host`: in ASCII lower case, an IPv4 address in dotted decimal, an IPv6 address without brackets, or None.
    - `port`: None if there is none, or if it is no number.
    - `path`, `query`, `fragment`: as written, the last two without `?` and `#`.
    """

    scheme: str = ""
    userinfo: str | None = None
    host: str | None = None
    port: int | None = None
    path: str = ""
    query: str = ""
    fragment: str = ""


def host_of(url: str) -> str | None:
    """The host that a browser visits for the URL; None if there is none. Never raises."""
    found = _ORDINARY_HOST.match(url)
    return found[1].lower() if found and len(found[1]) <= MAX_NAME_CHARS else split_url(url).host


def _ordinary(url: str) -> re.Match[str] | None:
    found = _ORDINARY_URL.match(url) if len(url) <= MAX_URL_CHARS else None
    return found if found and len(found[2]) <= MAX_NAME_CHARS else None


@remembered(4096, longest=1024)
def split_url(url: str) -> UrlParts:
    """The parts of a URL, as browsers split it. Never raises.

    Leading blanks, inner tabs and inner line ends are removed. Backslashes are slashes, and any number of them may
    follow `http:`. Percent-encoding and full-width letters in the host are decoded. Only the first 16,384 characters
    are read.

    A URL without scheme has a host if it begins with `//`, or with a name below a known public suffix: mail programs
    make a link of that, too.
    """
    if ordinary := _ordinary(url):
        scheme, name, digits, path, query, fragment = ordinary.groups("")
        return UrlParts(scheme, None, name.lower(), _port(digits), path, query, fragment)
    return _split_any(url)


def _split_any(url: str) -> UrlParts:
    text = url[:MAX_URL_CHARS].strip(_STRIPPED).translate(_REMOVED)
    text, _, fragment = text.partition("#")
    text, _, query = text.partition("?")
    scheme, authority, path = _cut(text)
    if authority is None:
        return UrlParts(scheme, path=path, query=query, fragment=fragment)
    user, at, hostport = authority.rpartition("@")
    host, port = _host_and_port(hostport)
    return UrlParts(scheme, user if at else None, host, port, path, query, fragment)


def _cut(text: str) -> tuple[str, str | None, str]:
    """Scheme, authority (None if there is none) and path."""
    match = _SCHEME.match(text)
    scheme = match[1].lower() if match else ""
    if match and scheme in _SPECIAL:
        return scheme, *_authority(text[match.end() :].lstrip("/\\"))
    if match and text.startswith("//", match.end()):
        return scheme, *_authority(text[match.end() + 2 :])
    if text[:1] in {"/", "\\"} and text[1:2] in {"/", "\\"}:
        return "", *_authority(text.lstrip("/\\"))
    authority, path = _authority(text)
    if scheme not in _OPAQUE and _like_host(authority):
        return "", authority, path
    return scheme, None, text[match.end() :] if match else text


def _authority(text: str) -> tuple[str, str]:
    end = next((at for at, char in enumerate(text) if char in "/\\"), len(text))
    return text[:end], text[end:]


def _like_host(authority: str) -> bool:
    """True for a name with a known suffix, and for `shown.example@hidden.example`, but not for a mail address."""
    user, at, host = authority[: 4 * MAX_NAME_CHARS].rpartition("@")
    names = (user, host.partition(":")[0]) if at else (host.partition(":")[0],)
    return all("." in name and has_known_suffix(name) for name in names)


def _host_and_port(text: str) -> tuple[str | None, int | None]:
    if text.startswith("["):
        inner, _, rest = text[1:].partition("]")
        return _ipv6_host(inner), _port(rest.lstrip(":"))
    host, colon, port = text.rpartition(":")
    return (_host(host), _port(port)) if colon else (_host(text), None)


def _ipv6_host(text: str) -> str | None:
    try:
        return str(IPv6Address(text))
    except ValueError:
        return None


def _port(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 5 else None


def _host(text: str) -> str | None:
    """The host as the host parser of the URL Standard reads it, or None. It accepts more than `to_ascii`: names with
    underscores and emoji exist, and links use them."""
    if "%" in text:
        text = unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    if not text or len(text) > 4 * MAX_NAME_CHARS:
        return None
    low = text.lower() if text.isascii() else _lenient(text)
    low = low.removesuffix(".")
    if _NUMBER.fullmatch(low.rpartition(".")[2]):
        return _odd_ipv4(low)
    return low if len(low) <= MAX_NAME_CHARS and _HOST.fullmatch(low) else None


def _lenient(text: str) -> str:
    try:
        mapped = idna.uts46_remap(text, std3_rules=False)
    except (idna.IDNAError, UnicodeError, IndexError, ValueError):
        mapped = normalize("NFKC", text).lower()
    return ".".join(_any_label(label) for label in _DOTS.split(mapped))


def _any_label(label: str) -> str:
    if label.isascii():
        return label
    try:
        return "xn--" + label.encode("punycode").decode("ascii")
    except UnicodeError:
        return label


def _odd_ipv4(text: str) -> str | None:
    """The IPv4 address that a browser reads in `0x7f.1` or `2130706433`, or None (URL Standard, IPv4 parser)."""
    numbers = [_number(part) for part in text.split(".")]
    if len(numbers) > 4 or any(number is None for number in numbers):
        return None
    *head, last = (number for number in numbers if number is not None)
    if any(number > 255 for number in head) or last >= 256 ** (4 - len(head)):
        return None
    for place, number in enumerate(head):
        last += number << (8 * (3 - place))
    return str(IPv4Address(last))


def _number(text: str) -> int | None:
    if not _NUMBER.fullmatch(text) or len(text) > 16:
        return None
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    try:
        return int(text, 8) if len(text) > 1 and text[0] == "0" else int(text)
    except ValueError:
        return None
