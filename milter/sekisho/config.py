"""The configuration: one TOML file, validated as a whole. All errors are reported at once, with file, key and reason.

Each group of options is declared in the room that it configures; this module only puts them together. The example file
and `docs/options.md` are generated from the same fields (`sekisho config describe`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError

from sekisho.brands import BrandOptions
from sekisho.checks.options import ArcOptions
from sekisho.data_files import UnreadableError, read_toml
from sekisho.directory import DirectoryOptions
from sekisho.guard import GuardOptions
from sekisho.journal import JournalOptions
from sekisho.log import LogOptions
from sekisho.message import Limits
from sekisho.metrics import MetricsOptions
from sekisho.options import Options, TakesEffect, takes_effect
from sekisho.plain_errors import UNKNOWN_KEY, did_you_mean, dotted, keys_at, of_model, of_toml
from sekisho.policy import (
    ListOptions,
    PolicyOptions,
    RecipientOptions,
    group_faults,
    list_faults,
    recipient_faults,
)
from sekisho.release import ReleaseOptions
from sekisho.resolver import DnsOptions
from sekisho.site import SiteOptions
from sekisho.smtp.options import SmtpOptions
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import RetentionOptions
from sekisho.trust import TrustOptions
from sekisho.verdict import Mode
from sekisho.vocabulary import VocabularyOptions
from sekisho.wire.options import WireOptions

Part = TypeVar("Part", bound=Options)
Place = tuple[int | str, ...]  # keys and indexes that lead to a value


class ConfigError(Exception):
    """The configuration cannot be used. `errors` has every reason, each with file and key.

    `rest` is the configuration without what is wrong, or None if it cannot be read. With it, the files that
    it names (brands) can be checked too, so that the operator sees all errors at once.
    """

    def __init__(self, errors: tuple[str, ...], rest: Config | None = None) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors
        self.rest = rest


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
        description="Our name in Authentication-Results (RFC 8601 section 2.5); empty means `sekisho.` before this "
        "host's name, which no other filter uses.",
    )
    wire: WireOptions = Field(default_factory=WireOptions, description="The milter socket and its processes.")
    smtp: SmtpOptions = Field(
        default_factory=SmtpOptions,
        description="The SMTP door (`sekisho serve --smtp`), for MTAs without milters. Workers and deadlines are "
        "those of [wire].",
    )
    limits: Limits = Field(default_factory=Limits, description="How much of a message is read.")
    dns: DnsOptions = Field(default_factory=DnsOptions, description="The resolver.")
    arc: ArcOptions = Field(default_factory=ArcOptions, description="Which ARC sealers are trusted.")
    trust: TrustOptions = Field(
        default_factory=TrustOptions,
        description="Which clients, relays and forwarders are trusted, and for what.",
    )
    site: SiteOptions = Field(
        default_factory=SiteOptions, description="Our own identity, protected like a brand's."
    )
    directory: DirectoryOptions = Field(
        default_factory=DirectoryOptions,
        description="What the site keeps in tables of Postfix (hash, LMDB, LDAP, SQL …): domains, aliases, people and "
        "groups.",
    )
    policy: PolicyOptions = Field(default_factory=PolicyOptions, description="Thresholds and actions.")
    recipients: Mapping[str, RecipientOptions] = Field(
        default_factory=dict,
        description="What differs for a recipient domain, address or group. An option that is left out has the "
        "value of the next wider entry: an address, its groups, its domain, the domain's groups, and last [policy] and "
        "the mode at the top of the file.",
    )
    groups: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Recipients that belong together, by name: addresses and domains, as "
        '{sales = ["sales.example.jp", "hanako@example.jp"]}. Use the name in [recipients] and as a scope.',
    )
    lists: ListOptions = Field(
        default_factory=ListOptions, description="Allow and block entries; `sekisho list` adds to them."
    )
    brands: BrandOptions = Field(default_factory=BrandOptions, description="The brand registry.")
    vocabulary: VocabularyOptions = Field(
        default_factory=VocabularyOptions, description="The words that are looked for in mail."
    )
    store: StoreOptions = Field(default_factory=StoreOptions, description="The quarantine.")
    retention: RetentionOptions = Field(
        default_factory=RetentionOptions, description="How long the quarantine keeps what."
    )
    release: ReleaseOptions = Field(
        default_factory=ReleaseOptions, description="How held mail is handed back to Postfix."
    )
    guard: GuardOptions = Field(
        default_factory=GuardOptions,
        description="Protection against our own mistakes that would stop a site's mail.",
    )
    metrics: MetricsOptions = Field(default_factory=MetricsOptions, description="Prometheus and health.")
    log: LogOptions = Field(default_factory=LogOptions, description="Where the log goes, and how.")
    journal: JournalOptions = Field(default_factory=JournalOptions, description="What a log line may say.")


def load(path: Path | None) -> Config:
    """Read and validate the file; None gives the defaults. Raises ConfigError with every error of the file."""
    if path is None:
        return Config()
    data = _read(path)
    try:
        config, error = _validated(data), None
    except ValidationError as invalid:
        config, error = None, invalid
    reasons = (*_reasons(error), *_null_characters(data), *_unknown_findings(data), *_odd_recipients(data))
    if config is None or reasons:
        raise ConfigError(tuple(f"{path}: {reason}" for reason in reasons), _rest(data, error))
    return config


def _read(path: Path) -> dict[str, Any]:
    try:
        data = read_toml(path)
        json.dumps(data, default=str)  # nesting that the TOML parser accepts may be too deep for JSON
    except UnreadableError as error:
        raise ConfigError((str(error),)) from error
    except RecursionError as error:
        raise ConfigError((f"{path}: {of_toml(error)}",)) from error
    return data


def _validated(data: Mapping[str, Any]) -> Config:
    """Validate in pydantic's strict JSON mode: `tag = true` and `workers = "2"` are errors, but a list may become a
    tuple. Defaults are put in as JSON too: in strict mode a default that is a Path would be an error.
    """
    whole = dict(data)
    for name, group in Config().model_dump(mode="json").items():
        if isinstance(group, dict) and isinstance(data.get(name), dict):
            whole[name] = group | data[name]
    return Config.model_validate_json(json.dumps(whole, default=str), strict=True)


def _null_characters(data: Any, *loc: int | str) -> Iterator[str]:
    """Texts with a NUL: the operating system takes no path and no name that has one."""
    if isinstance(data, (dict, list)):
        for name, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _null_characters(value, *loc, name)
    elif isinstance(data, str) and "\0" in data:
        yield f"{dotted(loc)}: must not have a NUL character"


def _rest(data: Mapping[str, Any], error: ValidationError | None) -> Config | None:
    """The configuration without the values that have errors; None if one is in `brands`. If values are wrong together,
    their whole groups are left out."""
    wrong = [each["loc"] for each in error.errors() if each["loc"]] if error else []
    groups = {loc[0] for loc in wrong}
    if "brands" in groups:
        return None
    return _part(Config, _without(data, wrong)) or _part(
        Config, {key: data[key] for key in data.keys() - groups}
    )


def _without(data: Any, places: Sequence[Place]) -> Any:
    """The data without the values at these places. A place that goes deeper than the data means the value there."""
    if not places:
        return data
    entries = data.items() if isinstance(data, dict) else enumerate(data)
    kept = {}
    for key, value in entries:
        inside = [place[1:] for place in places if place[0] == key]
        if all(_has(value, place) for place in inside):
            kept[key] = _without(value, inside)
    return kept if isinstance(data, dict) else list(kept.values())


def _has(value: Any, place: Place) -> bool:
    """True if the place begins inside of the value."""
    if not place:
        return False
    return place[0] in (
        range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ()
    )


def _unknown_findings(data: Mapping[str, Any]) -> Iterator[str]:
    """Names in policy.points that no check declares. This is tested here because `policy` does not know the checks."""
    points = _table(_table(data, "policy"), "points")
    if not points:
        return
    from sekisho.checks.table import KINDS  # noqa: PLC0415 - all checks: a command that judges no mail does without

    known = [kind.id for kind in KINDS]
    for name in points:
        if name not in known:
            yield f"{dotted(('policy', 'points', name))}: there is no such finding{did_you_mean(name, known)}"


def _odd_recipients(data: Mapping[str, Any]) -> Iterator[str]:
    """Errors that show only when entries are compared with `[policy]` and with each other. Entries that are invalid by
    themselves are left out."""
    policy = _part(PolicyOptions, _table(data, "policy")) or PolicyOptions()
    groups = _groups(data)
    for name, reason in group_faults(groups):
        yield f"{dotted(('groups', name))}: {reason}"
    for name, reason in list_faults(_part(ListOptions, _table(data, "lists")) or ListOptions(), groups):
        yield f"{dotted(('lists', name))}: {reason}"
    parts = ((name, _part(RecipientOptions, raw)) for name, raw in _table(data, "recipients").items())
    for name, reason in recipient_faults(policy, {name: part for name, part in parts if part}, groups):
        yield f"{dotted(('recipients', name))}: {reason}"


def _groups(data: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The recipient groups that are lists of texts."""
    return {
        name: tuple(members)
        for name, members in _table(data, "groups").items()
        if isinstance(members, list) and all(isinstance(each, str) for each in members)
    }


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}


