"""What is known of a message: destinations, results, claims, cues, proofs, findings.

Evidence only grows: a check returns the evidence that it adds, and `seen + more` is the evidence after it.
Nothing here acts; `policy` alone turns evidence into a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from sekisho.message import Link
from sekisho.results import AuthResult, MethodResult
from sekisho.text import printable

METHODS = ("spf", "dkim", "dmarc", "arc", "iprev")
"""The methods whose results are told in log, metrics and documents, in that order."""
AUTHOR_METHODS = ("spf", "dkim", "dmarc")
"""Those that may say something of the author's domain."""
MAX_FACT_CHARS = 120  # of one fact in a sentence


class Degraded(StrEnum):
    """Why a verdict was given without all evidence. `CHECK` is followed by a colon and the name of the check."""

    DNS = "dns"
    DEADLINE = "deadline"
    CHECK = "check"
    LIMIT = "limit"
    PICTURES = "pictures"
    DIRECTORY = "directory"


class AuthorStatus(StrEnum):
    """Is the author's domain authenticated? Found once, by `checks.authentication.proof`.

    `UNKNOWN`: nobody looked, or a look-up failed whose answer could have authenticated the author.
    """

    AUTHENTICATED = "authenticated"
    UNAUTHENTICATED = "unauthenticated"
    UNKNOWN = "unknown"


class Strength(StrEnum):
    """How plainly a recipient is told that the message is from somebody."""

    STRONG = "strong"
    WEAK = "weak"


class Destination(NamedTuple):
    """Where the message leads: the host behind one link that can be followed, the host's organisation, and the link.

    `host` is what a redirect or protection wrapper carries readably, else the link's own; `wrapped` says which.
    `domain` is its registrable domain, or the host itself where there is none.
    """

    host: str
    domain: str
    link: Link
    wrapped: bool = False


class Place(StrEnum):
    """Where a message says something. `en` and `ja` are what a reader calls that place."""

    en: str
    ja: str

    def __new__(cls, value: str, en: str, ja: str) -> Place:
        """A member: its value as in JSON, and its two names."""
        place = str.__new__(cls, value)
        place._value_ = value
        place.en, place.ja = en, ja
        return place

    DISPLAY_NAME = "display_name", "sender's name", "差出人の表示名"
    AUTHOR_DOMAIN = "author_domain", "sender's address", "差出人のアドレス"
    LOCAL_PART = "local_part", "address, before the @", "アドレスの @ より前"
    REPLY_TO = "reply_to", "name for answers", "返信先の表示名"
    SUBJECT = "subject", "subject", "件名"
    SIGNATURE = "signature", "signed or greeted as", "本文の名乗り"
    TITLE = "title", "title of the page", "ページの題名"
    HEADING = "heading", "line of its own in the text", "本文の独立した行"
    BODY = "body", "mentioned in the text", "本文での言及"
    TEXT = "text", "text", "本文"
    BUTTON = "button", "button", "ボタン"
    IMAGE = "image", "image", "画像"
    ATTACHMENT = "attachment", "attachment", "添付ファイル"
    CALENDAR = "calendar", "calendar", "カレンダーの招待"


@dataclass(frozen=True, slots=True)
class Claim:
    """The message tells its reader that it is from somebody.

    `brand` is a registry id, or None for an organisation that only has a name. `text` is what stands at that place.
    """

    brand: str | None
    where: Place
    text: str
    strength: Strength = Strength.STRONG


class Why(StrEnum):
    """Why a message counts as an organisation's. `en` and `ja` say it to a reader."""

    en: str
    ja: str

    def __new__(cls, value: str, en: str, ja: str) -> Why:
        """A member: its value as in JSON, and its two sentences."""
        why = str.__new__(cls, value)
        why._value_ = value
        why.en, why.ja = en, ja
        return why

    NAMED = "named", "The sender's name says it.", "差出人の表示名がそう名乗っています。"
    OFFICE = (
        "office",
        "The sender's name is an office of it.",
        "差出人の表示名が、その部署や窓口を名乗っています。",
    )
    GO_BETWEEN = (
        "go_between",
        "The sender's name says that it writes by way of it.",
        "差出人の表示名が、そこを経由または代表して書いていると示しています。",
    )
    AGREES = (
        "agrees",
        "The sender's name mentions it, and the text speaks as it.",
        "差出人の表示名に名前があり、本文もそこからのものとして書かれています。",
    )
    BESIDE = (
        "beside",
        "The sender's name mentions it, and the message is about access or money from its subject on.",
        "差出人の表示名に名前があり、件名からログインや金銭に関わる用件です。",
    )
    NO_OTHER = (
        "no_other",
        "The sender's name mentions it, the message is about access or money, and it names no other sender.",
        "差出人の表示名に名前があり、ログインや金銭に関わる用件で、ほかに差出人を示すものがありません。",
    )
    NAMELESS = (
        "nameless",
        "The sender's name does not say who it is.",
        "差出人の表示名は、誰であるかを示していません。",
    )
    SPEAKS = "speaks", "The message speaks as it.", "本文や件名がそこからのものとして書かれています。"
    ALONE = "alone", "The message names nobody else.", "ほかの組織の名前はありません。"


