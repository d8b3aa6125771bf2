"""The site as the checks ask it: its domains, senders, names and people. Implements `ports.Site`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path

from sekisho.brands import Brand, BrandIndex
from sekisho.brands.lookalike import word_of
from sekisho.brands.model import DomainEntry
from sekisho.data_files import ContentError, UnreadableError, read_bytes, text_of
from sekisho.domains import registrable, within
from sekisho.known import Lookalike
from sekisho.message import Client
from sekisho.site.options import SiteOptions, parse_person
from sekisho.text import skeleton
from sekisho.trust import Networks
from sekisho.vocabulary import BrandWords, LurePhrases

ID = "own-site"
MAX_PEOPLE = 50_000
MAX_NAME_CHARS = 120  # of a display name; the rest is not searched
MAX_FILE_BYTES = 8 * 1024 * 1024
MIN_LATIN_LETTERS, MIN_LETTERS = 6, 3  # a shorter name must be the whole display name


class SiteFileError(Exception):
    """The file of people cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the site. `whole`: the name is found only if it is the whole display name."""

    name: str
    addresses: frozenset[str]
    whole: bool


@dataclass(frozen=True, slots=True)
class People:
    """People by the skeletons of their names. The time of a look-up does not depend on how many there are."""

    by_skeleton: Mapping[str, Person] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[str]) -> People:
        """Read lines such as `山田 太郎 <taro@mail.example>`."""
        known: dict[str, Person] = {}
        for line in lines:
            name, addresses = parse_person(line)
            for form in _forms(name):
                least = MIN_LATIN_LETTERS if form.isascii() else MIN_LETTERS
                both = frozenset(addresses) | (known[form].addresses if form in known else frozenset())
                known[form] = Person(name, both, len(form) < least)
        return cls(known, tuple(sorted({len(form) for form in known}, reverse=True)))

    def find(self, shown: str) -> Person | None:
        """The person whose name the display name contains; of several, the one with the longest name."""
        text = skeleton(shown[:MAX_NAME_CHARS]) if self.lengths else ""
        for length in self.lengths:
            for start in range(len(text) - length + 1):
                person = self.by_skeleton.get(text[start : start + length])
                if person is not None and (not person.whole or length == len(text)):
                    return person
        return None


def _forms(name: str) -> set[str]:
    """The skeletons of a name, with its words in every order (of up to three words)."""
    words = name.replace("\u3000", " ").replace(",", " ").split()
    orders = permutations(words) if len(words) <= 3 else (tuple(words),)
    return {form for order in orders if (form := skeleton(" ".join(order)))}


@dataclass(frozen=True, slots=True)
class Site:
    """Implements `ports.Site`."""

    domains: tuple[str, ...] = ()
    networks: Networks = field(default_factory=Networks)
    signers: tuple[str, ...] = ()
    people: People = field(default_factory=People)
    exceptions: frozenset[str] = frozenset()
    index: BrandIndex = field(default_factory=lambda: BrandIndex((), BrandWords()))
    written: Mapping[str, str] = field(default_factory=dict)
    """Our names by how they stand in domains."""

    @classmethod
    def of(cls, options: SiteOptions, words: BrandWords) -> Site:
        """The site of the options; `words` are those that stand beside names of brands. Raises SiteFileError if the
        file of people cannot be used."""
        lines = (*options.people, *(_lines(options.people_file) if options.people_file else ()))
        return cls(
            options.domains,
            Networks.of(options.senders),
            tuple(each for each in options.senders if "/" not in each),
            People.of(lines),
            frozenset(options.exceptions),
            _index(options, replace(words, phrases=LurePhrases())),
            {word: name for name in reversed(options.names) if (word := word_of(name))},
        )

    def owns(self, domain: str) -> bool:
        """True for our own domains and the names below them."""
        return any(within(domain, own) for own in self.domains)

    def guards(self, domain: str) -> bool:
        """The same: an imitation of any of them is found."""
        return self.owns(domain)

    def may_send(self, client: Client, signers: Iterable[str]) -> bool:
        """True if the client may send in our name: by its address, or by the domain of a valid signature."""
        return client.address in self.networks or any(
            within(signer, known) for signer in signers for known in self.signers
        )

    def lookalike(self, domain: str) -> Lookalike | None:
        """The name or domain of ours that another domain imitates, as we write it, or None."""
        if not self.domains or self._excepted("", domain):
            return None
        found = self.index.lookalike(domain)
        return None if found is None else replace(found, of=self.written.get(found.of, found.of))

    def named(self, shown: str) -> str | None:
        """The first name of ours that a display name shows, as it stands there; None if there is none."""
        mentions = self.index.mentions(shown[:MAX_NAME_CHARS])
        return next((shown[each.start : each.end] for each in mentions), None)

    def excepts(self, address: str) -> bool:
        """True for an address that the site has excepted, or whose domain it has."""
        return self._excepted(address.lower(), address.lower().rpartition("@")[2])

    def person(self, shown: str, address: str) -> str | None:
        """Our person whose name a display name shows; None if the address is ours, that person's, or an exception."""
        person = self.people.find(shown)
        if person is None:
            return None
        own = self.owns(address.lower().rpartition("@")[2]) or self.excepts(address)
        return None if own or address.lower() in person.addresses else person.name

    def _excepted(self, address: str, domain: str) -> bool:
        return address in self.exceptions or any(
            within(domain, each) for each in self.exceptions if "@" not in each
        )


def _index(options: SiteOptions, words: BrandWords) -> BrandIndex:
    """An index with one brand, the site: its names, and the first label of each registrable domain."""
    labels = tuple(dict.fromkeys(own.partition(".")[0] for own in options.domains if registrable(own) == own))
    names = tuple(dict.fromkeys((*options.names, *labels)))
    if not names:
        return BrandIndex((), words)
    entry = DomainEntry(confidence="high")
    brand = Brand(id=ID, names=names[:64], domains=dict.fromkeys(options.domains, entry))
    return BrandIndex((brand,), words)


def _lines(path: Path) -> tuple[str, ...]:
    try:
        text = text_of(read_bytes(path, MAX_FILE_BYTES))
    except UnreadableError as error:
        raise SiteFileError(f"site.people_file: {error}") from error
    except ContentError as error:
        raise SiteFileError(f"site.people_file: {path}: {error}") from error
    lines = tuple(line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    if len(lines) > MAX_PEOPLE:
        raise SiteFileError(f"site.people_file: {path}: more than {MAX_PEOPLE} names")
    return lines
