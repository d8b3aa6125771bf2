"""What the rooms of knowledge answer: what a text names, what a domain looks like, what a service does. Types only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sekisho.evidence import Cue


@dataclass(frozen=True, slots=True)
class Mention:
    """A brand's name found in a text. `alone` is the share of the folded text that the name covers (0..1);
    `exact`: written as the brand writes it, not by way of look-alike or inserted characters."""

    brand: str
    name: str
    start: int
    end: int
    alone: float
    exact: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one pass over a text finds: the brands that it names, and the words that lures are made of."""

    mentions: tuple[Mention, ...] = ()
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookalike:
    """A domain made to look like a brand's. `how`: `confusable`, `edit` (one edit away) or `composition`
    (the brand's word inside a stranger's name); `of` is the brand's domain or word. `rivals` are further
    brands that it is one edit away from."""

    brand: str
    of: str
    how: str
    rivals: tuple[Lookalike, ...] = ()


class Kinship(StrEnum):
    """How the name of an unlisted domain is related to a brand's names: it is one of them (`sonybank.jp`), has one
    beside other words (`rakuteneagles.jp`) or is a part of one (`aeon` of `aeoncard`), or has one beside what forgers
    put there: a word that calms the reader (`jaccs-online.info`), digits, or letters without a vowel."""

    NAME = "name"
    COMPOUND = "compound"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True)
class BrandPolicy:
    """What a brand says of its own mail. `kind` is of the closed vocabulary of brand files; `notice` is the theme that
    it is about, or `all`; `since` is a year, month or day in ISO form, or empty."""

    kind: str
    notice: str = "all"
    since: str = ""


ON_BEHALF = "on_behalf"
"""The kind of a platform that writes in the names of organisations under contract, and of nobody else."""
TENANCY = "tenancy"
"""The kind of a platform where anybody opens an account and writes under a name of its own choice."""
PASS_ON = ("forwarder", "alias")
"""The kinds of services that exist to pass mail on."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """What a service does to a message that it passes on. `unknown` is a value of each.

    - `envelope`: `kept`, or the service's `own` envelope sender (SRS, or an address for bounces).
    - `dkim`: the author's signature is `kept`, or `broken` because the service changes what is signed.
    - `author`: From is `kept`; or it has the service's `own` address, always or only where the author's domain asks for
      such mail to be refused (`own_if_refused`).
    - `shows`: where the true author's address then stands: in the `display_name`, in the `local_part` of the address,
      in a `header` such as Reply-To.
    """

    name: str
    envelope: str = "unknown"
    dkim: str = "unknown"
    author: str = "unknown"
    shows: str = "unknown"
