"""The options of the directory: which tables say what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from sekisho.options import BLANK_IS_UNSET, Options

TABLE = re.compile(r"[a-z][a-z0-9]*:\S.*")
MAX_TABLE_CHARS = 1024


def _table(text: str) -> str:
    if not text.isprintable() or len(text) > MAX_TABLE_CHARS or not TABLE.fullmatch(text):
        raise ValueError(
            "must be a type and a name, as hash:/etc/postfix/virtual or ldap:/etc/postfix/people.cf"
        )
    if text.startswith("proxy:"):
        raise ValueError(
            "name the table without proxy: (only Postfix's own user reaches the proxy), "
            "as ldap:/etc/postfix/people.cf"
        )
    return text


Table = Annotated[str, AfterValidator(_table)]


class DirectoryOptions(Options):
    """Tables of Postfix with our own domains, aliases, people and groups."""

    domains: tuple[Table, ...] = Field(
        (),
        description="Tables of Postfix with our own domains (key: a domain; any value), as "
        '["hash:/etc/postfix/virtual_domains"] or ["ldap:/etc/postfix/domains.cf"]. They count like site.domains. Of '
        "several tables the first that has the key counts, here and below.",
    )
    aliases: tuple[Table, ...] = Field(
        (),
        description="Tables with aliases as in virtual_alias_maps (key: an address, or @domain; value: addresses). An "
        "alias of one mailbox has the rules, groups and scopes of that mailbox, unless it has its own.",
    )
    people: tuple[Table, ...] = Field(
        (),
        description="Tables with the names of executives and staff (key: a display name; value: their addresses), as "
        "site.people.",
    )
    groups: tuple[Table, ...] = Field(
        (),
        description="Tables with the groups of a recipient (key: an address; value: names of groups, separated by "
        "commas or spaces). A group must be named in [groups], where it may be empty.",
    )
    postfix_directory: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        None,
        description="Configuration directory of the Postfix of the tables (postmap -c); empty: the default.",
    )
    timeout: float = Field(
        1.0, ge=0.1, le=10.0, description="Seconds that one message may wait for all tables together."
    )
    cache_seconds: int = Field(
        300, ge=1, le=86_400, description="Seconds for which an answer, or that there is none, is kept."
    )
    stale_seconds: int = Field(
        86_400,
        ge=0,
        le=2_592_000,
        description="Seconds for which an old answer may be used while its table fails.",
    )

    @field_validator("postfix_directory")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value

    @property
    def used(self) -> bool:
        """True if any table is named."""
        return bool(self.domains or self.aliases or self.people or self.groups)
