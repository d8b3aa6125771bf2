"""Events about messages."""

from __future__ import annotations

from logging import ERROR, INFO, WARNING

from sekisho.events.declaration import Event, flag, integer, number, text, texts

_DIGEST = text("digest", "SHA-256 of the message; the line of a message has the beginning of it")
_QUEUE_ID = text("queue_id", "Postfix's queue id", always=False)

MESSAGE = Event(
    "message",
    INFO,
    "a message was judged",
    (
        _QUEUE_ID,
        text("id", "the id for the quarantine or the refusal", always=False),
        text("digest", "the beginning of the SHA-256 of the message", always=False),
        text("message_key", "a fingerprint of its Message-ID, for `sekisho trace`", always=False),
        text("verdict", "the strictest of all recipients", always=False),
        number("score", "points of that recipient", always=False),
        text("decided_by", "what decided that verdict", always=False),
        text("mode", "`enforce` or `shadow`, for that recipient", always=False),
        texts("outcomes", "`verdict>done:number` for the recipients", always=False),
        text("reply", "what Postfix was told"),
        text("sender", "the envelope sender; `<>` is the null sender", always=False),
        texts("recipients", "the first of them (`journal.recipients`)", always=False),
        text("author_domain", "domain of the From field", always=False),
        text("subject", "only if `journal.subject` is on", always=False),
        text("client", "address of the SMTP client", always=False),
        text("client_name", "its name, as Postfix confirmed it", always=False),
        text("helo", "what it said in HELO or EHLO", always=False),
        flag("authenticated", "the client had logged in", always=False),
        text("spf", "RFC 8601 word", always=False),
        text("dkim", "RFC 8601 word", always=False),
        text("dmarc", "RFC 8601 word", always=False),
        text("arc", "RFC 8601 word", always=False),
        text("iprev", "RFC 8601 word", always=False),
        texts("findings", "ids with points, the most points first (`journal.findings`)", always=False),
        texts("claims", "claimed brands, `?` for an organisation without an entry", always=False),
        texts("proofs", "proven domains, each after its method", always=False),
        texts("degraded", "what could not be known", always=False),
        integer("size", "bytes", always=False),
        number("seconds", "how long the judgement took", always=False),
    ),
)
STAGE_FAILED = Event(
    "error",
    ERROR,
    "a check or another stage crashed",
    (text("stage", "its name, as in `sekisho_errors_total`"), _QUEUE_ID),
    fails=True,
)
STORE_UNAVAILABLE = Event(
    "store_unavailable",
    ERROR,
    "the quarantine could not keep a message; Postfix holds it or sends it again",
    (_QUEUE_ID,),
    fails=True,
)
JUDGEMENT_FAILED = Event(
    "judgement_failed",
    ERROR,
    "a message could not be judged: parser or pipeline crashed, memory ran out, or time",
    (_DIGEST,),
    fails=True,
)
ACCEPTED_UNJUDGED = Event(
    "accepted_unjudged",
    ERROR,
    "a message was accepted unjudged after a failure, as the rules of its recipients say",
    (text("stage", "what failed, as in `sekisho_errors_total`"),),
)
NO_TRIAL = Event(
    "no_trial",
    WARNING,
    "a message that was in progress when a worker died cannot be judged now; the sender tries again",
    fails=True,
)
KEPT_UNJUDGED = Event(
    "kept_unjudged",
    ERROR,
    "at the SMTP door a message could not be judged again and again; it is in the quarantine now",
    (text("id", "of the message in the quarantine; empty if it is deferred"), text("done", "what was done")),
)
NEXT_HOP_FAILED = Event(
    "next_hop_failed",
    WARNING,
    "the MTA behind the SMTP door did not take a message or a command; the MTA in front sends it again",
    (text("what", "what it did"), text("reason", "its reply code, or the kind of the error")),
)
HANDLER_FAILED = Event(
    "handler_failed",
    ERROR,
    "a step of the milter or of the SMTP door failed",
    (text("what", "the call or the stage", always=False),),
    fails=True,
)
