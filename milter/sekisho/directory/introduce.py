"""One message with what the site's tables say: aliases and groups of its recipients, own domains, own people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice, permutations

from sekisho.directory.options import DirectoryOptions
from sekisho.directory.tables import TableAnswers, Tables, TableUse, TimeLeft
from sekisho.domains import to_ascii
from sekisho.known import Lookalike
from sekisho.message import ELSEWHERE, AliasTarget, Client, Message, Recipient
from sekisho.message.recipient_keys import key_of, mailbox_of
from sekisho.ports import Site

MAX_DEPTH = 5  # of aliases that lead to aliases
MAX_TARGETS = 200  # of one alias
MAX_RECIPIENTS = 1000  # that tables are asked for; Postfix's default of smtpd_recipient_limit
MAX_ADDRESSES = 2000  # that are followed for one message
MAX_PARENT_LABELS = 8  # of the names above a domain that are asked for
MAX_NAME_CHARS = 120  # of a display name
MAX_NAME_WORDS = 6


class _Asking:
    """The questions of one message, with the time that is left for them. `unknown`: one had no answer."""

    def __init__(self, tables: Tables, seconds: float) -> None:
        self._tables = tables
        self._left = TimeLeft(seconds)
        self.unknown = False

    def has(self, use: TableUse) -> bool:
        """True if a table is named for this use."""
        return self._tables.has(use)

    def find(self, use: TableUse, keys: Iterable[str]) -> TableAnswers:
        """The values of the keys that are there, and which keys are not known."""
        found = self._tables.find(use, keys, self._left)
        self.unknown = self.unknown or bool(found.unknown)
        return found


@dataclass(frozen=True, slots=True)
class IntroducedMessage:
    """Implements `ports.Introduced`."""

    message: Message
    site: Site | None
    asking: _Asking

    @property
    def unknown(self) -> bool:
        """True if a question about the message had no answer."""
        return self.asking.unknown


class TableDirectory:
    """Implements `ports.Directory` with the site's tables. Shared by all messages of a process."""

    def __init__(self, options: DirectoryOptions, tables: Tables, delimiters: str = "") -> None:
        """`delimiters` are the characters that begin an address extension."""
        self._tables = tables
        self._seconds = options.timeout
        self._delimiters = delimiters

    def introduce(self, message: Message, site: Site | None) -> IntroducedMessage:
        """The message with what the tables say."""
        asking = _Asking(self._tables, self._seconds)
        recipients = Recipients(asking, self._delimiters).known(message.envelope.recipients)
        if any(each.groups or each.targets for each in recipients):
            message = replace(message, envelope=replace(message.envelope, recipients=recipients))
        known = None if site is None else SiteWithTables(site, asking)
        return IntroducedMessage(message, known, asking)


