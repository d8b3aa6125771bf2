"""The base class of every group of options.

A group is defined in the package that it configures, and `config` puts the groups together. Each field has its default,
bounds and help, and says if a change needs a restart; the example configuration and `docs/options.md` are generated
from the fields.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.fields import FieldInfo


class Options(BaseModel):
    """A frozen group of options. An unknown key is an error."""

    # A wrong value may be a password, and the text of an exception reaches the log.
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, hide_input_in_errors=True)


class TakesEffect(StrEnum):
    """When a changed option is in force: after a reload, or only after a restart of the daemon."""

    RELOAD = "reload"
    RESTART = "restart"


AT_RESTART: Final[dict[str, Any]] = {"takes_effect": TakesEffect.RESTART.value}
"""`Field(json_schema_extra=AT_RESTART)`: what the option configures is made before the first fork, and kept."""


def takes_effect(field: FieldInfo) -> TakesEffect:
    """When a change of the option is in force."""
    extra = field.json_schema_extra
    said = extra.get("takes_effect") if isinstance(extra, Mapping) else None
    return TakesEffect(str(said)) if said else TakesEffect.RELOAD


def _blank(value: Any) -> Any:
    return None if value == "" else value


BLANK_IS_UNSET = BeforeValidator(_blank)
"""For an option that may be unset. TOML has no null, so an empty string stands for None."""
