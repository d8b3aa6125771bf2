"""One block or allow entry: what it matches, for whose mail, until when, and on which condition.

An entry is one of these:
`user@example.jp` an address · `example.jp` that domain alone · `.example.jp` the domain and all below it, and
`.cn` a whole top-level domain · `192.0.2.0/24` or `192.0.2.1` the SMTP client.

Its scope says for whose mail it counts: empty (the whole site), a recipient domain, an address, or a group.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    NaiveDatetime,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from sekisho.domains import IpNetwork, parse_network, to_ascii
from sekisho.message.recipient_keys import key_of
from sekisho.options import Options
from sekisho.plain_errors import of_model

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ZONE = re.compile(r"(?:Z|[+-][0-9]{2}:?[0-9]{2})$", re.IGNORECASE)
MOMENT: TypeAdapter[Any] = TypeAdapter(AwareDatetime)
LOCAL: TypeAdapter[Any] = TypeAdapter(NaiveDatetime)
MAX_FIELD_CHARS = 400  # of an entry, a scope or a comment


def parse_entry(entry: str) -> tuple[str, str | IpNetwork]:
    """`(kind, key)` with kind `address`, `domain`, `suffix` or `network`. Raises ValueError with the reason."""
    text = entry.strip()
    if (network := _network(text)) is not None:
        return "network", network
    if "@" in text:
        local, _, domain = text.rpartition("@")
        if not local:
            raise ValueError(f"{entry!r}: an address needs a local part; for a whole domain write the domain")
        return "address", f"{local.lower()}@{_domain(domain, entry)}"
    if text.startswith("."):
        return "suffix", _domain(text[1:], entry)
    return "domain", _domain(text, entry)


def _network(text: str) -> IpNetwork | None:
    try:
        return parse_network(text)
    except ValueError as error:
        if "has host bits set" in str(error):
            raise
        return None


def _domain(text: str, entry: str) -> str:
    domain = to_ascii(text) if "." in text else (text.lower() if text.isalnum() else None)
    if domain is None:
        raise ValueError(f"{entry!r}: not an address, a domain, a .suffix or a network")
    return domain


def _entry(entry: str) -> str:
    parse_entry(entry)
    return entry.strip()


def _scope(scope: str) -> str:
    local, at, domain = scope.rpartition("@")
    if scope and (to_ascii(domain) is None or (at and not local)):
        raise ValueError("is neither a domain, an address nor the name of a group")
    return key_of(scope) if at or "." in scope else scope


def _signer(domain: str) -> str:
    if domain and to_ascii(domain) is None:
        raise ValueError("is not a domain")
    return to_ascii(domain) or ""


def _moment(value: Any) -> Any:
    """The time of a text: of a day its end. A text without a zone means the zone of this machine."""
    if not isinstance(value, str) or not value:
        return value or None
    text = value.strip().replace(" ", "T", 1)
    if DAY.fullmatch(text):
        text += "T23:59:59"
    try:
        return MOMENT.validate_python(text) if ZONE.search(text) else LOCAL.validate_python(text).astimezone()
    except (ValueError, OverflowError, OSError):  # the calendar ends in 9999, and earlier in some zones
        raise ValueError("must be a day or a time, as 2026-12-31 or 2026-12-31T18:00:00+09:00") from None


class ListEntry(Options):
    """One entry of a list. In the file a plain string is an entry for the whole site without conditions."""

    entry: Annotated[str, AfterValidator(_entry)] = Field(
        max_length=MAX_FIELD_CHARS, description="What is matched."
    )
    scope: Annotated[str, AfterValidator(_scope)] = Field(
        "", max_length=MAX_FIELD_CHARS, description="Whose mail it is about; empty: everybody's."
    )
    expires: Annotated[AwareDatetime | None, BeforeValidator(_moment)] = Field(
        None, description="When it ends: a day (its end, in this machine's time zone) or a time."
    )
    comment: str = Field("", max_length=MAX_FIELD_CHARS, description="Why it is there.")
    author: str = Field("", max_length=MAX_FIELD_CHARS, description="Who made it.")
    authenticated: bool = Field(False, description="Only if the author's domain is proven.")
    dkim: Annotated[str, AfterValidator(_signer)] = Field(
        "", max_length=MAX_FIELD_CHARS, description="Only if signed by this domain or one below it."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"entry": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _provable(self) -> ListEntry:
        if self.authenticated and self.kind == "network":
            raise ValueError("a network cannot be authenticated: name an address, a domain or a suffix")
        return self

    @property
    def kind(self) -> str:
        """What the entry matches: `address`, `domain`, `suffix` or `network`."""
        return parse_entry(self.entry)[0]

    @property
    def key(self) -> tuple[str, str]:
        """What distinguishes the entry in its list: the scope, and what is matched in its normal form."""
        kind, key = parse_entry(self.entry)
        return self.scope, f".{key}" if kind == "suffix" else str(key)

    def in_force(self, now: float) -> bool:
        """True until the entry expires. `now` is Unix time in seconds."""
        return self.expires is None or now < self.expires.timestamp()


def reasons(error: ValidationError) -> str:
    """The errors of one entry as text for the person who typed it."""
    return "; ".join(str(each) if each.key else f"entry: {each.reason}" for each in of_model(error))
