"""The rules for a recipient: those of its address, its groups, its domain, the domain's groups, or the site's.

An address with an extension (`help+news@`) is narrower than the mailbox (`help@`), and the mailbox is narrower than its
domain. The narrowest entry counts first; what it leaves out is taken from the next wider one. Of several groups the
first in the file counts first. All of it is computed when the configuration is loaded; a look-up is three hashes.

A mail server delivers `help@localhost` and `help@[192.0.2.1]` (its own address) as mail for one of its own domains. A
sender uses such a recipient only to avoid the rules for that domain, so the strictest rules that could apply are used.

What the site's directory says comes with the recipient: a group has the members that the file names and those of the
directory, and an alias without rules of its own has those of its mailbox, of several the strictest. What is not known
makes no rule milder: an alias that leads elsewhere, too, has at least the rules of its domain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sekisho.domains import to_ascii
from sekisho.message import ELSEWHERE, AliasTarget, Recipient
from sekisho.message.recipient_keys import key_of, mailbox_of, widening
from sekisho.policy.lists import NO_GROUPS, Groups
from sekisho.policy.rules import PolicyOptions, RecipientOptions, Rules
from sekisho.verdict import Mode

Special = Mapping[str, RecipientOptions]
Steps = Mapping[str, list[tuple[str, RecipientOptions]]]


@dataclass(frozen=True, slots=True)
class RecipientRules:
    """Rules by recipient address and domain."""

    default: Rules
    special: Mapping[str, Rules] = field(default_factory=dict)
    delimiters: str = ""
    groups: Special = field(default_factory=dict)
    """The options of groups, in the order of the file: the directory may say who is in them."""
    steps: Steps = field(default_factory=dict)

    @classmethod
    def of(
        cls, mode: Mode, options: PolicyOptions, special: Special, groups: Groups = NO_GROUPS
    ) -> RecipientRules:
        """The rules of the configuration: `options` are the site's, `special` those of a domain, address or group."""
        default, delimiters = Rules.of(mode, options), options.recipient_delimiter
        steps = _steps(special, groups)
        rules = {key: _folded(default, widening(key, delimiters), steps) for key in steps}
        named = {name: special[name] for name in groups if name in special}
        return cls(default, rules, delimiters, named, steps)

    def rules_for(self, recipient: Recipient) -> Rules:
        """The rules for a recipient."""
        if not self.special and not self.groups:
            return self.default
        keys = widening(recipient.address, self.delimiters)
        if (rules := self._narrow(keys, recipient.groups)) is not None:
            return rules
        if recipient.targets and (rules := self._of_targets(keys, recipient.targets)) is not None:
            return rules
        return self._wide(keys)

    def _wide(self, keys: tuple[str, ...]) -> Rules:
        """The rules of a domain, of the host itself, or of the site."""
        if (rules := self.special.get(keys[-1])) is not None:
            return rules
        return self._strictest(keys) if _is_the_host(keys[-1]) else self.default

    def _narrow(self, keys: tuple[str, ...], groups: tuple[str, ...]) -> Rules | None:
        """The rules of an address itself or of groups that the directory says it is in; None if there are none."""
        if groups and (known := [name for name in self.groups if name in groups]):
            return _folded(
                self.default, keys, self.steps, [(name, self.groups[name]) for name in reversed(known)]
            )
        return next((self.special[key] for key in keys[:-1] if key in self.special), None)

    def _of_targets(self, keys: tuple[str, ...], targets: tuple[AliasTarget, ...]) -> Rules | None:
        """The rules of the mailboxes that an alias leads to: the strictest. What leads elsewhere has those of the
        alias's domain. None if no mailbox has rules of its own and the alias's domain has: these count before those of
        their domains."""
        mailboxes = [each for each in targets if each != ELSEWHERE]
        ways = [widening(each.address, self.delimiters) for each in mailboxes]
        narrow = [self._narrow(way, each.groups) for way, each in zip(ways, mailboxes, strict=True)]
        if keys[-1] in self.special and not any(narrow):
            return None
        found = [
            own or self.special.get(way[-1], self.default) for own, way in zip(narrow, ways, strict=True)
        ]
        beyond = [self._wide(keys)] if len(mailboxes) < len(targets) else []
        return max((*found, *beyond), key=_severity)

    def _strictest(self, keys: tuple[str, ...]) -> Rules:
        """The strictest rules for a mailbox of the host itself: of the same name in any domain, of all domains, and of
        the site."""
        names = {"", *(key.rpartition("@")[0] for key in keys)}
        meant = (rules for key, rules in self.special.items() if key.rpartition("@")[0] in names)
        return max((self.default, *meant), key=_severity)

    def mailbox(self, recipient: Recipient) -> str:
        """The recipient's mailbox in its normal form: the address without its extension."""
        return mailbox_of(key_of(recipient.address), self.delimiters)

    @property
    def modes(self) -> frozenset[Mode]:
        """All modes that any recipient has."""
        return frozenset(rules.mode for rules in self.every)

    @property
    def every(self) -> tuple[Rules, ...]:
        """All rules: the site's, those of the file, and those of groups whose members the directory knows."""
        grouped = (self.default.with_own(name, own) for name, own in self.groups.items())
        return (self.default, *self.special.values(), *grouped)


