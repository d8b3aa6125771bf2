"""Between Postfix and the daemon: connections cut at each step, strange clients, many sessions."""

from __future__ import annotations

import random
import socket
import struct
import threading
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

from lab.faults import libmilter
from lab.faults.mails import MIXTURE, Mail, with_field
from lab.faults.proxy import Cutter, Proxy
from lab.faults.row import Trial, row
from lab.faults.rows.kill import kills, see_ready
from lab.faults.rows.targets import see_no_refusal
from lab.faults.sender import Connection, LostError
from lab.faults.site import Site
from lab.place import wait_until

MUST = "0 lost, 0 doubled, 0 unjudged; no worker lost, no session left behind"

# What Postfix sends: option negotiation, connect, helo, mail, rcpt, header, end of headers, body, end of message. What
# it gets: accept, discard, reply code, and the edits: a field inserted, a field removed (an empty change), a recipient
# removed. The other steps have no reply, as negotiated.
STEPS = (
    *(("in", command) for command in (b"O", b"D", b"C", b"H", b"M", b"R", b"L", b"B", b"E")),
    *(("out", command) for command in (b"O", b"a", b"d", b"y", b"i", b"m", b"-")),
)
_TIMES = 3  # cuts at each step
_FORGED = "X-Sekisho-Forged"  # removed from every message, so that Postfix gets a change of a field


def see_calm(trial: Trial, site: Site) -> None:
    """No worker must have been lost, and no session may be open."""
    lost = site.metric("sekisho_worker_restarts_total")
    trial.see("no worker is lost", lost == 0, f"{lost:g}")
    site.postfix.stop()  # idle smtpd processes keep their connections
    trial.wait(
        "no session is left behind",
        lambda: site.metric("sekisho_sessions_in_progress") == 0,
        saw=lambda: site.metric("sekisho_sessions_in_progress"),
    )


