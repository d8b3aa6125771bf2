"""The registry in memory: who is named, who owns a domain, who is imitated.

Pure: built once from brands, asked from any thread, same input, same answer. Every question costs the same
whether there are a hundred brands or ten thousand (see `names` and `lookalike`).

Ownership follows the registrable domain (public suffix list with its private section) or a narrower entry of
the brand's file: whoever controls `eki-net.com` controls every name below it.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType

from sekisho.bounded_cache import remembered
from sekisho.brands.lookalike import LikenessIndex
from sekisho.brands.model import Brand
from sekisho.brands.names import NameIndex
from sekisho.domains import registrable, to_ascii
from sekisho.lures import Vocabulary
from sekisho.ports import BrandPolicy, Lookalike, Mention, Reading

REMEMBERED = 20_000  # host names whose owner and whose likeness are remembered, and texts
SHORT = 64  # characters of a text of which it is remembered whom it names: `info`, the name of a file


class BrandIndex:
    """`ports.Registry` over brand files, and the whole brand for those who need more (`get`)."""

    def __init__(self, brands: Iterable[Brand], lures: Vocabulary | None = None) -> None:
        listed = tuple(brands)
        self._lures = lures
        self._brands = MappingProxyType({brand.id: brand for brand in listed})
        self._names = NameIndex(listed, lures)
        self._mentions = remembered(REMEMBERED, SHORT)(lambda text: self.read(text).mentions)
        # Mail links to the same hosts again and again, within a message and between messages.
        self._likeness = remembered(REMEMBERED)(LikenessIndex(listed).find)
        self._owners = _owners(listed)
        self._owner = remembered(REMEMBERED)(self._owner_above)
        self._possible = _possible(listed)
        self._strict = frozenset(
            domain for brand in listed for domain, entry in brand.domains.items() if entry.strict
        )
        self._unrelated = frozenset(domain for brand in listed for domain in brand.unrelated)
        self._kin = _kin(listed)

    @property
    def brands(self) -> tuple[Brand, ...]:
        return tuple(self._brands.values())

    def get(self, brand: str) -> Brand | None:
        """The brand as its file describes it."""
        return self._brands.get(brand)

    def only(self, brands: Iterable[Brand]) -> BrandIndex:
        """The same with other brands."""
        return BrandIndex(brands, self._lures)

    def read(self, text: str, after: str = "") -> Reading:
        return self._names.find(text, after)

    def mentions(self, text: str) -> tuple[Mention, ...]:
        return self._mentions(text)

    def owner(self, domain: str) -> str | None:
        """Where several brands of one organisation list a domain, the first by id: they share proof."""
        return self._owner(domain)

    def _owner_above(self, domain: str) -> str | None:
        return next((self._owners[name] for name in _upwards(domain) if name in self._owners), None) or None

    def could_own(self, domain: str, brand: str) -> bool:
        """Names below the registrable domain of any entry count, for an unconfirmed entry too."""
        base = registrable(domain)
        return base is not None and not self.affiliates(brand).isdisjoint(self._possible.get(base, ()))

    def affiliates(self, brand: str) -> frozenset[str]:
        return self._kin.get(brand, frozenset({brand}))

    def lookalike(self, domain: str) -> Lookalike | None:
        name = to_ascii(domain)
        base = registrable(name) if name else None
        if name is None or base is None or base in self._possible or base in self._unrelated:
            return None
        return self._likeness(name)

    def verify_at(self, brand: str) -> tuple[str, str]:
        known = self._brands.get(brand)
        if known is None or known.verify is None:
            return "", ""
        return known.verify.en, known.verify.ja

    def brand_policies(self, brand: str) -> tuple[BrandPolicy, ...]:
        known = self._brands.get(brand)
        return known.brand_policies if known else ()

    def strict(self, domain: str) -> bool:
        return any(name in self._strict for name in _upwards(domain))

    def name(self, brand: str) -> str:
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
    """Who is proven by a domain; nobody ("") by one that customers write from, nor by the names below it."""
    owners: dict[str, str] = {}
    for brand in brands:
        for domain, entry in brand.domains.items():
            if "mailbox" in entry.flags:
                owners[domain] = ""
            elif entry.proves:
                owners.setdefault(domain, brand.id)
    return owners


def _possible(brands: tuple[Brand, ...]) -> dict[str, frozenset[str]]:
    """Registrable domains, and the brands that may own them."""
    possible: dict[str, set[str]] = {}
    for brand in brands:
        for domain in brand.domains:
            possible.setdefault(registrable(domain) or domain, set()).add(brand.id)
    return {domain: frozenset(ids) for domain, ids in possible.items()}


def _kin(brands: tuple[Brand, ...]) -> dict[str, frozenset[str]]:
    groups: dict[str, set[str]] = {}
    for brand in brands:
        groups.setdefault(brand.group, set()).add(brand.id)
    return {brand.id: frozenset(groups[brand.group]) for brand in brands}