class Recipients:
    """Follows aliases and finds groups, for all recipients of a message together."""

    def __init__(self, asking: _Asking, delimiters: str) -> None:
        self._asking = asking
        self._delimiters = delimiters

    def known(self, recipients: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        """The recipients with their groups and targets. The first ones are asked for, in the order of the envelope; of
        those beyond the limit nothing is known."""
        every = list(dict.fromkeys(key_of(each.address) for each in recipients if "@" in each.address))
        named = every[:MAX_RECIPIENTS]
        self._asking.unknown |= len(named) < len(every)
        steps = self._followed(named)
        leaves = {key: self._leaves(key, steps) for key in named}
        ends = (each for some in leaves.values() for each in some if each)
        groups = self._groups(dict.fromkeys((*named, *ends)))
        return tuple(self._one(each, leaves, groups) for each in recipients)

    def _one(
        self,
        recipient: Recipient,
        leaves: Mapping[str, tuple[str, ...]],
        groups: Mapping[str, tuple[str, ...]],
    ) -> Recipient:
        key = key_of(recipient.address)
        ends = leaves.get(key, ())
        targets = tuple(AliasTarget(each, groups.get(each, ())) if each else ELSEWHERE for each in ends)
        own = groups.get(key, ())
        return replace(recipient, groups=own, targets=targets) if own or targets else recipient

    def _followed(self, named: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """What each address leads to, in one step; "" is elsewhere. Each step asks for all addresses at once, and the
        last one whether the chains end there."""
        steps: dict[str, tuple[str, ...]] = {}
        if not self._asking.has(TableUse.ALIASES):
            return steps
        waiting: Iterable[str] = named
        for _ in range(MAX_DEPTH + 1):
            frontier = [each for each in dict.fromkeys(waiting) if each and each not in steps]
            frontier = frontier[: MAX_ADDRESSES - len(steps)]
            if not frontier:
                break
            values = self._values(TableUse.ALIASES, {each: self._forms(each) for each in frontier})
            steps |= {each: tuple(_targets(value, each)) for each, value in values.items()}
            waiting = [target for each in frontier for target in steps[each]]
        return steps

    def _leaves(self, key: str, steps: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
        """The mailboxes at the end, and last "" if it leads elsewhere, too; none if the address leads to no mailbox but
        itself. A loop leads nowhere. An address that was not asked for may be another alias: it is no mailbox."""
        found: dict[str, None] = {}
        elsewhere = False
        seen, waiting = {key}, list(reversed(steps.get(key, ())))
        while waiting:
            each = waiting.pop()
            cut = bool(each) and (each not in steps or (len(found) >= MAX_TARGETS and each not in found))
            self._asking.unknown |= cut
            if cut or not each:
                elsewhere = True
                continue
            further = steps[each]
            if not further or each in further:
                found[each] = None
            waiting += (target for target in reversed(further) if target not in seen and target != each)
            seen.update(further)
        if elsewhere and found:
            return (*found, "")
        return () if tuple(found) == (key,) else tuple(found)

    def _values(self, use: TableUse, forms: Mapping[str, tuple[str, ...]]) -> Mapping[str, str | None]:
        """The value of each address, by the first of its forms that is there: "" if none is, None if that is not
        known."""
        found = self._asking.find(use, (form for some in forms.values() for form in some))
        return {each: _first(some, found) for each, some in forms.items()}

    def _forms(self, key: str) -> tuple[str, ...]:
        """The keys of an address, in the order of virtual(5): the address, the mailbox, the domain."""
        return tuple(dict.fromkeys((key, mailbox_of(key, self._delimiters), f"@{key.rpartition('@')[2]}")))

    def _groups(self, keys: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        forms = {key: (key, mailbox_of(key, self._delimiters)) for key in keys}
        values = self._values(TableUse.GROUPS, forms)
        return {key: tuple(_group_names(value or "")) for key, value in values.items()}


def _first(forms: Iterable[str], found: TableAnswers) -> str | None:
    for form in forms:
        if form in found.unknown:
            return None
        if form in found.values:
            return found.values[form]
    return ""


def _group_names(value: str) -> Iterator[str]:
    """The names of groups in a value. A domain or an address is no group."""
    return (each for each in re.split(r"[,\s]+", value) if each and "." not in each and "@" not in each)


def _targets(value: str | None, key: str) -> Iterator[str]:
    """The addresses in the value of an alias. `@example.jp` keeps the local part. "" is elsewhere: a value that is not
    known, and a command, a file or a bare name, which Postfix completes or delivers in its own way."""
    if value is None:
        yield ""
        return
    for each in islice(filter(None, re.split(r"[,\s]+", value)), MAX_TARGETS + 1):
        local, at, domain = each.rpartition("@")
        name = to_ascii(domain)
        if at and name is not None and not local.startswith(("|", "/", ":")):
            yield key_of(f"{local or key.rpartition('@')[0]}@{name}")
        else:
            yield ""


@dataclass(frozen=True, slots=True)
class SiteWithTables:
    """Implements `ports.Site`: the configured site, and the domains and people of the tables. Imitations and names are
    found of the configured ones only, since nobody can ask a table for what looks alike."""

    site: Site
    asking: _Asking

    def owns(self, domain: str) -> bool:
        """True for our own domains and the names below them."""
        if self.site.owns(domain):
            return True
        return bool(self.asking.find(TableUse.DOMAINS, _parents(domain)).values)

    def guards(self, domain: str) -> bool:
        """True for configured domains."""
        return self.site.guards(domain)

    def may_send(self, client: Client, signers: Iterable[str]) -> bool:
        """As configured."""
        return self.site.may_send(client, signers)

    def lookalike(self, domain: str) -> Lookalike | None:
        """What of the configured domains and names a stranger's domain is made to look like."""
        return self.site.lookalike(domain)

    def named(self, shown: str) -> str | None:
        """The configured name that a display name shows."""
        return self.site.named(shown)

    def excepts(self, address: str) -> bool:
        """As configured."""
        return self.site.excepts(address)

    def person(self, shown: str, address: str) -> str | None:
        """The person of ours whose name a display name shows, if the address is not that person's."""
        if (configured := self.site.person(shown, address)) is not None:
            return configured
        if not self.asking.has(TableUse.PEOPLE) or self.site.excepts(address):
            return None
        names = _names(shown)
        found = self.asking.find(TableUse.PEOPLE, names).values
        name = next((each for each in names if each in found), None)
        if name is None or address.lower() in re.split(r"[,\s<>]+", found[name].lower()):
            return None
        return None if self.owns(to_ascii(address.rpartition("@")[2]) or "") else names[name]


def _parents(domain: str) -> tuple[str, ...]:
    """The domain and the names above it, without the top-level domain. Of a domain with very many labels the upper
    names are asked for: whoever owns one of them owns all that is below."""
    labels = domain.lower().rstrip(".").split(".")
    starts = (0, *range(max(len(labels) - MAX_PARENT_LABELS, 1), len(labels) - 1))
    return tuple(".".join(labels[start:]) for start in starts if start < len(labels) - 1)


def _names(shown: str) -> dict[str, str]:
    """The keys for a display name, each with what it stands for: all words, and two or three that stand together, in
    every order, with spaces and without (`山田 太郎 社長`: `山田 太郎`, `太郎 山田`, `山田太郎` …)."""
    plain = unicodedata.normalize("NFKC", shown[:MAX_NAME_CHARS])
    words = re.sub(r"[\"'()\[\],<>/|・]+", " ", plain).split()[:MAX_NAME_WORDS]
    runs = [
        words,
        *(words[start : start + size] for size in (3, 2) for start in range(len(words) - size + 1)),
    ]
    found: dict[str, str] = {}
    for run in runs:
        for order in permutations(run) if len(run) <= 3 else (run,):
            for between in (" ", ""):
                found.setdefault(between.join(order).lower(), " ".join(run))
    return {key: name for key, name in found.items() if len(key) > 1}
