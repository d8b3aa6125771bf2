"""One TOML file, validated as a whole: every error at once, with file, key and reason.

The groups are declared beside the rooms they configure and only assembled here. The example file and
`docs/options.md` are generated from the same fields (`sekisho config describe`).
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from sekisho.brands import BrandOptions
from sekisho.checks.options import ArcOptions
from sekisho.journal import JournalOptions
from sekisho.log import LogOptions
from sekisho.message import Limits
from sekisho.metrics import MetricsOptions
from sekisho.options import Options
from sekisho.policy import ListOptions, PolicyOptions, RecipientOptions
from sekisho.resolver import DnsOptions
from sekisho.store import StoreOptions
from sekisho.verdict import Mode
from sekisho.wire.options import WireOptions

DEFAULT_PATH = Path("/etc/sekisho/sekisho.toml")


class ConfigError(Exception):
    """The configuration cannot be used. `errors` holds every reason, each naming file and key."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class Config(Options):
    """Everything an operator can set."""

    mode: Mode = Field(
        Mode.SHADOW,
        description="shadow decides, counts and logs and changes nothing; enforce acts on the verdict.",
    )
    authserv_id: str = Field(
        "",
        max_length=255,
        pattern=r"^[A-Za-z0-9.-]*$",
        description="Our name in Authentication-Results (RFC 8601 section 2.5); empty means this host's name.",
    )
    wire: WireOptions = Field(default_factory=WireOptions, description="The milter socket and its processes.")
    limits: Limits = Field(default_factory=Limits, description="How much of a message is read.")
    dns: DnsOptions = Field(default_factory=DnsOptions, description="The resolver.")
    arc: ArcOptions = Field(default_factory=ArcOptions, description="Whom to believe about forwarded mail.")
    policy: PolicyOptions = Field(default_factory=PolicyOptions, description="Thresholds and actions.")
    recipients: Mapping[str, RecipientOptions] = Field(
        default_factory=lambda: MappingProxyType({}),
        description='What differs for a recipient domain or address, as [recipients."example.jp"].',
    )
    lists: ListOptions = Field(default_factory=ListOptions, description="Site-wide allow and block entries.")
    brands: BrandOptions = Field(default_factory=BrandOptions, description="The brand registry.")
    store: StoreOptions = Field(default_factory=StoreOptions, description="The quarantine.")
    metrics: MetricsOptions = Field(default_factory=MetricsOptions, description="Prometheus and health.")
    log: LogOptions = Field(default_factory=LogOptions, description="Where the log goes, and how.")
    journal: JournalOptions = Field(default_factory=JournalOptions, description="What a log line may say.")


def load(path: Path | None) -> Config:
    """Read and validate; None is all defaults. Raises ConfigError with every error of the file."""
    if path is None:
        return Config()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError((f"{path}: {error.strerror}",)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError((f"{path}: {error}",)) from error
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(tuple(f"{path}: {reason}" for reason in _reasons(error))) from error


def _reasons(error: ValidationError) -> Iterator[str]:
    for each in error.errors():
        key = ".".join(str(part) for part in each["loc"]) or "file"
        if each["type"] == "extra_forbidden":
            yield f"{key}: unknown option{_suggestion(each['loc'])}"
        else:
            shown = "" if isinstance(each["input"], dict) else f" (is {each['input']!r})"
            yield f"{key}: {each['msg'].removeprefix('Value error, ')}{shown}"


def _suggestion(loc: tuple[int | str, ...]) -> str:
    """`; did you mean …?` when an option of that group is spelled almost so."""
    group: Any = Config
    for part in loc[:-1]:
        field = getattr(group, "model_fields", {}).get(part)
        group = field.annotation if field else None
    near = difflib.get_close_matches(str(loc[-1]), list(getattr(group, "model_fields", {})), 1)
    return f"; did you mean {near[0]}?" if near else ""


def groups() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """`(name, help, model)` for the top level (name "") and every group, in order."""
    yield "", "", Config
    for name, field in Config.model_fields.items():
        model = RecipientOptions if name == "recipients" else field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield name, field.description or "", model
