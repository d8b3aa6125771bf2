"""What every option group is made of.

A group stands beside the room it configures; `config` only assembles them. Default, bounds and help
are on the one field, and the example configuration and `docs/options.md` are generated from there.
"""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """A frozen group of options. An unknown key is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
