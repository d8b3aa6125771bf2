"""The options of our own identity, and how a person of ours is written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from sekisho.domains import to_ascii
from sekisho.options import BLANK_IS_UNSET, Options
from sekisho.trust import NetworkOrDomain


def _domain(value: str) -> str:
    name = to_ascii(value)
    if name is None or "." not in name:
        raise ValueError("is not a domain")
    return name


def _person(value: str) -> str:
    from sekisho.text import skeleton  # noqa: PLC0415 - it brings the table of look-alikes: most commands do without

    if not skeleton(parse_person(value)[0]):
        raise ValueError("holds no name")
    return value


def _exception(value: str) -> str:
    local, at, domain = value.rpartition("@")
    name = to_ascii(domain)
    if name is None or (at and not local):
        raise ValueError("is neither an address nor a domain")
    return f"{local.lower()}{at}{name}"


class SiteOptions(Options):
    """Our own identity, protected like a brand's."""

    domains: tuple[Annotated[str, AfterValidator(_domain)], ...] = Field(
        (), description="Our own domains; names below them are ours too."
    )
    names: tuple[str, ...] = Field(
        (),
        description="Our names, as they stand in domains and in names of senders: for finding domains that are built "
        "around them, and strangers that write under them.",
    )
    senders: tuple[NetworkOrDomain, ...] = Field(
        (),
        description="Networks, or domains that sign with DKIM, that may also send in the name of our domains.",
    )
    people: tuple[Annotated[str, AfterValidator(_person)], ...] = Field(
        (),
        description="Names of executives and staff that other senders may not use as display names; an outside address "
        'that the person really uses follows, as in "山田 太郎 <taro@example.net>".',
    )
    people_file: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        None, description="File with more such names, one a line, in UTF-8."
    )
    exceptions: tuple[Annotated[str, AfterValidator(_exception)], ...] = Field(
        (),
        description="Addresses and domains of others that may look like ours or show the names of our people.",
    )


def parse_person(line: str) -> tuple[str, tuple[str, ...]]:
    """The name, and the addresses that follow it in angle brackets."""
    name, _, rest = line.partition("<")
    addresses = (each.strip().lower() for each in rest.rstrip().removesuffix(">").split(","))
    return name.strip(), tuple(each for each in addresses if each)
