"""The policy as data: combinations that decide on their own, stacks of findings that say one thing, and overrides that
reduce the points of other findings.

`decide` interprets only these rows; what replays decisions later uses the same rows. The points stand in the
declaration of each finding; `docs/checks.md` is generated from both.
"""

from __future__ import annotations

from dataclasses import dataclass

from sekisho.verdict import Disposition


@dataclass(frozen=True, slots=True)
class Combination:
    """Decides at least `least` if every id of `all_of`, one of `any_of` (if it is not empty), and none of `none_of` was
    found.

    An id that ends in `.` stands for its family.
    """

    name: str
    least: Disposition
    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stack:
    """Findings that say one thing in several places. The strongest counts whole; of each further one a `share` (0..1)
    counts, of all of these together at most `most` points."""

    name: str
    of: tuple[str, ...]
    share: float
    most: float


@dataclass(frozen=True, slots=True)
class Override:
    """If `when` was found, the findings `of` count for at most `keep` points together."""

    when: str
    of: tuple[str, ...]
    keep: float


# The author must be one address. If mail programs show different authors, no score is needed (RFC 5322 section 3.6.2
# allows one From field; DMARC has no result for more).
AMBIGUOUS_AUTHOR = Combination(
    "ambiguous_author",
    Disposition.QUARANTINE,
    any_of=(
        "author.several_fields",
        "author.several_addresses",
        "author.broken_block",
        "author.nul",
        "author.source_route",
        "author.encoded_address",
        "author.several_brackets",
        "author.text_after_address",
        "author.quoted_local_at",
    ),
)

# The claim names one organisation, and the author is another one: by proof, or by its own address.
BRAND_IMPERSONATION = Combination(
    "brand_impersonation",
    Disposition.QUARANTINE,
    any_of=("brand.display_name", "brand.speaks_as"),
    none_of=("lure.no_payload",),
)

# The author's address is a brand's, and nothing proves it. What a known forwarder passed on may have been proven
# before.
OWN_DOMAIN_FORGED = Combination(
    "own_domain_forged",
    Disposition.QUARANTINE,
    any_of=("brand.own_domain_unproven",),
    none_of=("lure.no_payload", "indirect.proven"),
)

# Nothing proves the author, and no link leads to the author's domain: a forger uses a domain that no brand file has.
# Mail without authentication is still common among small senders, so it is marked and not held.
LEADS_AWAY_UNPROVEN = Combination(
    "leads_away_unproven",
    Disposition.TAG,
    all_of=("auth.unproven", "link.only_strangers"),
)

# The same from a domain of random letters, with a link to a shortener or to free hosting: the domain and the page are
# used once. No sender that wants an answer writes like that.
THROWN_AWAY = Combination(
    "thrown_away",
    Disposition.QUARANTINE,
    all_of=("auth.unproven", "link.only_strangers", "origin.random_domain"),
    any_of=("link.shortened", "link.borrowed_ground"),
)

# A mail program reads more fields than we do, and the fields behind the limit may name the author or the type of the
# body. No genuine message or part has a thousand fields or 256 kB of them.
HEADER_NOT_READ = Combination(
    "header_not_read",
    Disposition.QUARANTINE,
    any_of=("limit.header_fields", "limit.header_bytes", "limit.part_fields"),
)

# Nothing proves the author, and the part that mail programs show may be one that was not read. Genuine mail with more
# than 500 parts or 32 levels is rare, and even rarer from an author that is not proven.
PARTS_NOT_READ_UNPROVEN = Combination(
    "parts_not_read_unproven",
    Disposition.QUARANTINE,
    all_of=("auth.unproven",),
    any_of=("limit.mime_parts", "limit.mime_depth", "limit.structured_characters"),
)

# The same from an author that is proven: a domain that was bought today proves itself, too. Genuine mail can be like
# that (a hundred messages forwarded as attachments), so it is marked and not held.
PARTS_NOT_READ = Combination(
    "parts_not_read",
    Disposition.TAG,
    any_of=("limit.mime_parts", "limit.mime_depth"),
)

# Long text is common in genuine mail (logs, lists of addresses), and some of it comes from machines without
# authentication. A phishing page may still stand behind the limit, so the mail is marked and not held.
TEXT_NOT_READ_UNPROVEN = Combination(
    "text_not_read_unproven",
    Disposition.TAG,
    all_of=("auth.unproven",),
    any_of=("limit.text_characters", "limit.links"),
)