@dataclass(frozen=True, slots=True)
class NamedIdentity:
    """The one organisation that the message speaks as: what its reader takes its sender for.

    `brand` is a registry id, or None for an organisation that only has a name; `name` is what it is called. `where` is
    the first place that says it, `reasons` are all that count.
    """

    brand: str | None
    name: str
    where: Place
    reasons: tuple[Why, ...]


@dataclass(frozen=True, slots=True)
class Cue:
    """A phrase that lures use, as genuine mail does, too.

    `aspect` is `theme` (what the message is about), `pressure` (how it presses) or `action` (what its reader is
    asked to do); `name` is that of the vocabulary. `phrase` is the entry that was found.
    """

    aspect: str
    name: str
    phrase: str
    where: Place | None = None


class ProofScope(StrEnum):
    """What a proof proves: the owner of the registrable domain, a customer of a mail provider, or nothing but a sending
    platform that others share."""

    DOMAIN = "domain"
    MAILBOX = "mailbox"
    SHARED = "shared"


class Proof(NamedTuple):
    """A domain that is proven to stand behind the message, and what that is worth.

    `aligned`: with the author domain, as RFC 9989 says. `brand`: the brand whose confirmed domain it is.
    """

    domain: str
    method: str
    aligned: bool
    brand: str | None = None
    scope: ProofScope = ProofScope.DOMAIN


class Role(StrEnum):
    """What a finding is about. A page shows findings of the first two as the contradiction, all others below it.

    `IDENTITY`: who wrote the message is not who it says, or cannot be told.
    `MENTION`: the message names somebody without speaking as them, as mail about companies does.
    `SUPPORT`: everything else. It makes an impersonation more or less likely.
    """

    IDENTITY = "identity"
    MENTION = "mention"
    SUPPORT = "support"


class Signal(StrEnum):
    """What a finding tells the checks that run after its own; they ask `Evidence.has_signal`, and for a finding's id
    only where the same oddity would be told twice.

    A role says what a finding is about, a signal what follows from it. A finding may have several, most have none.
    """

    IMPERSONATES = "impersonates"
    """The message speaks in a name, and nothing shows that it comes from there."""
    STANDS_ALONE = "stands_alone"
    """Reason enough to doubt a sender whose domain is proven: no proof of the domain answers it."""
    LEADS_AWAY = "leads_away"
    """A link leads away from the sender, or hides where it leads."""
    DISPOSABLE_DOMAIN = "disposable_domain"
    """The author's domain is of a kind that is often thrown away after use."""
    UNNAMED_SERVER = "unnamed_server"
    """The sending server has no confirmed host name."""
    HIRED_PLATFORM = "hired_platform"
    """A sending platform is proven, and the author's domain has not set up authentication for it."""
    ANSWERS_TO_MAILBOX = "answers_to_mailbox"
    """Answers go to a free mailbox of another organisation, which the fact `other` names."""
    HARMS_BY_ANSWER = "harms_by_answer"
    """What the message wants is done by an answer to it, without a link or a file."""


NO_SIGNALS: frozenset[Signal] = frozenset()


