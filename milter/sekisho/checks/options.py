"""What an operator sets for the checks."""

from __future__ import annotations

from pydantic import Field, field_validator

from sekisho.domains import to_ascii
from sekisho.options import Options


class ArcOptions(Options):
    """Whom to believe about forwarded mail (RFC 8617)."""

    sealers: tuple[str, ...] = Field(
        (),
        description="Domains whose ARC seal excuses broken authentication of forwarded mail; it proves nothing.",
    )

    @field_validator("sealers")
    @classmethod
    def _domains(cls, sealers: tuple[str, ...]) -> tuple[str, ...]:
        ascii_names = tuple(to_ascii(sealer) for sealer in sealers)
        for sealer, name in zip(sealers, ascii_names, strict=True):
            if name is None:
                raise ValueError(f"{sealer!r} is not a domain")
        return tuple(name for name in ascii_names if name is not None)