def _part(model: type[Part], raw: object) -> Part | None:
    try:
        return model.model_validate(raw)
    except ValidationError:
        return None


def _reasons(error: ValidationError | None) -> Iterator[str]:
    for each in of_model(error) if error else ():
        if each.type == UNKNOWN_KEY:
            yield f"{each.key}: unknown option{_suggestion(each.loc)}"
        else:
            yield str(each) if each.key else f"file: {each.reason}"


def _suggestion(loc: tuple[int | str, ...]) -> str:
    """What was probably meant: an option of the same group with a similar name, or the same name in another group."""
    name = str(loc[-1])
    if near := did_you_mean(name, keys_at(Config, loc[:-1])):
        return near
    homes = [group or "the top of the file" for group, _, each in groups() if name in each.model_fields]
    return f"; there is one in {' and '.join(homes)}" if homes else ""


def restart_values(config: Config) -> dict[str, Any]:
    """The values of the options that only a restart can change, by dotted name."""
    return {
        f"{name}.{key}".lstrip("."): getattr(getattr(config, name) if name else config, key)
        for name, _, model in groups()
        for key, field in model.model_fields.items()
        if takes_effect(field) is TakesEffect.RESTART
    }


def groups() -> Iterator[tuple[str, str, type[BaseModel]]]:
    """`(name, help, model)` of the top level (its name is empty) and of every group, in order."""
    yield "", "", Config
    for name, field in Config.model_fields.items():
        model = RecipientOptions if name == "recipients" else field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield name, field.description or "", model
