"""The model of a brand file: names, domains and policies of a brand, in a form that an admin writes by hand.

One TOML file holds one brand; the file's name is the brand's id. Only `id` and `names` are required:

    id = "eki-net"
    names = ["えきねっと", "eki-net"]      # the first is shown to people
    sources = ["www.eki-net.com"]          # where its policies and lures can be read

    [domains]
    "eki-net.com" = { confidence = "high", use = ["mail", "web"], sources = ["2factorauth", "Wikidata"] }
    "jreast.co.jp" = { confidence = "high", owner_page = true, sources = ["www.jreast.co.jp/site"] }
    "suica.example" = { confidence = "medium", names_owner = true, sources = ["Wikidata"] }
    "old.example" = { confidence = "low" }

Names are compared as a reader sees them (see `text`), so width, case, kana, spaces and look-alikes need no
entry of their own. A name that is also an ordinary word is listed in `ordinary` or in `needs_companion`. In `ordinary`
it counts as the whole of a display name or beside a word such as サポート or "account"; in `needs_companion` only
beside one of `companions`.

A domain proves the brand when its entry is *confirmed*:

- `high`: two independent sources, of which one names the owner, or a page of the owner (`owner_page`).
- `medium`, and a source names the owner of this very domain (`names_owner`).

A domain that is not confirmed neither proves nor contradicts. What a source is, and which ones copy each other, is in
`config/brand_sources.toml`; `lint` insists on it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from sekisho.data_files import FileModel
from sekisho.domains import to_ascii
from sekisho.known import BrandPolicy
from sekisho.vocabulary import shipped_themes

Confidence = Literal["high", "medium", "low"]
Use = Literal["mail", "web", "link"]
REGISTRY_RULE = (
    "registry rule"  # the source of a domain below a suffix that is reserved, as `go.jp` for state bodies
)
Flag = Literal["mailbox", "user_content", "mall", "built_in", "self_hosted"]
PolicyKind = Literal[
    "no_link",
    "never_asks_payment",
    "never_asks_credentials",
    "notice_discontinued",
    "smime_signed",
    "addresses_by_name",
]


def _domain(value: str) -> str:
    """A domain in ASCII lower case with at least two labels, as DNS has it."""
    if to_ascii(value) != value or "." not in value:
        raise ValueError("is not a domain name in ASCII lower case")
    return value


def _notice(value: str) -> str:
    """The name of a theme, or `all`."""
    if value != "all" and value not in shipped_themes().theme:
        raise ValueError(f"must be 'all' or one of {', '.join(shipped_themes().theme)}")
    return value


Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Domain = Annotated[str, AfterValidator(_domain)]
Notice = Annotated[str, AfterValidator(_notice)]
When = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$")]
Telephone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{1,5}(-[0-9]{2,5}){1,4}$")]
# TOML has arrays, and a frozen model holds tuples.
Texts = Annotated[tuple[Text, ...], Field(strict=False)]
Domains = Annotated[tuple[Domain, ...], Field(strict=False)]


class DomainEntry(FileModel):
    """A domain of the brand. Its owner controls every name below it, too.

    - `use`: what the brand uses it for.
    - `sources`: where it is said that the domain is the brand's, by their short names or as host and path of a page.
      `source`, a single one, is read as well.
    - `owner_page`: one of the sources is a page or a record of the owner itself.
    - `names_owner`: one of the sources names the owner of this very domain, not only of a name above it.
    - `flags`: `mailbox` (customers write from it, so it proves a customer only) and `user_content` (the brand's own
      system sends or shows what others wrote). Flags of a whole brand are described at `Brand`.
    - `confirmed = false`: a high or medium entry does not prove the brand, for example if only forgeries of it were
      seen.
    - `strict`: all mail of the domain and of the names below it is authenticated. While DNS cannot tell, its mail is
      marked.
    """

    confidence: Confidence
    use: Annotated[tuple[Use, ...], Field(strict=False)] = ("mail", "web", "link")
    sources: Texts = ()
    owner_page: bool = False
    names_owner: bool = False
    confirmed: bool | None = None
    flags: Annotated[tuple[Flag, ...], Field(strict=False)] = ()
    strict: bool = False

    @model_validator(mode="before")
    @classmethod
    def _one_source(cls, content: object) -> object:
        """The content with a single `source` as the list of `sources`."""
        if not isinstance(content, dict) or "source" not in content:
            return content
        if "sources" in content:
            raise ValueError("`source` and `sources` cannot stand together: put it into the list")
        return {**{key: content[key] for key in content if key != "source"}, "sources": (content["source"],)}

    @model_validator(mode="after")
    def _low_is_never_confirmed(self) -> DomainEntry:
        if self.confidence == "low" and (self.confirmed or self.owner_page or self.names_owner):
            raise ValueError("low confidence cannot be confirmed: name a source and say medium or high")
        return self

    @property
    def proves(self) -> bool:
        """True if an authenticated name within this domain proves the brand."""
        if "mailbox" in self.flags:
            return False
        if self.confirmed is not None:
            return self.confirmed
        named = self.names_owner and bool(self.sources)
        return self.confidence == "high" or (self.confidence == "medium" and named)

    @property
    def shows_sender(self) -> bool:
        """True if it is known from the entry where the brand writes from: the domain is the brand's own, although
        customers may write from it, too; or its suffix is reserved for organisations like the brand."""
        own = self.confidence == "high" or (self.confidence == "medium" and self.names_owner)
        return own or self.proves or REGISTRY_RULE in self.sources


class Policy(FileModel):
    """What the brand says of its own mail.

    `notice`: the theme of the mail that the policy is about (`withdrawal`, `card_use` …, as in the lures), or `all`.
    `since`: the year, month or day from which it holds.
    """

    kind: PolicyKind
    notice: Notice = "all"
    since: When | None = None
    source: Text | None = None


class Verify(FileModel):
    """Where a recipient can verify a message: a page, and one short sentence in each language."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=300)] | None = None
    ja: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    en: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class Brand(FileModel):
    """A brand as its file describes it. Brands of one `organisation` share proof.

    `flags` of a whole brand say who else bears its name with right, without being able to write from its domains:

    - `mall`: shops in the mall (楽天市場店).
    - `built_in`: dealers, agencies, branches and members that build the name into their own domain or name
      (`toyota-example.co.jp`, 損保ジャパン代理店, Sparkasse Example).
    - `self_hosted`: everybody who runs the brand's program on a server of their own (`WordPress` as the sender of a
      blog's mail).

    `user_content`: what others wrote is in the brand's own mail.
    """

    id: Id
    names: Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=64)]
    aliases: Texts = ()
    ordinary: Texts = ()
    needs_companion: Texts = ()
    companions: Texts = ()
    organisation: Id | None = None
    sector: Text | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    enabled: bool = True
    flags: Annotated[tuple[Flag, ...], Field(strict=False)] = ()
    unrelated: Domains = ()  # real organisations whose domains look like the brand's
    senders: Domains = ()  # platforms that send on the brand's behalf; they prove nothing
    report_to: Texts = ()
    telephones: Annotated[tuple[Telephone, ...], Field(strict=False)] = ()  # to ask about a suspicious mail
    lures: Texts = ()
    sources: Texts = ()
    domains: dict[Domain, DomainEntry] = Field(default_factory=dict)
    verify: Verify | None = None
    policies: Annotated[tuple[Policy, ...], Field(strict=False)] = ()

    @property
    def group(self) -> str:
        """The organisation that the brand belongs to: itself unless the file names another."""
        return self.organisation or self.id

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name and alias once, in order."""
        return tuple(dict.fromkeys(self.names + self.aliases + self.ordinary + self.needs_companion))

    @property
    def brand_policies(self) -> tuple[BrandPolicy, ...]:
        """The brand's policies in the form that the checks use."""
        return tuple(BrandPolicy(each.kind, each.notice, each.since or "") for each in self.policies)
