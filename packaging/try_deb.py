"""`make try-deb`: what an administrator does with the package, in fresh roots with a real systemd and a real Postfix.

    python3 packaging/try_deb.py [bookworm] [trixie] [--only first_verdict,upgrade_and_back,remove_and_purge]

It needs the packages that `make deb` leaves in `dist` and `dist/previous`. Every root is booted and has nothing but a
loopback of its own. Each trial prints what it measured, and ends with the first thing that is not as it must be:

- `first_verdict`: the package, the commands of docs/operating.md, and a message to the root's own Postfix, in
  less than five minutes and without a question.
- `upgrade_and_back`: from the release before with 1,000 held messages to this one, and back, while mail arrives. None
  is lost, and each version releases what the other has held.
- `remove_and_purge`: removed, the quarantine stays; installed again, it is there; purged, nothing is left.
"""

from __future__ import annotations

import argparse
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from roots import RELEASES, SOURCE, Machine, Root, RootError, copied, fresh, say

DIST = SOURCE / "dist"
MACHINE = ("systemd", "systemd-sysv", "dbus", "postfix")
GUIDE = SOURCE / "docs/operating.md"
LIMIT_SECONDS = 300
HELD = 1000
MEANWHILE = 40
USER = "hanako"
MAILBOX = f"/var/mail/{USER}"
SPOOF = """\
From: =?utf-8?b?QW1hem9uLmNvLmpw?= <account@stranger.test>\r
To: <{user}@localhost>\r
Subject: Your account\r
Message-ID: <{name}@stranger.test>\r
Date: Mon, 30 Nov 2026 10:00:00 +0900\r
\r
Your account is suspended. Log in here: http://stranger.test/login\r
"""
SENDERS = 20
# Nobody answers questions in a root: it is not waited for long.
HOLDING = {"mode": "enforce", "policy.max_action": "quarantine", "dns.timeout": "0.1", "dns.budget": "0.5"}
# What a package may leave, and what is not of it: the user (Debian Policy 9.2: it is not removed), logs and caches.
NOT_LEFT = re.compile(
    r"/(proc|sys|dev|run|tmp|root|var/(log/(journal|apt|dpkg|alternatives)|cache|tmp|mail|lib/(apt|dpkg|systemd|postfix)))\b"
    r"|/var/spool/postfix/(active|incoming|deferred|defer|maildrop|bounce|pid|public|private|dev|etc|lib|usr)\b"
    r"|/etc/(passwd|group|g?shadow|subuid|subgid)-?$|__pycache__|/etc/\.pwd\.lock|/etc/machine-id"
)


def package(release: str, folder: Path = DIST) -> Path:
    """The newest package of a release in the folder. Raises RootError."""
    found = sorted(
        folder.glob(f"sekisho_*+deb{RELEASES[release]}_*.deb"), key=lambda path: path.stat().st_mtime
    )
    if not found:
        raise RootError(f"{folder} has no package for {release}: run `make deb`")
    return found[-1]


def must(condition: bool, what: str, seen: object = "") -> None:
    if not condition:
        raise RootError(f"not so: {what}\n{seen}")


def eventually(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        must(time.monotonic() < end, f"{what}, after {seconds:.0f} seconds")
        time.sleep(0.5)


def prepared(root: Root, *packages: Path) -> tuple[str, ...]:
    """Puts packages into the root, and what they depend on where apt finds it without a network; their paths."""
    root.run("useradd", "--create-home", USER)
    paths = tuple(root.copy(each, f"/root/{number}") for number, each in enumerate(packages))
    for path in paths:
        root.apt("-o", "APT::Install-Recommends=1", "install", "--download-only", path)
    return paths


def install(machine: Machine, path: str) -> str:
    """What an administrator types. There is no terminal: a question would be an error."""
    return machine.run("apt-get", "install", "--yes", "--allow-downgrades", "-o", "Dpkg::Use-Pty=0", path)


def send(machine: Machine, first: int, count: int) -> subprocess.Popen[str]:
    """Sends messages to the Postfix of the root; the process, which fails if one gets another answer than 250."""
    network = ["nsenter", f"--net=/proc/{machine.leader}/ns/net", sys.executable, __file__]
    return subprocess.Popen([*network, "--send", str(first), str(count)], stderr=subprocess.PIPE, text=True)


def sent(sender: subprocess.Popen[str]) -> None:
    _, said = sender.communicate(timeout=600)
    must(sender.returncode == 0, "every message gets 250", said)


def deliver(first: int, count: int) -> None:
    """Runs in the network of a root: sends messages in several sessions at once."""
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(deliver_one, range(first, first + count)))


