"""What every option group is made of.

A group stands beside the room it configures; `config` only assembles them. Default, bounds and help
are on the one field, and the example configuration and `docs/options.md` are generated from there.
"""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Options(BaseModel):
    """A frozen group of options. An unknown key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


def _blank(value: Any) -> Any:
    return None if value == "" else value


BLANK_IS_UNSET = BeforeValidator(_blank)
"""For an option that may be unset: TOML has no null, so an empty string says it."""
