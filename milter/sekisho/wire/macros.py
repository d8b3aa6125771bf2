"""The client and the envelope, as Postfix tells them: arguments of commands, and macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sekisho.domains import parse_ip
from sekisho.judging.collect import as_parsed, text, unbracketed
from sekisho.message import Client, Envelope, Recipient

Macro = Callable[[str], str | None]
_PORT = re.compile(r"[0-9]{1,5}\Z")


def recipient(args: Sequence[bytes], macro: Macro) -> Recipient:
    """The recipient of one RCPT TO: `{rcpt_addr}`, to which Postfix delivers, or the argument if there is no macro."""
    raw = text(args[0])
    address = _acted_on(macro("{rcpt_addr}") or None, as_parsed(raw))
    return Recipient(address=address, raw=raw, parameters=tuple(map(text, args[1:])))


def _acted_on(told: str | None, typed: str) -> str:
    """The address as Postfix uses it. Its macros are in lower case, but it delivers in the case of the command. So if
    only the case differs, the form in the command is used."""
    if told is None:
        return typed
    bare = unbracketed(told)
    return typed if bare.lower() == typed.lower() else bare


def envelope(args: Sequence[bytes], client: Client, macro: Macro) -> Envelope:
    """The envelope at MAIL FROM, still without recipients. Postfix uses `{mail_addr}`, not the command's argument."""
    raw = unbracketed(text(args[0]))
    return Envelope(
        sender=_acted_on(macro("{mail_addr}"), raw),
        raw_sender=raw,
        parameters=tuple(map(text, args[1:])),
        client=client,
        queue_id=macro("i"),
    )


def client(macro: Macro, host: str | None, peer: tuple[str, int] | None, helo: str | None) -> Client:
    """The SMTP client, from the macros, or else from the connect event. What is absent is unknown.

    A name counts only if Postfix confirmed it by a forward look-up (`{client_resolve}` is OK, or absent).
    """
    resolve = (macro("{client_resolve}") or "").lower() or None
    name = macro("{client_name}") or host
    port = macro("{client_port}") or ""
    return Client(
        address=_address(macro("{client_addr}") or (peer[0] if peer else None)),
        name=name if _is_name(name) and resolve in (None, "ok") else None,
        resolve=resolve,
        helo=helo,
        port=int(port) if _PORT.match(port) else (peer[1] if peer else None),
        tls=_tls(macro),
        user=macro("{auth_authen}") or None,
    )


def _address(value: str | None) -> str | None:
    """An IP address in its shortest form, without Postfix's `IPv6:`; None if the value is none."""
    address = parse_ip((value or "").strip("[]"))
    return str(address) if address else None


def _is_name(name: str | None) -> bool:
    return bool(name) and name != "unknown" and not str(name).startswith("[")


def _tls(macro: Macro) -> str | None:
    """Protocol and cipher, such as `TLSv1.3 TLS_AES_256_GCM_SHA384`."""
    return " ".join(filter(None, (macro("{tls_version}"), macro("{cipher}")))) or None
