"""The registry in memory: which brands a text names, which brand owns a domain, which one a domain imitates.

Pure: it is built once from the brands and used by any thread; the same input gives the same answer. A query costs
the same with a hundred brands and with ten thousand (see `search` and `lookalike`).

Ownership follows the registrable domain (public suffix list with its private section) or a narrower entry of
the brand's file: the owner of `eki-net.com` controls every name below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from sekisho.bounded_cache import remembered
from sekisho.brands.kinship import KinshipIndex
from sekisho.brands.lookalike import LookalikeIndex
from sekisho.brands.model import Brand, Flag
from sekisho.brands.search import NameIndex
from sekisho.domains import registrable, to_ascii, within
from sekisho.known import BrandPolicy, Kinship, Lookalike, Mention, Reading
from sekisho.text import skeleton
from sekisho.vocabulary import BrandWords

MAX_REMEMBERED = 20_000  # entries of each cache: owners and lookalikes of host names, mentions of texts
MAX_REMEMBERED_CHARS = 64  # of a text whose mentions are remembered, for example `info` or a file name


class BrandIndex:
    """`ports.Registry` over brand files; `get` gives a whole brand. `words` are the words that stand beside names of
    brands, and the phrases of lures."""

    def __init__(self, brands: Iterable[Brand], words: BrandWords) -> None:
        listed = tuple(brands)
        self._words = words
        self._brands = MappingProxyType({brand.id: brand for brand in listed})
        self._names = NameIndex(listed, words)
        self._mentions = remembered(MAX_REMEMBERED, MAX_REMEMBERED_CHARS)(
            lambda text: self.read(text).mentions
        )
        self._word_brands = remembered(MAX_REMEMBERED)(self._names.word_brands)
        # Mail links to the same hosts again and again, within a message and between messages.
        self._likeness = remembered(MAX_REMEMBERED)(LookalikeIndex(listed, words).find)
        self._owners = _owners(listed)
        self._owner = remembered(MAX_REMEMBERED)(self._owner_above)
        self._possible = _possible(listed)
        self._strict = frozenset(
            domain for brand in listed for domain, entry in brand.domains.items() if entry.strict
        )
        self._unrelated = frozenset(domain for brand in listed for domain in brand.unrelated)
        self._senders = frozenset(domain for brand in listed for domain in brand.senders)
        self._affiliates = _affiliates(listed)
        self._known_senders = _known_senders(listed, self._affiliates)
        self._kinship = KinshipIndex(listed, words)

    @property
    def brands(self) -> tuple[Brand, ...]:
        """Every brand, in the order in which they were given."""
        return tuple(self._brands.values())

    def get(self, brand: str) -> Brand | None:
        """The brand as its file describes it."""
        return self._brands.get(brand)

    def only(self, brands: Iterable[Brand]) -> BrandIndex:
        """A registry of the given brands alone, with the same words."""
        return BrandIndex(brands, self._words)

    def read(self, text: str, after: str = "") -> Reading:
        """The brands that a text names, and the cues of lures in it. In `after`, the text behind it, only companions
        are looked for."""
        return self._names.find(text, after)

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """The brands that a text names, in the order of their places."""
        return self._mentions(text)

    def word_brands(self, text: str) -> tuple[str, ...]:
        """The brands of which the text is a name that counts only beside a companion, since it is also a word."""
        return self._word_brands(text)

    def is_of_trade(self, text: str, brand: str) -> bool:
        """True if a word of the brand's trade, which is a companion of its names, stands in the text."""
        known = self._brands.get(brand)
        letters = skeleton(text)
        return known is not None and any(skeleton(each) in letters for each in known.companions)

    def owner(self, domain: str) -> str | None:
        """The id of the brand that a domain proves, or None. If several brands of one organisation list the domain, the
        first by id: a proof of one is a proof of all."""
        return self._owner(domain)

    def _owner_above(self, domain: str) -> str | None:
        return next((self._owners[name] for name in _upwards(domain) if name in self._owners), None) or None

    def could_own(self, domain: str, brand: str) -> bool:
        """True if the brand or one of its affiliates lists the registrable domain of `domain`, confirmed or not."""
        base = registrable(domain)
        return base is not None and not self.affiliates(brand).isdisjoint(self._possible.get(base, ()))

    def affiliates(self, brand: str) -> frozenset[str]:
        """The ids of the brands of one organisation, the brand included."""
        return self._affiliates.get(brand, frozenset({brand}))

    def kinship(self, domain: str, brand: str) -> Kinship | None:
        """How the name of a domain is related to the names of the brand and its affiliates; None: not at all."""
        known = self._brands.get(brand)
        return self._kinship.find(domain, known.group) if known else None

    def knows_senders(self, brand: str) -> bool:
        """True if a domain of the brand or one of its affiliates is known, or a reserved suffix that it is under."""
        return brand in self._known_senders

    def lookalike(self, domain: str) -> Lookalike | None:
        """The brand that a domain imitates; None for a brand's own domain, for one that writes for a brand,
        and for one known to be unrelated."""
        name = to_ascii(domain)
        base = registrable(name) if name else None
        if name is None or base is None or base in self._possible or base in self._unrelated:
            return None
        if any(above in self._senders for above in _upwards(name)):
            return None
        return self._likeness(name)

    def verify_at(self, brand: str) -> tuple[str, str]:
        """Where a recipient can verify a message, in English and Japanese; both empty if the file does not say."""
        known = self._brands.get(brand)
        if known is None or known.verify is None:
            return "", ""
        return known.verify.en, known.verify.ja

    def carries_others(self, brand: str) -> bool:
        """True if the brand's own mail carries what its customers write (the flag `user_content`)."""
        known = self._brands.get(brand)
        return known is not None and "user_content" in known.flags

    def telephones(self, brand: str) -> tuple[str, ...]:
        """The telephone numbers of the brand's file."""
        known = self._brands.get(brand)
        return known.telephones if known else ()

    def brand_policies(self, brand: str) -> tuple[BrandPolicy, ...]:
        """What the brand says of its own mail."""
        known = self._brands.get(brand)
        return known.brand_policies if known else ()

    def strict(self, domain: str) -> bool:
        """True if an entry for the domain, or for a name above it, says that all its mail is authenticated."""
        return any(name in self._strict for name in _upwards(domain))

    def sends_for(self, domain: str, brand: str) -> str | None:
        """The entry of `senders`, of the brand or one of its organisation, that is the domain or a name above it."""
        listed = (self._brands[each].senders for each in self.affiliates(brand) if each in self._brands)
        return next((entry for entries in listed for entry in entries if within(domain, entry)), None)

    def bears(self, text: str, brand: str) -> bool:
        """True if a text is a name of the brand, also one that is an ordinary word and counts only beside others."""
        known = self.get(brand)
        return known is not None and skeleton(text) in map(skeleton, known.spellings)

    def built_in(self, brand: str) -> bool:
        """True if dealers, agencies or branches build the name of the brand into their own with right."""
        return self._has_flag(brand, "built_in")

    def self_hosted(self, brand: str) -> bool:
        """True for a program that anybody runs on a server of their own, and that writes under its own name there."""
        return self._has_flag(brand, "self_hosted")

    def _has_flag(self, brand: str, flag: Flag) -> bool:
        known = self._brands.get(brand)
        return known is not None and flag in known.flags

    def name(self, brand: str) -> str:
        """The brand's first name; the id itself if there is no such brand."""
        known = self._brands.get(brand)
        return known.names[0] if known else brand