# A threat in nobody's name. A small shop may forget its name and not the rest, so one more fact is needed: how the
# message came, where it leads, that it knows its reader by data alone, or that only an office does what it speaks of.
# A full mailbox is no such fact: the programs of hosters warn of it without a name.
THREAT_OF_NOBODY = Combination(
    "threat_of_nobody",
    Disposition.QUARANTINE,
    all_of=("lure.from_nobody", "lure.nobody_threatens"),
    any_of=(
        "auth.unproven",
        "auth.no_iprev",
        "origin.",
        "lookalike.",
        "lure.leads_away",
        "lure.from_nobodys_domain",
        "lure.shows_readers_data",
        "lure.two_deadlines",
        "lure.greets_nobody",
        "writing.greets_nobody",
        "writing.greets_address",
        "recipient.",
        "lure.court",
        "lure.copyright",
        "lure.subsidy",
        "lure.pension",
        "lure.tax",
        "lure.storage",
    ),
)

# An office's or a court's business in nobody's name, with a deadline. These say who they are.
OFFICE_OF_NOBODY = Combination(
    "office_of_nobody",
    Disposition.QUARANTINE,
    all_of=("lure.from_nobody", "lure.pushes"),
    any_of=("lure.court", "lure.subsidy", "lure.pension", "lure.tax"),
)

# A demand that leaves nothing out but who makes it. The programs of hosters write so about full mailboxes.
DEMAND_IN_FULL = Combination(
    "demand_in_full",
    Disposition.QUARANTINE,
    all_of=("lure.from_nobody", "lure.nobody_threatens", "lure.demand_in_full"),
    none_of=("lure.mailbox",),
)

# The same with a consequence and no condition (`it stops tomorrow`): shops say such things of their offers, so the
# domain must be of a kind that is thrown away, or like another's, or nothing proves the sender.
DEMAND_OF_NOBODY = Combination(
    "demand_of_nobody",
    Disposition.QUARANTINE,
    all_of=("lure.from_nobody", "lure.demand_by_form"),
    any_of=("origin.", "lookalike.", "auth.unproven"),
)

# An authority under a name that nothing confirms, and what it does to a reader who does not obey.
THREAT_OF_AN_AUTHORITY = Combination(
    "threat_of_an_authority",
    Disposition.QUARANTINE,
    all_of=("lure.from_an_unreachable_office", "lure.unreachable_office_threatens"),
)

# The same without haste.
OFFICE_OF_NOBODY_ASKS = Combination(
    "office_of_nobody_asks",
    Disposition.TAG,
    all_of=("lure.from_nobody",),
    any_of=("lure.court", "lure.subsidy", "lure.pension", "lure.tax"),
)

# Blackmail: a threat, a way to pay, and nobody to be reached.
BLACKMAIL = Combination("blackmail", Disposition.QUARANTINE, any_of=("lure.extorts",))

COMBINATIONS: tuple[Combination, ...] = (
    AMBIGUOUS_AUTHOR,
    BRAND_IMPERSONATION,
    OWN_DOMAIN_FORGED,
    HEADER_NOT_READ,
    PARTS_NOT_READ_UNPROVEN,
    THROWN_AWAY,
    THREAT_OF_NOBODY,
    OFFICE_OF_NOBODY,
    DEMAND_IN_FULL,
    DEMAND_OF_NOBODY,
    THREAT_OF_AN_AUTHORITY,
    BLACKMAIL,
    OFFICE_OF_NOBODY_ASKS,
    PARTS_NOT_READ,
    TEXT_NOT_READ_UNPROVEN,
    LEADS_AWAY_UNPROVEN,
)

# Display name, address, head, signature and subject of one message repeat one sentence: it names X and comes from Y. A
# sender that says who it is in five places is not five times as likely to lie as one that says it in one place.
ONE_CONTRADICTION = Stack(
    "one_contradiction",
    of=(
        "brand.display_name",
        "brand.speaks_as",
        "brand.only_name",
        "brand.name_mentioned",
        "brand.local_part",
        "brand.local_name",
        "brand.headed",
        "brand.signed",
        "brand.subject",
        "brand.topic",
        "brand.unlisted_domain",
        "brand.namesake_domain",
        "lookalike.composition",
        "lookalike.namesake",
        "proof.somebody_else",
    ),
    share=0.4,
    most=3.0,
)

