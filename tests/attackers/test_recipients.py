"""Recipients written in odd ways, through a real Postfix.

A recipient whose copy is quarantined is taken off the message by DELRCPT. Postfix says nothing where DELRCPT names
nobody, and then delivers. So what counts here is what arrives.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count
from random import Random

import pytest
from lab.cases import Lab
from lab.place import a_place, free_port
from lab.sender import Reply, Session, dot_stuffed
from lab.sink import Delivery
from tests.slices import sliced
from tests.system.mails import spoof

from sekisho.cases import Case

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

RULES = {
    "accept.example": {"max_action": "accept"},
    "tag.example": {"max_action": "tag"},
    "held.example": {"max_action": "quarantine"},
    "strict.example": {"quarantine": 6.0, "reject": 6.0},
    "shadow.example": {"mode": "shadow"},
    "friend.example": {"max_action": "accept"},
    "chief@accept.example": {"max_action": "quarantine"},
    "staff": {"max_action": "quarantine"},
    "private@held.example": {"filter": False},
}
GROUPS = {"staff": ["hanako@accept.example"]}
GETS_IT = ("accept.example", "tag.example", "shadow.example")
GETS_NOTHING = ("held.example", "strict.example")
FRIEND = b"<companion@friend.example>"

# RCPT TO arguments that Postfix 3.7 takes; {} is the domain.
ACCEPTED = (
    "<help@{}>",
    "help@{}",
    " <help@{}>",
    "<@relay.example:help@{}>",
    "<@relay.example,@b.example:help@{}>",
    "@relay.example:help@{}",
    "<@a:@b:help@{}>",
    "<@:help@{}>",
    "<<@relay.example:help@{}>>",
    "<<@relay.example:help@{}>,>",
    "<help@{},>",
    "<help@{};>",
    "<,help@{}>",
    "<<help@{}>>",
    "<<help@{}>,>",
    "<help@{}>>",
    "<help@{}>,",
    "help@{}>",
    "<group:help@{};>",
    '<"help"@{}>',
    '<"he\\lp"@{}>',
    "<he\\lp@{}>",
    '<"he lp"@{}>',
    "<he\\ lp@{}>",
    "<h\\@elp@{}>",
    '<"h\\"elp"@{}>',
    '<"h,elp"@{}>',
    '<"<help>"@{}>',
    '<""@{}>',
    "<h..elp.@{}>",
    "<.help@{}>",
    "<h'elp@{}>",
    "<HELP@{}>",
    "<help@{}.>",
    "<help%{}@mx.lab.invalid>",
    "<help%{}>",
    "<{}!help>",
    "<mx.lab.invalid!{}!help>",
    '<"help@{}"@mx.lab.invalid>',
    '<"help@{}">',
    "<help@{}@mx.lab.invalid>",
    "<help(comment)@{}>",
    "<(c)help@{}(d)>",
    "<help @ {}>",
    "< help@{} >",
    "<help\t@{}>",
    "<help@{} (x)>",
    "<help+x@{}>",
    "<help@{}> ORCPT=rfc822;x+40y",
    "<help@{}> NOTIFY=SUCCESS,FAILURE",
    "<help@{}> NOTIFY=NEVER ORCPT=rfc822;companion@friend.example",
    "<alias@{}>",
    '<"alias"@{}>',
    "<@relay.example:alias@{}>",
    "<canonical@{}>",
    "<canonical@{},>",
    "<" + "x" * 400 + "@{}>",
    '<"' + "\\x" * 450 + '"@{}>',
)
# Without a domain of its own: the rules of everybody hold, by which the spoof is quarantined.
ELSEWHERE = ("<help>", "<postmaster>", "<help@[127.0.0.1]>", "<@relay.example:help>", "help")
REFUSED = (
    '<he"l"p@{}>',
    "<help@{}..>",
    "<help@{}:>",
    "<help@[{}]>",
    "Help <help@{}>",
    "<help@{}\\>",
    "<help@{}",
    '<"">',
    "<-help@{}>",
    "<help@{},other@{}>",
    "<help@{}\0>",
    "<he\0lp@{}>",
)
DOMAINS = (*GETS_IT, *GETS_NOTHING)
ALIASES = " ".join(f"{{ alias@{each} = somebody@{each} }}" for each in DOMAINS)
CANONICAL = " ".join(f"{{ canonical@{each} = someone@{each} }}" for each in DOMAINS)
POSTFIX = {
    "mydestination": "mx.lab.invalid",
    "local_transport": "$default_transport",
    "virtual_alias_maps": f"inline:{{ {ALIASES} }}",
    "recipient_canonical_maps": f"inline:{{ {CANONICAL} }}",
}


@dataclass(frozen=True)
class Sent:
    """How one message went, and what arrived of it."""

    taken: tuple[bytes, ...]
    reply: Reply
    record: str = ""
    deliveries: tuple[Delivery, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def copies(self) -> Counter[str]:
        """How many copies arrived in each domain."""
        return Counter(
            each.rpartition("@")[2].lower() for mail in self.deliveries for each in mail.recipients
        )


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    port = free_port()
    settings = {"recipients": RULES, "groups": GROUPS, "release": {"port": port}}
    with a_place() as place, Lab(place, settings, POSTFIX, released_port=port) as made:
        yield made


NUMBERS = count()


def another() -> Case:
    """The spoof, as a message of its own: what is in the store already absorbs a message that comes again."""
    mail = spoof()
    return replace(mail, raw=mail.raw.replace(b"<1@", b"<%d@" % next(NUMBERS)))


def send(lab: Lab, mail: Case, arguments: Sequence[bytes]) -> Sent:
    """Send a message with these arguments of RCPT TO; those that Postfix refuses are left out."""
    lab.dns.serve(mail.dns)
    lab.sink.clear()
    offset = lab.sekisho.log.stat().st_size
    with Session(lab.postfix.port, mail.envelope.client) as session:
        session.command(f"MAIL FROM:<{mail.envelope.sender}>")
        replies = [(each, session.command(b"RCPT TO:" + each)) for each in arguments]
        taken = tuple(each for each, reply in replies if reply.ok)
        if not taken:
            return Sent((), replies[-1][1])
        session.command("DATA")
        session._socket.sendall(dot_stuffed(mail.raw))
        reply = session._read()
    line = lab.sekisho.judged(offset)
    if reply.ok:
        lab.postfix.wait_empty()
    arrived = lab.sink.of(str(line["queue_id"]))  # and no notice of success, which is another message
    return Sent(taken, reply, str(line["id"]), arrived, kept(lab, str(line["id"])))


def kept(lab: Lab, record: str) -> tuple[str, ...]:
    """For whom the store has copies of a message. Read from the database: the command takes a second each time."""
    with closing(sqlite3.connect(f"file:{lab.sekisho.store}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT address FROM recipients WHERE entry_id = ?", (record,)).fetchall()
    return tuple(address for (address,) in rows)


def written(form: str, domain: str) -> bytes:
    return form.replace("{}", domain).encode()


@pytest.mark.parametrize("form", ACCEPTED)
def test_each_form_ends_where_the_verdict_says(lab: Lab, form: str) -> None:
    """One message to the same form in five domains with five outcomes: those who are to get it get one copy each, and
    no copy arrives where it is kept."""
    sent = send(lab, another(), [FRIEND, *(written(form, each) for each in DOMAINS)])
    assert len(sent.taken) == 1 + len(DOMAINS), "Postfix refused it: it belongs to the other table"
    assert sent.reply.code == 250
    assert sent.copies == dict.fromkeys(("friend.example", *GETS_IT), 1)
    assert sorted(each.rpartition("@")[2].lower() for each in sent.kept) == [*GETS_NOTHING]


@pytest.mark.parametrize("form", ELSEWHERE)
def test_a_recipient_without_a_domain_is_taken_off_too(lab: Lab, form: str) -> None:
    """What Postfix completes by itself ends where the verdict says."""
    sent = send(lab, another(), [FRIEND, form.encode()])
    assert len(sent.taken) == 2
    assert sent.copies == {"friend.example": 1}
    assert len(sent.kept) == 1


@pytest.mark.parametrize("form", REFUSED)
def test_postfix_refuses_the_rest(lab: Lab, form: str) -> None:
    """These need nothing of ours; if a later Postfix takes one, it belongs to the tables above."""
    assert send(lab, another(), [written(form, "held.example")]).taken == ()


def test_one_recipient_in_every_form_at_once(lab: Lab) -> None:
    """However often and in however many forms a sender names one recipient, no copy arrives, and none is kept twice."""
    forms = [written(each, "held.example") for each in ACCEPTED]
    sent = send(lab, another(), [FRIEND, *forms, *forms])
    assert len(sent.taken) == 1 + 2 * len(ACCEPTED)
    assert sent.copies == {"friend.example": 1}
    assert len(sent.kept) == len(set(sent.kept))
    assert sent.kept.count("help@held.example") == 1


PIECES = (
    *(
        "<",
        ">",
        "<<",
        ">>",
        "@relay.example:",
        "@a,@b.example:",
        ":",
        ",",
        ";",
        "group:",
        "(c)",
        "((",
        ")",
        " ",
        "\t",
    ),
    *(
        '"',
        '""',
        "\\",
        "\\@",
        "%",
        "!",
        "+x",
        ".",
        "..",
        "@",
        "[",
        "]",
        "[127.0.0.1]",
        "mx.lab.invalid",
        "x",
        "-",
    ),
)


def scrambled(random: Random) -> bytes:
    """The address with a few pieces put in anywhere, or before and behind it."""
    form = "<help@held.example>"
    for _ in range(random.randint(1, 4)):
        at = random.choice((0, 1, len(form) - 1, len(form), random.randint(0, len(form))))
        form = form[:at] + random.choice(PIECES) + form[at:]
    return form.encode()


@pytest.mark.parametrize("seed", sliced(range(8), 8))
def test_forms_that_nobody_thought_of(lab: Lab, seed: int) -> None:
    """Of a thousand scrambled arguments Postfix takes some hundreds; for all of them together no copy arrives."""
    random = Random(seed)
    forms = [FRIEND, *(scrambled(random) for _ in range(900))]
    sent = send(lab, another(), forms)
    assert len(sent.taken) > 200
    assert sent.reply.code == 250
    assert sent.copies == {"friend.example": 1}


def test_every_form_can_be_released(lab: Lab) -> None:
    """A copy that was kept for an odd form arrives when it is released, once, and in no other domain."""
    sent = send(lab, another(), [FRIEND, *(written(each, "held.example") for each in ACCEPTED)])
    lab.sink.clear()
    command = ("quarantine", "release", sent.record, "--reason", "test", "--format", "json")
    told = json.loads(lab.sekisho.command(*command).stdout)
    assert [each for each in told if each["state"] != "released"] == []
    assert len(told) == len(sent.kept)
    lab.postfix.wait_empty()
    assert {each.rpartition("@")[2] for mail in lab.sink for each in mail.recipients} == {"held.example"}
    assert len(lab.sink) == len(told)


@pytest.mark.parametrize(
    ("recipient", "arrives"),
    [
        ("chief@accept.example", False),
        ("chief+x@accept.example", False),
        ("Chief+x+y@ACCEPT.example", False),
        ('"chief+x y"@accept.example', False),
        ("@relay.example:chief+@accept.example", False),
        ("hanako+x@accept.example", False),
        ("chiefs+x@accept.example", True),
        ("private+x@held.example", True),
        ("private-x@held.example", False),
    ],
)
def test_an_extension_does_not_leave_the_rules(lab: Lab, recipient: str, arrives: bool) -> None:
    """`chief+x@` is the mailbox of `chief@`: its rules, its group's and its opt-out hold, and no domain's go before."""
    sent = send(lab, another(), [FRIEND, f"<{recipient}>".encode()])
    assert sent.copies["friend.example"] == 1
    assert sum(sent.copies.values()) - 1 == arrives
    assert len(sent.kept) == 1 - arrives


VARIANTS = (
    {"enable_original_recipient": "no"},
    {"smtputf8_enable": "no"},
    {"allow_percent_hack": "no", "swap_bangpath": "no"},
    {"resolve_dequoted_address": "no"},
    {"strict_rfc821_envelopes": "yes"},
    {"recipient_delimiter": "+-", "append_dot_mydomain": "yes"},
    {"receive_override_options": "no_address_mappings"},
)


@pytest.mark.parametrize("variant", VARIANTS, ids="_".join)
def test_whatever_postfix_is_told_of_addresses(lab: Lab, variant: dict[str, str]) -> None:
    """Settings that change how Postfix reads, rewrites or notes recipients change nothing about whom it delivers to."""
    lab.postfix.settings = POSTFIX | variant
    lab.postfix.restart()
    try:
        forms = [written(each, "held.example") for each in (*ACCEPTED, *ELSEWHERE, *REFUSED)]
        sent = send(lab, another(), [FRIEND, *forms])
        assert sent.copies == {"friend.example": 1}
        assert "help@held.example" in sent.kept
    finally:
        lab.postfix.settings = POSTFIX
        lab.postfix.restart()


def test_a_recipient_that_cannot_be_named_ends_the_message(lab: Lab) -> None:
    """With `smtputf8_enable = no` Postfix takes bytes that are no UTF-8, which pymilter cannot send back. Such a
    recipient cannot be taken off: the message is refused, at once and each time, and no copy is kept."""
    lab.postfix.settings = POSTFIX | {"smtputf8_enable": "no"}
    lab.postfix.restart()
    try:
        mail = another()
        for _ in range(2):
            sent = send(lab, mail, [FRIEND, b"<h\xe9lp@held.example>"])
            assert (len(sent.taken), sent.reply.code, sent.copies, sent.kept) == (2, 550, {}, ())
        alone = send(lab, another(), [b"<h\xe9lp@held.example>"])
        assert (alone.reply.code, alone.copies, len(alone.kept)) == (250, {}, 1)
    finally:
        lab.postfix.settings = POSTFIX
        lab.postfix.restart()
