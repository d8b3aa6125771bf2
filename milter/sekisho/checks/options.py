"""What an operator sets for the checks."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from sekisho.domains import to_ascii
from sekisho.options import Options


def _domain(name: str) -> str:
    ascii_name = to_ascii(name)
    if ascii_name is None:
        raise ValueError("is not a domain")
    return ascii_name


class ArcOptions(Options):
    """Whom to believe about forwarded mail (RFC 8617)."""

    sealers: tuple[Annotated[str, AfterValidator(_domain)], ...] = Field(
        (),
        description="Domains whose ARC seal excuses broken authentication of forwarded mail; it proves nothing. Your "
        "own domains and that of authserv_id, or of this host, are always among them.",
    )
    shipped_sealers: bool = Field(
        True,
        description="The sealers that are shipped (forwarders.toml: large mailbox providers and list hosts) are "
        "believed as well.",
    )
