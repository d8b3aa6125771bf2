"""The base class of every group of options.

A group is defined in the package that it configures, and `config` puts the groups together. Each field has its default,
bounds and help; the example configuration and `docs/options.md` are generated from the fields.
"""

from typing import Any

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Options(BaseModel):
    """A frozen group of options. An unknown key is an error."""

    # A wrong value may be a password, and the text of an exception reaches the log.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


def _blank(value: Any) -> Any:
    return None if value == "" else value


BLANK_IS_UNSET = BeforeValidator(_blank)
"""For an option that may be unset. TOML has no null, so an empty string stands for None."""