def deliver_one(number: int) -> None:
    """A message that gets 4xx is sent again, as a sender does."""
    raw = SPOOF.format(user=USER, name=number).encode()
    for _ in range(60):
        try:
            with smtplib.SMTP("127.0.0.1", 25, timeout=90) as smtp:
                smtp.sendmail("bounce@stranger.test", [f"{USER}@localhost"], raw)
            return
        except (smtplib.SMTPException, OSError) as error:
            print(f"{number}: {error}", file=sys.stderr)
            time.sleep(1)
    raise SystemExit(f"message {number} was never taken")


def documented(title: str) -> list[str]:
    """The commands of the first shell block below a title of docs/operating.md."""
    section = re.search(rf"(?ms)^#+ {re.escape(title)}$.*?^```sh\n(.*?)^```$", GUIDE.read_text("utf-8"))
    must(section is not None, f"{GUIDE.name} has commands below {title!r}")
    assert section is not None
    return [line.partition("   #")[0].strip() for line in section[1].splitlines() if line.strip()]


def verdicts(machine: Machine) -> list[dict[str, str]]:
    """The log lines about judged messages."""
    lines = machine.run("journalctl", "-u", "sekisho-milter", "-o", "cat", "--no-pager").splitlines()
    return [dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line)) for line in lines if " verdict=" in line]


def held(machine: Machine, state: str = "held") -> set[str]:
    rows = machine.run(
        "sekisho", "quarantine", "list", "--state", state, "--limit", "10000", "--format", "json"
    )
    return {row["id"] for row in json.loads(rows)}


def arrived(machine: Machine) -> set[str]:
    """The messages in the mailbox, by the name that they were sent under."""
    path = machine.root.path / MAILBOX.lstrip("/")
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    return set(re.findall(r"(?m)^Message-ID: <(\d+)@stranger\.test>", text))


def running(machine: Machine) -> None:
    for unit in ("sekisho-milter.socket", "sekisho-milter.service"):
        state = machine.run("systemctl", "is-active", unit, check=False).strip()
        must(
            state == "active",
            f"{unit} runs",
            machine.run("systemctl", "status", "--no-pager", unit, check=False),
        )


def first_verdict(root: Root, release: str) -> None:
    (path,) = prepared(root, package(release))
    with root.booted() as machine:
        began = time.monotonic()
        said = install(machine, path)
        installed = time.monotonic() - began
        must("[Y/n]" not in said and "*** sekisho.toml" not in said, "no question is asked", said)
        running(machine)
        for command in documented("Debian package"):
            if not command.startswith("apt"):
                say(f"{release}: {command}\n{machine.run('sh', '-c', command, check=False).rstrip()}")
        sent(send(machine, 1, 1))
        eventually(lambda: verdicts(machine), "the log has the verdict")
        seconds = time.monotonic() - began
        eventually(lambda: arrived(machine) == {"1"}, "shadow mode delivers")
        must(seconds < LIMIT_SECONDS, f"the first verdict in {LIMIT_SECONDS} seconds", seconds)
        (line,) = verdicts(machine)
        say(
            f"{release}: installed in {installed:.0f} s; {line['verdict']} {line.get('score')} after {seconds:.0f} s"
        )
        state = machine.run("stat", "-c", "%A %U:%G", "/etc/sekisho/sekisho.toml", "/etc/sekisho").split("\n")
        must(state[:2] == ["-rw-r----- root:sekisho", "drwxr-x--- root:sekisho"], "secrets are safe", state)