FAILED = ("auth.spf_fail", "auth.spf_softfail", "auth.dmarc_fail", "auth.unproven")
OWN_ADDRESS = (
    "brand.own_domain_unproven",
    "brand.own_domain_person",
    "author.recipient_himself",
    "site.own_domain_unproven",
)
NO_PROOF = (*FAILED, "auth.asks_reject", "auth.asks_quarantine", "auth.no_iprev")

# SPF fails, DMARC fails, nothing proves the author, and the author is a brand, the recipient or one of us: that is one
# fact, however many look at it. What the author's domain asks for (`auth.asks_reject`) is another one.
NOTHING_PROVES_IT = Stack("nothing_proves_it", of=(*FAILED, *OWN_ADDRESS), share=0.0, most=0.0)

# No link leads home, and what the message asks for leads away: the same links twice.
LEADS_AWAY = Stack("leads_away", of=("link.only_strangers", "lure.leads_away"), share=0.75, most=1.0)

# The sender's name says the reader's organisation or its office, and its domain does not: one sentence again. Services
# that work for an organisation write so.
OWN_MASK = Stack(
    "own_mask",
    of=("recipient.own_name", "recipient.own_office", "recipient.staff_office", "organisation.office"),
    share=0.4,
    most=1.0,
)

# A chief's errand and a favour for somebody with a title are one letter.
ONE_FAVOUR = Stack(
    "one_favour",
    of=("recipient.chief", "lure.favour", "lure.leaders_task", "lure.from_private_mailbox"),
    share=0.4,
    most=2.0,
)

# A colleague from outside, and a new account from a private mailbox: staff who change their bank write so, too.
ONE_ACCOUNT = Stack(
    "one_account", of=("recipient.insider", "lure.account_from_private_mailbox"), share=0.4, most=1.5
)

STACKS: tuple[Stack, ...] = (
    ONE_CONTRADICTION,
    NOTHING_PROVES_IT,
    LEADS_AWAY,
    OWN_MASK,
    ONE_FAVOUR,
    ONE_ACCOUNT,
)

# Forwarding breaks the authentication of honest mail (RFC 8617 section 7.2, RFC 9989 on indirect mail).
OVERRIDES: tuple[Override, ...] = (
    Override("arc.trusted_sealer", of=("auth.",), keep=0.0),
    Override("indirect.proven", of=("auth.",), keep=1.0),
    Override("indirect.proven", of=(*OWN_ADDRESS, "auth."), keep=5.0),
    Override("auth.platform_unaligned", of=("auth.",), keep=1.0),
    # Small senders and forwarded mail have no proof every day: that alone never marks a message.
    Override("auth.unproven", of=NO_PROOF, keep=4.5),
    # Brands and impostors have accounts at the same platforms, and nothing tells them apart: that marks a message.
    Override("brand.open_tenancy", of=(*ONE_CONTRADICTION.of, "brand.open_tenancy", "lure."), keep=7.0),
    # The file is what services for secret mail send.
    Override(
        "attachment.secure_envelope",
        of=("attachment.page", "attachment.active_page", "page.", "link.only_strangers"),
        keep=3.5,
    ),
    # Nothing is taken from a reader who is asked for nothing and led nowhere.
    Override("lure.no_payload", of=ONE_CONTRADICTION.of, keep=6.0),
    Override("lure.no_payload", of=(*OWN_ADDRESS, "auth.", "lure."), keep=6.0),
)

WAITS_FOR_DNS = "brand.own_domain_unknown"
"""The finding for which a message may be deferred until DNS answers again (`policy.defer_unknown`)."""


def family_of(finding_id: str) -> str:
    """The family of a finding, as it is written in rows: `auth.` for `auth.spf_fail`."""
    return finding_id.partition(".")[0] + "."


def covers(row: str, finding_id: str) -> bool:
    """True if a row's id names the finding, or its whole family (`auth.`)."""
    return finding_id.startswith(row) if row.endswith(".") else finding_id == row