def _upwards(domain: str) -> Iterable[str]:
    """The domain and the names above it, down to the registrable one."""
    name = to_ascii(domain)
    base = registrable(name) if name else None
    while name and base:
        yield name
        if name == base:
            return
        name = name.partition(".")[2]


def _owners(brands: tuple[Brand, ...]) -> dict[str, str]:
    """The brand that each domain proves; "" for a domain that customers write from, which proves no brand."""
    owners: dict[str, str] = {}
    for brand in brands:
        for domain, entry in brand.domains.items():
            if "mailbox" in entry.flags:
                owners[domain] = ""
            elif entry.proves:
                owners.setdefault(domain, brand.id)
    return owners


def _possible(brands: tuple[Brand, ...]) -> dict[str, frozenset[str]]:
    """The ids of the brands that may own each registrable domain."""
    possible: dict[str, set[str]] = {}
    for brand in brands:
        for domain in brand.domains:
            possible.setdefault(registrable(domain) or domain, set()).add(brand.id)
    return {domain: frozenset(ids) for domain, ids in possible.items()}


def _affiliates(brands: tuple[Brand, ...]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for brand in brands:
        groups.setdefault(brand.group, set()).add(brand.id)
    return {brand.id: frozenset(groups[brand.group]) for brand in brands}


def _known_senders(brands: tuple[Brand, ...], affiliates: dict[str, frozenset[str]]) -> frozenset[str]:
    """The ids of the brands of which, or of an affiliate of which, it is known where they write from."""
    proven = (brand.id for brand in brands if any(entry.shows_sender for entry in brand.domains.values()))
    return frozenset().union(*(affiliates[each] for each in proven))