@dataclass(frozen=True, slots=True)
class FindingKind:
    """A finding as declared once, beside its check.

    `id` is `family.name`, stable once released. `points` is what it adds to the score, which `[policy.points]` may
    change. `en` and `ja` are `str.format` templates over the facts. `role` and `signals` say what it means.
    """

    id: str
    points: float
    en: str
    ja: str
    role: Role = Role.SUPPORT
    signals: frozenset[Signal] = NO_SIGNALS

    def found(self, /, *, brand: str | None = None, **facts: object) -> Finding:
        """The finding that a check makes of it: the facts that the sentences name, and the brand that it is about."""
        return Finding(self, MappingProxyType(facts), brand)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check saw in this message, made by `FindingKind.found`.

    The facts may be hostile text; `shown` has them as they may be printed. `brand` is a registry id or None.
    """

    kind: FindingKind
    facts: Mapping[str, Any]
    brand: str | None = None

    @property
    def reason_en(self) -> str:
        """The sentence in English."""
        return self.kind.en.format_map(self.shown())

    @property
    def reason_ja(self) -> str:
        """The sentence in Japanese."""
        return self.kind.ja.format_map(self.shown())

    def shown(self) -> dict[str, str]:
        """The facts as they may be printed: one line, bounded, no invisible or control character."""
        return {name: printable(str(value), MAX_FACT_CHARS) for name, value in self.facts.items()}


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known so far.

    `doubts` are reasons to doubt the sender that count only where the message wants something of its reader: `lure`
    makes them findings then. `identity` is found once, by `checks.identity.named`, from claims and `hints`: these
    are further places where the text speaks in a name, and no claims by themselves. `degraded` has the words of
    `Degraded`.
    """

    results: tuple[MethodResult, ...] = ()
    destinations: tuple[Destination, ...] = ()
    claims: tuple[Claim, ...] = ()
    cues: tuple[Cue, ...] = ()
    proofs: tuple[Proof, ...] = ()
    findings: tuple[Finding, ...] = ()
    doubts: tuple[Finding, ...] = ()
    degraded: tuple[str, ...] = ()
    author_status: AuthorStatus = AuthorStatus.UNKNOWN
    identity: NamedIdentity | None = None
    hints: tuple[Claim, ...] = ()

    def __add__(self, more: Evidence) -> Evidence:
        if more is NOTHING or more == NOTHING:
            return self
        return Evidence(
            self.results + more.results,
            self.destinations + more.destinations,
            self.claims + more.claims,
            self.cues + more.cues,
            self.proofs + more.proofs,
            self.findings + more.findings,
            self.doubts + more.doubts,
            self.degraded + tuple(reason for reason in more.degraded if reason not in self.degraded),
            self.author_status if more.author_status is AuthorStatus.UNKNOWN else more.author_status,
            more.identity or self.identity,
            self.hints + more.hints,
        )

    def of(self, method: str) -> tuple[MethodResult, ...]:
        """The results of one method, in the order they were found."""
        return tuple([result for result in self.results if result.method == method])

    def result(self, method: str) -> AuthResult:
        """The result of a method as a whole: a pass if any identifier passed, else the first result."""
        results = [each.result for each in self.results if each.method == method]
        if AuthResult.PASS in results:
            return AuthResult.PASS
        return results[0] if results else AuthResult.UNKNOWN

    @property
    def authenticated(self) -> bool:
        """True if something proves the author's own domain."""
        return self.author_status is AuthorStatus.AUTHENTICATED

    @property
    def unauthenticated(self) -> bool:
        """True if all that could prove the author's domain was looked at, and nothing does."""
        return self.author_status is AuthorStatus.UNAUTHENTICATED

    @property
    def author_scopes(self) -> frozenset[ProofScope]:
        """What the proofs of the author's own domain are worth: the scopes of those that are aligned."""
        return frozenset([proof.scope for proof in self.proofs if proof.aligned])

    def has_cue(self, aspect: str, *names: str) -> bool:
        """True if a cue of that aspect has one of the names."""
        return bool(self.cues) and any([cue.aspect == aspect and cue.name in names for cue in self.cues])

    def has(self, finding_id: str) -> bool:
        """True if a finding of that id was made."""
        return finding_id in [finding.kind.id for finding in self.findings]

    def has_signal(self, signal: Signal) -> bool:
        """True if a finding has that signal."""
        return bool(self.findings) and any([signal in finding.kind.signals for finding in self.findings])


NOTHING = Evidence()


class PartlyCrashed(Exception):
    """A check met a defect in a part of its work, as in one signature of several. `evidence` is what it found in all,
    with what is unknown for that part. The check is told as crashed, by `defect`."""

    def __init__(self, evidence: Evidence, defect: Exception) -> None:
        super().__init__(str(defect))
        self.evidence = evidence
        self.defect = defect
