"""Signs golden mails, so that a signed mail can be changed and made again.

    python -m tests.golden.sign tests/golden/dkim/*.eml

What to do stands in the sidecar, key `made`, as steps from the inside out:

- `{"sign": {"d": …, "s": …}}` puts a DKIM signature on top. Also `h` (names, colon-separated), `l` (true: as
  long as the body is now), `t` and `x` (RFC 3339 times), `bits` (an RSA key of that size; else Ed25519);
- `{"seal": {"d": …, "s": …, "saw": …}}` puts the next ARC set on top; `saw` is what the sealer's results say;
- `{"change": [old, new]}` replaces a text that stands there once: what happened to the mail on its way.

A mail that is signed already is first taken back to what it was. Keys are made for each run and forgotten: only
the public halves are written, to the sidecar's `dns`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import nacl.signing
from dkim.crypto import RSASSA_PKCS1_v1_5_sign, parse_pem_private_key

from sekisho.auth.signatures import relaxed_value
from sekisho.message.body import relaxed_body

NAMES = "from:to:subject:date:message-id:mime-version:content-type"
SET = (b"ARC-Authentication-Results", b"ARC-Message-Signature", b"ARC-Seal")
Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Key:
    """A private key for one run; `record` is what DNS shows of it."""

    algorithm: str
    record: str
    sign: Callable[[bytes], bytes]


def ed25519() -> Key:
    key = nacl.signing.SigningKey.generate()
    public = base64.b64encode(bytes(key.verify_key)).decode()
    return Key(
        "ed25519-sha256",
        f"v=DKIM1; k=ed25519; p={public}",
        lambda data: key.sign(hashlib.sha256(data).digest()).signature,
    )


def rsa(bits: int) -> Key:
    pem = _openssl(["genrsa", "-traditional", str(bits)], b"")
    public = base64.b64encode(_openssl(["rsa", "-pubout", "-outform", "DER"], pem)).decode()
    private = parse_pem_private_key(pem)
    return Key(
        "rsa-sha256",
        f"v=DKIM1; k=rsa; p={public}",
        lambda data: bytes(RSASSA_PKCS1_v1_5_sign(hashlib.sha256(data), private)),
    )


def _openssl(arguments: list[str], data: bytes) -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


@dataclass
class Mail:
    """A mail as it is being made, with LF line ends, and the keys of this run by name in DNS."""

    raw: bytes
    keys: dict[str, Key] = field(default_factory=dict)

    def put(self, name: bytes, value: bytes) -> None:
        self.raw = name + b":" + value + b"\n" + self.raw

    def take(self, *names: bytes) -> None:
        """Remove the topmost fields, which must have these names."""
        for name in names:
            (found, _), *rest = fields_of(self.raw)
            assert found == name, f"{found!r} stands on top, not {name!r}"
            self.raw = b"".join(each + b":" + value for each, value in rest) + b"\n" + body_of(self.raw)

    def key(self, of: Mapping[str, Any]) -> Key:
        name = f"{of['s']}._domainkey.{of['d']}"
        if name not in self.keys:
            self.keys[name] = rsa(of["bits"]) if "bits" in of else ed25519()
        return self.keys[name]


def fields_of(raw: bytes) -> Fields:
    """Names and values (folding and final line end in them) of the header block."""
    head = raw.partition(b"\n\n")[0] + b"\n"
    found: Fields = []
    for line in head.splitlines(keepends=True):
        if line[:1] in b" \t" and found:
            found[-1] = (found[-1][0], found[-1][1] + line)
        else:
            name, _, value = line.partition(b":")
            found.append((name, value))
    return found


def body_of(raw: bytes) -> bytes:
    return raw.partition(b"\n\n")[2]


def body_hash(raw: bytes) -> tuple[bytes, int]:
    """The hash of the relaxed body in base64, and how many octets it covers."""
    body = relaxed_body(body_of(raw).replace(b"\n", b"\r\n"))
    return base64.b64encode(hashlib.sha256(body).digest()), len(body)


def canonical(name: bytes, value: bytes) -> bytes:
    return name.strip().lower() + b":" + relaxed_value(value.rstrip(b"\n"))


def chosen(raw: bytes, names: bytes) -> list[bytes]:
    """The fields of `h=` in canonical form, each mention the next one from the bottom."""
    left = fields_of(raw)
    found = []
    for wanted in names.split(b":"):
        at = max((at for at, (name, _) in enumerate(left) if name.strip().lower() == wanted), default=None)
        if at is not None:
            found.append(canonical(*left.pop(at)))
    return found


def sealed(key: Key, before: list[bytes], name: bytes, value: bytes) -> bytes:
    """The value with its signature over the fields before it and itself."""
    data = b"\r\n".join([*before, canonical(name, value)])
    text = base64.b64encode(key.sign(data))
    return value + b"".join(b"\n  " + text[at : at + 72] for at in range(0, len(text), 72))


def sign(mail: Mail, of: Mapping[str, Any]) -> None:
    """Put a DKIM signature, relaxed/relaxed, on top."""
    key = mail.key(of)
    names = of.get("h", NAMES).encode()
    digest, length = body_hash(mail.raw)
    extra = f" l={length};" if of.get("l") else ""
    extra += "".join(f" {tag}={_seconds(of[tag])};" for tag in ("t", "x") if tag in of)
    value = f" v=1; a={key.algorithm}; c=relaxed/relaxed; d={of['d']}; s={of['s']};{extra}".encode()
    value += b"\n h=%s;\n bh=%s;\n b=" % (names, digest)
    mail.put(b"DKIM-Signature", sealed(key, chosen(mail.raw, names), b"DKIM-Signature", value))


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def seal(mail: Mail, of: Mapping[str, Any]) -> None:
    """Put the next ARC set on top (RFC 8617 section 5.1)."""
    key = mail.key(of)
    sets = [(name, value) for name, value in fields_of(mail.raw) if name in SET]
    number = len(sets) // 3 + 1
    names = NAMES.encode()
    digest, _ = body_hash(mail.raw)
    start = f" i={number}; a={key.algorithm}; "
    results = f" i={number}; {of['d']}; {of['saw']}".encode()
    value = f"{start}c=relaxed/relaxed; d={of['d']}; s={of['s']};\n h=".encode()
    value += names + b";\n bh=" + digest + b";\n b="
    signature = sealed(key, chosen(mail.raw, names), SET[1], value)
    before = [canonical(*each) for each in reversed(sets)]
    before += [canonical(SET[0], results), canonical(SET[1], signature)]
    value = f"{start}cv={'pass' if sets else 'none'}; d={of['d']}; s={of['s']};\n b=".encode()
    for name, text in zip(SET, (results, signature, sealed(key, before, SET[2], value)), strict=True):
        mail.put(name, text)


def change(mail: Mail, old: str, new: str) -> None:
    assert mail.raw.count(old.encode()) == 1, f"{old!r} does not stand there once"
    mail.raw = mail.raw.replace(old.encode(), new.encode())


def undone(mail: Mail, steps: list[dict[str, Any]]) -> None:
    """Take a mail back to what it was before its steps."""
    for step in reversed(steps):
        if "change" in step:
            change(mail, *reversed(step["change"]))
        else:
            mail.take(*([b"DKIM-Signature"] if "sign" in step else SET[::-1]))


def made(raw: bytes, facts: Mapping[str, Any]) -> tuple[bytes, dict[str, Any]]:
    """The mail signed anew, and its sidecar with the new keys in `dns`."""
    mail = Mail(raw)
    if b"DKIM-Signature:" in raw or b"ARC-Seal:" in raw:
        undone(mail, facts["made"])
    for step in facts["made"]:
        if "change" in step:
            change(mail, *step["change"])
        else:
            (sign if "sign" in step else seal)(mail, step.get("sign") or step["seal"])
    others = [record for record in facts.get("dns", []) if record["name"] not in mail.keys]
    keys = [{"name": name, "type": "TXT", "value": key.record} for name, key in mail.keys.items()]
    return mail.raw, {**facts, "dns": others + keys}


def main(paths: list[str]) -> None:
    for path in map(Path, paths):
        sidecar = path.with_suffix(".json")
        facts = json.loads(sidecar.read_text("utf-8")) if sidecar.is_file() else {}
        if "made" in facts:
            raw, facts = made(path.read_bytes(), facts)
            path.write_bytes(raw)
            sidecar.write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
