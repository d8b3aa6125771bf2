"""Descriptions of cases: what a file of `kinds/` may say (`kinds/no_payload.toml` explains it), and its defaults."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

KINDS = Path(__file__).with_name("kinds")
FIRST_DAY = datetime(2026, 2, 2, 0, 10, tzinfo=UTC)
DAYS = 100
JAPAN = timezone(timedelta(hours=9))
Verdict = Literal["accept", "tag", "quarantine", "reject"]


class DescriptionError(Exception):
    """A description is not valid. The text names the file, the case and the fault."""


class Strict(BaseModel):
    """A table of a description: no key that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Record(Strict):
    """One DNS record, as a sidecar has it; or `rcode`, and every question about the name gets this error."""

    name: str
    type: str = "TXT"
    value: str = ""
    rcode: Literal["", "NXDOMAIN", "SERVFAIL", "TIMEOUT"] = ""

    def listed(self) -> dict[str, str]:
        """The entry of `dns` in a sidecar."""
        return self.model_dump(include={"name", "rcode"} if self.rcode else {"name", "type", "value"})


class Letter(Strict):
    """What the author wrote. `text` may hold links as `[words](URL)`; `html` is a page as it is (pictures, tables), in
    place of the one that is made from `text`; `headers` are whole lines."""

    author: str = Field(alias="from")
    to: str = "user@example.jp"
    subject: str
    text: str = ""
    html: str = ""
    format: Literal["plain", "html", "both"] = "both"
    charset: Literal["utf-8", "iso-2022-jp"] = "utf-8"
    headers: tuple[str, ...] = ()
    container: str = "mixed"
    attachments: tuple[Attachment, ...] = ()

    @property
    def address(self) -> str:
        """The address of the author."""
        return parseaddr(self.author)[1]

    @property
    def domain(self) -> str:
        """The domain of the author."""
        return domain_of(self.address)


class Attachment(Strict):
    """A part beside the text: `message` is a whole message, else `text` is the content. A message with a `name` is a
    file of `type`, as webmail attaches it; without one it is a message/rfc822 part."""

    name: str = ""
    type: str = "application/octet-stream"
    text: str = ""
    message: Letter | None = None


class Hop(Strict):
    """A host that passed the message on, and what it did to it."""

    by: str
    at: str = ""
    mail_from: str = "keep"
    author: str = Field(default="", alias="from")
    tag: str = ""
    footer: str = ""
    headers: tuple[str, ...] = ()
    sign: tuple[str, ...] = ()
    arc: str = ""
    saw: str = ""
    forged: bool = False


class Case(Letter):
    """One case: a letter, what is right, and how it was delivered."""

    name: str
    kind: str
    label: Literal["ham", "phish"]
    expect: Verdict | None = None
    at_most: Verdict | None = None
    why: str
    intended: str = "spf=pass dkim=pass dmarc=pass"
    rcpt: str = "user@example.jp"
    client: str | None = None
    mail_from: str | None = None
    sign: tuple[str, ...] | None = None
    spf: Literal["pass", "softfail", "fail", "none"] = "pass"
    spf_all: Literal["-all", "~all", "?all"] = "-all"
    dmarc: Literal["reject", "quarantine", "none", ""] = "reject"
    dns: tuple[Record, ...] = ()
    hops: tuple[Hop, ...] = ()
    now: datetime | None = None

    @model_validator(mode="after")
    def _right(self) -> Self:
        """Exactly one of `expect` and `at_most` says what is right."""
        if (self.expect is None) == (self.at_most is None):
            raise ValueError("one of expect and at_most")
        return self

    @property
    def arrived(self) -> datetime:
        """When the message came in: given, or a time that depends on the name alone."""
        if self.now:
            return self.now
        number = int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:6], "big")
        moment = FIRST_DAY + timedelta(days=number % DAYS, seconds=number // DAYS % 43_200)
        return moment.astimezone(JAPAN) if max(self.text, default="") > "\u3000" else moment


def domain_of(address: str) -> str:
    """The part behind the `@`, in lower case."""
    return address.rpartition("@")[2].lower()


def read(folder: Path) -> list[Case]:
    """The cases of all files of a folder, by file and place. Raises DescriptionError."""
    tables: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise DescriptionError(f"{path}: {error}") from error
        for each in document["case"]:
            name = each["name"]
            if name in tables:
                raise DescriptionError(f"{path}: {name}: this name is taken")
            tables[name] = {"kind": document["kind"], **_whole(path, each, tables)}
    return [_case(table) for table in tables.values()]


def _whole(path: Path, table: Mapping[str, Any], earlier: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The table with what it takes from the case that it is `like`. What is right is never taken over."""
    other = table.get("like")
    if other is None:
        return dict(table)
    if other not in earlier:
        raise DescriptionError(f"{path}: {table['name']}: no case {other} before it")
    taken = {
        key: value
        for key, value in earlier[other].items()
        if key not in ("expect", "at_most", "kind", "intended")
    }
    return {**taken, **{key: value for key, value in table.items() if key != "like"}}


def _case(table: Mapping[str, Any]) -> Case:
    try:
        return Case.model_validate(table)
    except ValidationError as error:
        raise DescriptionError(f"{table['name']}: {error}") from error
