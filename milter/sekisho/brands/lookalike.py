"""Finds domains that look like a brand's domain.

There are three kinds (UTS 39 for the first):

- `confusable`: other characters that look the same (`аmazon`, `paypai`, `arnazon`, in IDN and in ASCII). A whole
  domain written with foreign letters (`líne.me`) counts even if the name is an ordinary word.
- `composition`: the brand's word as a part of another name (`amazon-security.cn`, `jcb.co.jp.login.vkia.cn`), also
  written together with a trade word (`amazonlogin.top`). A whole domain of a brand inside another name always counts
  (`line.me.example.cn`).
- `edit`: one letter added, left out or replaced, or two swapped, in a label of at least five letters.

All look-ups are by hash: a domain has at most some hundred pieces and one-letter deletions, and the number of
brands does not matter. The trade words are data (`config/vocabulary/brands.toml`). An ordinary word counts in a
composition only beside a telling one of them, or where two of them and nothing else stand beside it (`jcb-mail-jp`),
and by itself if it is cut by hyphens (`sant-ander`). A name that needs a companion counts only beside one of its own
companions (`hometrade-nomura.example`, after `hometrade.nomura.co.jp`). So `visatravel.example`, `lineage.example` and
`support.square-gym.example` look like no brand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain

from sekisho.brands.distance import deletions, one_edit
from sekisho.brands.model import Brand
from sekisho.domains import registrable, to_unicode
from sekisho.known import Lookalike
from sekisho.text import skeleton
from sekisho.vocabulary import BrandWords

MIN_EDIT_LETTERS = 5  # of a label; one edit turns a shorter one into too many other words
MIN_CUT_LETTERS = 6  # of an ordinary word; `go-mo` may be two words
MIN_WORD_LETTERS = 3  # of a brand's word that counts as a piece of a name
MAX_PIECES = 40  # of a host name; further ones are not examined
MAX_JOINED_PIECES = 4  # that together may be one name: `ts-cubic-card`

# The brand, its word, and the words of which one must stand beside it (None: it counts alone).
_Word = tuple[str, str, frozenset[str] | None]

_SPLIT = re.compile(r"[-._]+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


class LookalikeIndex:
    """The brands' domains and words, indexed by what they look like."""

    def __init__(self, brands: Iterable[Brand], words: BrandWords) -> None:
        self._trade = words.trade
        self._strong = words.strong
        self._labels: dict[str, tuple[str, str, str]] = {}
        self._whole: dict[str, str] = {}
        self._shapes: dict[str, tuple[str, str]] = {}
        self._edits: dict[str, list[str]] = {}
        self._cut: dict[str, tuple[str, str]] = {}
        self._words: dict[str, _Word] = {}
        self._guarded: dict[str, _Word] = {}
        for brand in brands:
            self._add(brand)

    def _add(self, brand: Brand) -> None:
        """Index a brand; one of which no domain is known may own any that bears its name."""
        if not brand.domains:
            return
        never = set(map(skeleton, brand.needs_companion))
        ordinary = set(map(skeleton, brand.ordinary))
        words = dict.fromkeys(_words(brand))
        plain_words = never | ordinary
        labels: set[str] = set()
        for domain, entry in brand.domains.items():
            if registrable(domain) != domain:
                continue
            self._whole.setdefault(domain, brand.id)
            self._shapes.setdefault(skeleton(domain), (brand.id, domain))
            label = domain.partition(".")[0]
            if skeleton(label) in plain_words and len(label) >= MIN_CUT_LETTERS:
                self._cut.setdefault(label, (brand.id, domain))
            if label in labels or skeleton(label) in plain_words:
                continue
            # `office.com` belongs to Microsoft, but `office` is an ordinary word.
            plain = label.replace("-", "")
            is_name = plain in words
            if is_name or (
                entry.proves and any(len(each) > MIN_WORD_LETTERS and each in plain for each in words)
            ):
                labels.add(label)  # of the many national domains of a brand the first one is enough
                self._add_label(brand.id, domain, label, is_name)
        for word in words:
            key = skeleton(word)
            if len(word) < MIN_WORD_LETTERS:
                continue
            if key in never:
                self._guarded.setdefault(key, (brand.id, word, self._companions(brand)))
            else:
                self._words.setdefault(key, (brand.id, word, self._strong if key in ordinary else None))

    def _companions(self, brand: Brand) -> frozenset[str]:
        """The companions of a name that needs one: labels of the brand's hosts (`hometrade.nomura.co.jp`), and the
        companions of its file."""
        hosts = (name.removesuffix(registrable(name) or "") for name in brand.domains)
        labels = (label for host in hosts for label in _SPLIT.split(host))
        listed = (word.lower() for word in brand.companions if word.isascii())
        long = (each for each in (*labels, *listed) if len(each) > MIN_WORD_LETTERS)
        return frozenset(each for each in long if each not in self._trade or each in self._strong)

    def _add_label(self, brand: str, domain: str, label: str, is_name: bool) -> None:
        """Index the label of a domain. Only one edit from a name is a misspelling: who knows `twitchcdn`?"""
        plain = label.replace("-", "")
        if len(plain) <= MIN_WORD_LETTERS:
            return
        self._labels.setdefault(skeleton(label), (brand, domain, plain))
        if is_name and len(plain) >= MIN_EDIT_LETTERS and plain not in self._edits.get(plain, ()):
            for shorter in {plain, *deletions(plain)}:
                self._edits.setdefault(shorter, []).append(plain)

    def find(self, domain: str) -> Lookalike | None:
        """What a domain looks like, or None. The caller has made sure that no brand owns the domain."""
        base = registrable(domain)
        if base is None:
            return None
        suffix = base.partition(".")[2]
        shown = to_unicode(domain)
        label = to_unicode(base).partition(".")[0]
        own = shown[: len(shown) - len(to_unicode(suffix)) - 1]
        return (
            self._whole_domain(to_unicode(base))
            or self._nearest(self._confusable(label), suffix)
            or self._composition(own)
            or self._nearest(self._hyphened(label), suffix)
            or self._nearest(self._edit(label), suffix)
        )

    def _nearest(self, found: Lookalike | None, suffix: str) -> Lookalike | None:
        """What was found by the label of a brand's first domain, with the brand's domain of the same label that has the
        suffix of the imitation, if there is one: `examp1e.co.jp` imitates `example.co.jp`, not `example.jp`."""
        if found is None:
            return None
        domain = f"{found.of.partition('.')[0]}.{suffix}"
        rivals = tuple(filter(None, (self._nearest(each, suffix) for each in found.rivals)))
        return replace(
            found, of=domain if self._whole.get(domain) == found.brand else found.of, rivals=rivals
        )

    def _whole_domain(self, shown: str) -> Lookalike | None:
        """A brand's whole domain with its suffix, written with foreign letters or as a part of another name."""
        if shown.isascii():
            brand = self._whole.get(shown)
            return Lookalike(brand, shown, "composition") if brand else None
        known = self._shapes.get(skeleton(shown))
        return Lookalike(*known, "confusable") if known else None

    def _confusable(self, label: str) -> Lookalike | None:
        known = self._labels.get(skeleton(label))
        if known is None:
            return None
        brand, domain, plain = known
        if label.replace("-", "") == plain:
            return Lookalike(brand, domain, "composition")
        return (
            Lookalike(brand, domain, "confusable")
            if len(plain) >= MIN_EDIT_LETTERS or not label.isascii()
            else None
        )

    def _composition(self, name: str) -> Lookalike | None:
        """The longest whole domain of a brand that stands left of the registered label, else the longest word of a
        brand among the pieces of the name. The companions of a word in the registered label must stand in that label:
        every organisation may have a host `mail` or `support`."""
        *labels, registered = name.split(".")
        del labels[MAX_PIECES:]
        names = (".".join(labels[at : at + size]) for at, size, _ in _joined(labels))
        if whole := list(filter(None, map(self._whole_domain, names))):
            return max(whole, key=lambda each: len(each.of))
        last = [piece for piece in _SPLIT.split(registered) if piece]
        above = [piece for piece in _SPLIT.split(".".join(labels)) if piece][: MAX_PIECES - len(last)]
        pieces = above + last
        best: tuple[int, Lookalike] | None = None
        for at, size, word in _joined(pieces):
            first = len(above) if at + size > len(above) else 0
            beside = set(pieces[first:at] + pieces[at + size :])
            lookalike = self._word(word, beside, size == 1)
            if lookalike is not None and (best is None or len(word) > best[0]):
                best = len(word), lookalike
        return best[1] if best else None

    def _word(self, word: str, beside: set[str], single: bool) -> Lookalike | None:
        key = skeleton(word)
        known = self._words.get(key) or self._guarded.get(key)
        if known is None and single:
            known, trade = self._without_trade(word)
            beside = beside | {trade}
        if known is None:
            return None
        brand, own, needed = known
        if needed is not None and not (beside & needed or self._is_among_trade(beside)):
            return None
        same = not word.isascii() or own in word
        how = "composition" if word.isascii() and own in word else "confusable"
        return Lookalike(brand, own, how) if same or len(own) >= MIN_EDIT_LETTERS else None

    def _is_among_trade(self, beside: set[str]) -> bool:
        """True if nothing but trade words stand beside a name, and more than one (`jcb-mail-jp`)."""
        return len(beside) > 1 and self._trade.issuperset(beside)

    def _without_trade(self, word: str) -> tuple[_Word | None, str]:
        """The brand's word and the trade word of `amazonlogin` or `loginamazon`."""
        for size in range(2, min(13, len(word) - MIN_EDIT_LETTERS + 1)):
            for trade, rest in ((word[-size:], word[:-size]), (word[:size], word[size:])):
                if trade in self._trade and (known := self._words.get(skeleton(rest))) is not None:
                    return known, trade
        return None, ""

    def _hyphened(self, label: str) -> Lookalike | None:
        """An ordinary word that is cut by a hyphen where no word ends: nobody but a forger writes it so."""
        known = self._cut.get(label.replace("-", "")) if "-" in label else None
        return None if known is None else Lookalike(*known, "composition")

    def _edit(self, label: str) -> Lookalike | None:
        """One edit from a name: the whole label, or the one piece of it that is no trade word (`binnance-app`)."""
        telling = [piece for piece in label.split("-") if piece not in self._trade]
        alone = telling[0] if len(telling) == 1 and len(telling[0]) >= MIN_CUT_LETTERS else ""
        return self._one_edit_from(label.replace("-", "")) or self._one_edit_from(alone)

    def _one_edit_from(self, plain: str) -> Lookalike | None:
        if not MIN_EDIT_LETTERS <= len(plain) <= 63 or not _ASCII_WORD.fullmatch(plain):
            return None
        near = chain.from_iterable(self._edits.get(each, ()) for each in (plain, *deletions(plain)))
        found = []
        for own in dict.fromkeys(near):
            if one_edit(plain, own):
                brand, domain, _ = self._labels[skeleton(own)]
                found.append(Lookalike(brand, domain, "edit"))
        return replace(found[0], rivals=tuple(found[1:])) if found else None


def _words(brand: Brand) -> Iterator[str]:
    """The brand's Latin names as they would be written in a domain."""
    return filter(None, map(word_of, brand.spellings))


def word_of(name: str) -> str:
    """A name as it would be written in a domain: `exampletrading` for `Example Trading`; empty if it is not Latin."""
    word = name.lower().replace(" ", "").replace("-", "").replace("'", "").replace(":", "")
    word = word.removesuffix(".com").removesuffix(".co.jp")
    return word if _ASCII_WORD.fullmatch(word) and not word.isdigit() else ""


def _joined(pieces: list[str]) -> Iterator[tuple[int, int, str]]:
    for at in range(len(pieces)):
        for size in range(1, min(MAX_JOINED_PIECES, len(pieces) - at) + 1):
            yield at, size, "".join(pieces[at : at + size])