def _is_the_host(domain: str) -> bool:
    """True for a name that means the mail server itself: `localhost` or an address literal."""
    return domain.startswith("[") or domain.partition(".")[0] == "localhost"


def _severity(rules: Rules) -> tuple[bool, bool, int, float]:
    return (rules.filtered, rules.mode is Mode.ENFORCE, rules.max_action, -rules.thresholds.quarantine)


def _steps(special: Special, groups: Groups) -> Steps:
    """The options of each address and domain, the wider first: those of its groups, then its own entry."""
    steps: dict[str, list[tuple[str, RecipientOptions]]] = {}
    for group in reversed([name for name in groups if name in special]):
        for member in dict.fromkeys(map(key_of, groups[group])):
            steps.setdefault(member, []).append((group, special[group]))
    for name, own in special.items():
        if name not in groups:
            steps.setdefault(key_of(name), []).append((name, own))
    return steps


def _folded(
    default: Rules,
    keys: tuple[str, ...],
    steps: Steps,
    grouped: Sequence[tuple[str, RecipientOptions]] = (),
) -> Rules:
    """The rules of an address or domain, from the widest of its keys to the narrowest. Those of groups that the
    directory says (`grouped`) come between the domain and the address."""
    rules = default
    for place, wider in enumerate(reversed(keys)):
        for name, own in (*(grouped if place == 1 else ()), *steps.get(wider, ())):
            rules = rules.with_own(name, own)
    return rules


def recipient_faults(
    options: PolicyOptions, special: Special, groups: Groups = NO_GROUPS
) -> Iterator[tuple[str, str]]:
    """`(name, reason)` for each error: no recipient, one named twice, thresholds that do not rise."""
    seen: set[str] = set()
    for name in special:
        if name in groups:
            continue
        if not _is_recipient(name):
            yield name, "is neither a domain, an address nor a group"
        elif key_of(name) in seen:
            yield name, "is the same recipient as another entry"
        seen.add(key_of(name))
    told: set[tuple[str, object]] = set()
    for key, rules in RecipientRules.of(Mode.SHADOW, options, special, groups).special.items():
        limits = rules.thresholds
        falling = not limits.tag <= limits.quarantine <= limits.reject
        if falling and (rules.name, limits) not in told:
            told.add((rules.name, limits))
            whose = "" if key == key_of(rules.name) else f" for {key}"
            yield (
                rules.name,
                f"thresholds must rise{whose}, what is left out is as for the wider recipient: "
                f"tag {limits.tag:g}, quarantine {limits.quarantine:g}, reject {limits.reject:g}",
            )


def group_faults(groups: Groups) -> Iterator[tuple[str, str]]:
    """`(group, reason)` for names and members that are not valid."""
    for name, members in groups.items():
        if "." in name or "@" in name or to_ascii(name) is None:
            yield name, "a group is named by one word of letters, digits and hyphens"
        for member in members:
            if not _is_recipient(member):
                yield name, f"{member!r} is neither a domain nor an address"


def _is_recipient(name: str) -> bool:
    local, at, domain = name.rpartition("@")
    known = "." in domain or domain == "localhost"
    return known and to_ascii(domain) is not None and bool(local or not at)
