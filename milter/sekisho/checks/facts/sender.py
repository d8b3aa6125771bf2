"""Facts of the sender: its organisation, where it is at home, what is proven of it, and whether it is in doubt."""

from __future__ import annotations

from sekisho.domains import registrable
from sekisho.evidence import Evidence, ProofScope, Signal
from sekisho.known import ON_BEHALF, TENANCY, Kinship
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

BEARS_NAME = frozenset({Kinship.NAME, Kinship.COMPOUND})
"""How a domain is related to a brand whose name it carries, with nothing suspicious beside it."""


def organisation(domain: str) -> str:
    """The registrable domain, or the name itself where there is none. `domain` is in ASCII lower case."""
    return registrable(domain) or domain


def is_of_a_recipient(domain: str, message: Message) -> bool:
    """True for a domain of an organisation to which a recipient belongs. `domain` is in ASCII lower case."""
    own = organisation(domain)
    return any(organisation(each.domain) == own for each in message.envelope.recipients if each.domain)


def is_colleague(message: Message, seen: Evidence, context: Context) -> bool:
    """True for a proven author of a recipient's organisation, if that is no provider whose customers share it."""
    author = message.author.domain or ""
    own = seen.authenticated and is_of_a_recipient(author, message)
    return own and context.providers.kind(author) is None


def home_domains(message: Message, seen: Evidence) -> frozenset[str]:
    """The organisations that this message is known to come from: its author's, and those that are proven.

    Beside an author that is not authenticated another proof counts only where the author's domain has not asked for
    such mail to be refused: small senders hire a platform and let it sign in its own name. Elsewhere a forger would
    make itself at home with a signature of its own.
    """
    counted = seen.proofs if seen.authenticated or lets_others_send(seen) else ()
    names = {organisation(proof.domain) for proof in counted}
    if message.author.domain:
        names.add(organisation(message.author.domain))
    return frozenset(names)


def lets_others_send(seen: Evidence) -> bool:
    """True if the author's domain publishes no DMARC policy, or `p=none` (RFC 9989)."""
    return any(
        result.result is AuthResult.NONE or ("policy.dmarc", "none") in result.properties
        for result in seen.of("dmarc")
    )


def is_proven(brand: str, seen: Evidence, context: Context) -> bool:
    """True if the message is proven to come from the brand or another brand of its organisation."""
    proven = [proof.brand for proof in seen.proofs if proof.brand]
    return bool(proven) and not context.registry.affiliates(brand).isdisjoint(proven)


def writes_for_others(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author's domain is a place that may write for the brand: it contradicts the brand's name, and proves
    it, in nothing.

    That is a platform that only organisations under contract write from, as long as it leads nowhere but to itself or
    to the brand (an account can be taken over), or one that the brand's own file names. Of a platform where anybody
    opens an account, the file must name the tenant (`brand.zendesk.com`): the platform's name alone stands for
    everybody. The domain must be proven by more than what other customers pass as well.
    """
    author = message.author.domain
    if author is None or ProofScope.DOMAIN not in seen.author_scopes:
        return False
    kind = context.providers.kind(author)
    if kind == ON_BEHALF:
        return not _leads_to_strangers(brand, author, seen, context)
    entry = context.registry.sends_for(author, brand)
    return entry is not None and (kind is None or organisation(entry) != entry)


def _leads_to_strangers(brand: str, author: str, seen: Evidence, context: Context) -> bool:
    """True if a link leads elsewhere than to the author, to a domain that is or may be the brand's, or to another
    registered organisation."""
    home, registry = organisation(author), context.registry
    return not all(
        each.domain == home
        or registry.could_own(each.host, brand)
        or registry.kinship(each.host, brand) in BEARS_NAME
        or is_a_brands_own(each.host, context)
        for each in seen.destinations
    )


def is_a_brands_own(host: str, context: Context) -> bool:
    """True for a host of a registered brand, and not a place of it where its customers put up pages."""
    return context.registry.owner(host) is not None and context.providers.kind(host) is None


def is_open_tenancy(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author is proven to write from a platform where anybody opens an account under any name (a help
    desk, a survey, a ticket shop): genuine tenants show their own names there, and so do impostors."""
    return seen.authenticated and context.providers.kind(message.author.domain or "") == TENANCY


def is_authorized_by_site(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the site allows mail in its name from there: from its own clients, from a named network or DKIM domain,
    or by way of a configured forwarder."""
    client = message.envelope.client
    signers = (proof.domain for proof in seen.proofs if proof.method == "dkim")
    named = context.site is not None and context.site.may_send(client, signers)
    return context.own(client) or named or is_forwarded(message, seen, context)


def is_forwarded(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a configured forwarder or list sent it: such mail may show names and addresses of our people."""
    domains = (proof.domain for proof in seen.proofs)
    trust = context.trust
    return trust is not None and trust.forwards(message.envelope.client, domains) is not None


def is_doubted(seen: Evidence) -> bool:
    """True if the message speaks in a name that it does not come from, or its author is not authenticated.

    Only then is weak evidence looked for. Honest people, too, greet everybody alike, write with odd programs and have
    wrong clocks; of a message whose author is in no doubt, such traces say nothing.
    """
    return seen.has_signal(Signal.IMPERSONATES) or seen.unauthenticated