def with_held(machine: Machine, count: int) -> None:
    """The installed version, in enforce beside Postfix, with so many held messages and the door for released mail."""
    for key, value in HOLDING.items():
        machine.run("sekisho", "config", "set", key, value)
    machine.run("systemctl", "restart", "sekisho-milter")
    master = machine.root.read("/etc/postfix/master.cf") + (SOURCE / "config/postfix/master.cf").read_text(
        "utf-8"
    )
    machine.root.write("/etc/postfix/master.cf", master)
    machine.run("postconf", "-e", "smtpd_milters={ unix:sekisho/milter.sock, default_action=tempfail }",
                "smtpd_forbid_bare_newline=normalize")  # fmt: skip
    machine.run("systemctl", "restart", "postfix")
    eventually(lambda: machine.status("postfix", "status") == 0, "Postfix runs")
    sent(send(machine, 1, count))
    must(len(held(machine)) == count, f"{count} messages are held", len(held(machine)))


def change(machine: Machine, path: str, known: int) -> int:
    """Installs another version while mail arrives; how many messages there are then, none of them lost."""
    sender = send(machine, known + 1, MEANWHILE)
    began = time.monotonic()
    install(machine, path)
    seconds = time.monotonic() - began
    running(machine)
    sent(sender)
    version = machine.run("dpkg-query", "-W", "-f", "${Version}", "sekisho")
    say(f"{machine.root.release}: {version} in {seconds:.0f} s, {MEANWHILE} messages meanwhile")
    return known + MEANWHILE


def upgrade_and_back(root: Root, release: str) -> None:
    before, after = prepared(root, package(release, DIST / "previous"), package(release))
    with root.booted() as machine:
        install(machine, before)
        with_held(machine, HELD)
        ids = held(machine)
        known = change(machine, after, HELD)
        now = held(machine)
        must(ids <= now and len(now) == known, "the upgrade loses nothing", (len(ids), len(now), known))
        first = sorted(ids)[: HELD // 2]
        machine.run("sekisho", "quarantine", "release", *first)
        known = change(machine, before, known)
        now = held(machine)
        must(len(now) == known - len(first), "the way back loses nothing", (len(now), known))
        machine.run("sekisho", "quarantine", "release", *sorted(now))
        must(not held(machine), "all are released")
        eventually(lambda: len(arrived(machine)) == known, f"{known} messages are in the mailbox", 120)
        say(
            f"{release}: {known} held, {len(first)} released by the new version and {len(now)} by the old, 0 lost"
        )


def files(machine: Machine) -> set[str]:
    found = machine.run("find", "/", "-xdev").splitlines()
    return {path for path in found if not NOT_LEFT.search(path)}


def remove_and_purge(root: Root, release: str) -> None:
    (path,) = prepared(root, package(release))
    needed = root.run("dpkg-deb", "--field", path, "Depends")
    root.apt("satisfy", needed)
    with root.booted() as machine:
        before = files(machine)
        install(machine, path)
        with_held(machine, 3)
        ids = held(machine)
        said = machine.run("apt-get", "remove", "--yes", "sekisho")
        must(
            "smtpd_milters" in said and "/var/lib/sekisho" in said,
            "it says what stays, and what Postfix asks",
            said,
        )
        install(machine, path)
        running(machine)
        must(held(machine) == ids, "what was held is there again")
        machine.run("apt-get", "purge", "--yes", "sekisho")
        left = files(machine) - before
        must(not left, "nothing is left", "\n".join(sorted(left)))
        must(before <= files(machine), "nothing else is gone", "\n".join(sorted(before - files(machine))))
    say(f"{release}: removed, installed again, purged: nothing left")


TRIALS: dict[str, Callable[[Root, str], None]] = {
    trial.__name__: trial for trial in (first_verdict, upgrade_and_back, remove_and_purge)
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("releases", nargs="*", choices=[[], *RELEASES], metavar="RELEASE")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(TRIALS))
    parser.add_argument("--send", nargs=2, type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.send:
        deliver(*given.send)
        return
    for release in given.releases or RELEASES:
        with fresh(release, MACHINE) as root:
            for name in given.only:
                TRIALS[name](copied(root, name), release)


if __name__ == "__main__":
    main()