@row("cut-milter", f"the milter connection is cut at each of {len(STEPS)} steps", MUST, weight=1)
def cut_milter(trial: Trial) -> None:
    cutter = Cutter()
    with ExitStack() as stack:
        site = trial.site(
            milter=lambda site: (
                stack.enter_context(Proxy(site.place / "proxy.sock", site.daemon.socket, cutter)).milter
            )
        )
        stack.enter_context(site)
        share = max(len(MIXTURE), trial.size // len(STEPS))
        for way, command in STEPS:
            cutter.arm(way, command, _TIMES)
            sender = site.sender(sessions=4, per_session=3)
            sender.offer(with_field(each, _FORGED) for each in site.mails(share))
            sender.finish()
        never = [f"{way} {command.decode()}" for way, command in STEPS if not cutter.cuts[way, command]]
        trial.note(
            f"{cutter.cuts.total()} cuts at {len(STEPS) - len(never)} steps; never seen: {never or 'none'}"
        )
        trial.see("cut at every step", not never, never or "none is missing")
        see_ready(trial, site)
        trial.balance(site)
        forged = sum(bool(each.fields(_FORGED)) for each in site.sink)
        trial.see("no forged field is delivered", not forged, forged)
        see_calm(trial, site)


@row("cut-client", "the SMTP client hangs up at each of its steps", MUST)
def cut_client(trial: Trial) -> None:
    with trial.site() as site:
        steps = 0
        for mail in site.mails(max(3, trial.size // 20)):
            site.ledger.send(mail.mark, mail.recipients)
            for cut in range(1, 20):
                if _sent(site, mail, cut):
                    break
                steps += 1
        trial.note(f"{steps} times hung up")
        with site.load(trial.size // 2) as load:
            load.finish()
        see_ready(trial, site)
        trial.balance(site)
        see_calm(trial, site)


def _sent(site: Site, mail: Mail, cut: int) -> bool:
    """Send until the cut, which is the step of this number. True if there was a reply before it."""
    try:
        connection = Connection(site.postfix.port, cut=cut)
        answers = connection.send(mail, mail.recipients)
        connection.close()
    except LostError as error:
        if error.unanswered:
            site.ledger.unanswer(mail.mark, mail.recipients)
        return False
    for answer in answers:
        if answer.code >= 500:
            site.ledger.refuse(mail.mark, answer.recipients)
    return all(answer.code < 400 or answer.code >= 500 for answer in answers)


def _default_action(action: str, must: str) -> None:
    @row(
        f"default-{action}",
        f"the daemon is gone; milter_default_action is {action}",
        must,
        weight=0.4,
    )
    def run(trial: Trial) -> None:
        with trial.site(milter=lambda site: site.daemon.milter().replace("tempfail", action)) as site:
            with site.load(trial.size // 2) as load:
                load.finish()
            site.postfix.wait_empty()  # otherwise it would deliver twice what it is delivering when it is stopped
            site.postfix.stop()  # its idle smtpd processes keep connections for which the daemon would wait
            site.daemon.stop()
            site.postfix.start()
            with site.load(trial.size // 2, ("plain", "mixed"), patience=240) as load:
                load.tell(lambda: load.answered >= 5, 60)
                seen = load.replies + Counter()
                site.daemon.start()
                load.finish()
            trial.note(f"while it was gone: {dict(seen)}")
            account = trial.balance(site, unjudged=action == "accept")
            held = len(site.postfix.queued())
            _see_default(trial, site, action, seen, held, account.unjudged.total())
            see_ready(trial, site)


def _see_default(
    trial: Trial, site: Site, action: str, seen: Counter[int], on_hold: int, unjudged: int
) -> None:
    """What this action does to mail that is not judged, and that `sekisho doctor` reports it."""
    match action:
        case "tempfail":
            trial.see("451 and nothing else", set(seen) <= {451, 250} and seen[451], dict(seen))
        case "reject":
            trial.see("refused for good", any(500 <= code < 600 for code in seen), dict(seen))
        case "accept":
            trial.see("delivered without a verdict", unjudged > 0, unjudged)
        case "quarantine":
            trial.see("in Postfix's hold queue", on_hold > 0, on_hold)
    if action != "tempfail":
        words = site.doctor()
        trial.see("doctor says so", "default_action" in words, words[:200])


for _action, _must in {
    "tempfail": "451 until it is back; 0 lost, 0 doubled, 0 unjudged",
    "accept": "mail passes unjudged, without our header; doctor says so; 0 lost, 0 doubled",
    "reject": "mail is refused; doctor says so; 0 lost, 0 doubled, 0 unjudged",
    "quarantine": "mail is in Postfix's hold queue; doctor says so; 0 lost, 0 doubled",
}.items():
    _default_action(_action, _must)


# -- a client that is not Postfix -----------------------------------------------------------------------------

_FUZZERS = 8


@row(
    "fuzz-milter",
    "clients that are not Postfix: mutated and random packets beside ordinary mail",
    MUST,
    weight=0.5,
)
def fuzz_milter(trial: Trial) -> None:
    with trial.site() as site, site.load(trial.size, per_second=30) as load:
        count = trial.size * 2
        shares = [count // _FUZZERS] * _FUZZERS
        threads = [
            threading.Thread(target=_fuzz, args=(site.daemon.socket, number, share))
            for number, share in enumerate(shares)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        trial.note(f"{sum(shares)} fuzzed connections")
        load.finish()
        see_ready(trial, site)
        trial.balance(site)
        see_calm(trial, site)


def _fuzz(path: Path, seed: int, count: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        with suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            for packet in _packets(rng):
                client.sendall(packet)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass


def _packets(rng: random.Random) -> list[bytes]:
    """The packets of a session, some of them changed, left out, doubled, moved, truncated or with a wrong length."""
    if rng.random() < 0.15:
        return [rng.randbytes(rng.randrange(1, 400))]
    packets = [_packet(command, data) for command, data in _SESSION]
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(packets))
        match rng.randrange(6):
            case 0:
                packets[at] = _mutated(packets[at], rng)
            case 1:
                packets.insert(at, rng.choice(packets))
            case 2:
                packets[at] = b""
            case 3:
                packets[at] = packets[at][: rng.randrange(len(packets[at]) + 1)]
            case 4:
                packets[at] = (
                    struct.pack(">I", rng.choice((0, 1, 65_536, 2**31, 2**32 - 1))) + packets[at][4:]
                )
            case _:
                rng.shuffle(packets)
    return packets


def _mutated(packet: bytes, rng: random.Random) -> bytes:
    data = bytearray(packet)
    for _ in range(rng.randint(1, 5) if data else 0):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def _packet(command: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 1) + command + data


_SESSION = (
    (b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF)),
    (b"D", b"Cj\0mx.lab.invalid\0{client_addr}\x00192.0.2.9\0"),
    (b"C", b"fuzz.invalid\x004\x9c\x40192.0.2.9\0"),
    (b"H", b"fuzz.invalid\0"),
    (b"D", b"Mi\0FUZZ\0{mail_addr}\0fuzz@fuzz.invalid\0"),
    (b"M", b"<fuzz@fuzz.invalid>\0"),
    (b"R", b"<r0@example.jp>\0"),
    (b"L", b"From\0 <fuzz@fuzz.invalid>\0"),
    (b"L", b"Subject\0 fuzz\0"),
    (b"N", b""),
    (b"B", b"Hello\r\n"),
    (b"D", b"Ei\0FUZZ\0"),
    (b"E", b""),
    (b"Q", b""),
)


# -- many sessions, another libmilter -------------------------------------------------------------------------


@row("sessions-200", "200 sessions at once on two workers", MUST + "; no 4xx")
def sessions_200(trial: Trial) -> None:
    with trial.site(processes=210) as site:
        with site.load(max(trial.size, 400), sessions=200, per_session=100) as load:
            wait_until(
                lambda: site.metric("sekisho_sessions_in_progress") > 100 or not load.open, "sessions", 60
            )
            most = site.metric("sekisho_sessions_in_progress")
            load.finish()
        trial.note(f"{most:g} sessions at once")
        see_no_refusal(trial, load)
        see_ready(trial, site)
        trial.balance(site)
        see_calm(trial, site)


@row(
    "libmilter-threads",
    "libmilter with one thread for each connection (Debian's source), workers killed under load",
    "0 lost, 0 doubled, 0 unjudged; no worker dies by itself",
)
def libmilter_threads(trial: Trial) -> None:
    library = libmilter.built()
    own = trial.place / "lib"
    own.mkdir(mode=0o755)
    (own / library.name).write_bytes(library.read_bytes())
    with trial.site(environment={"LD_LIBRARY_PATH": str(own)}) as site:
        maps = Path(f"/proc/{site.workers()[0]}/maps").read_text()
        trial.see("this libmilter is in use", str(own) in maps)
        with site.load(trial.size, sessions=32, cuts=0.05) as load:
            load.finish()
        lost = site.metric("sekisho_worker_restarts_total")
        trial.see("no worker dies by itself", lost == 0, f"{lost:g}")
        with site.load(trial.size // 2, per_second=40, cuts=0.05) as load:
            trial.note(f"{kills(load, site.workers, 6)} killed")
            load.finish()
        see_ready(trial, site)
        trial.balance(site)
