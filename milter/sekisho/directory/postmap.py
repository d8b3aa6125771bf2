"""One query of one of Postfix's tables, by `postmap -q -`.

`postmap` reads keys from its standard input, one a line, and prints `key<TAB>value` for each that the table has. It
writes its answers when the input ends and not before, so a process answers one list of keys and cannot be kept. It
ends with 1 if no key was found *and* if the table fails; only its `fatal:` line tells which. The keys are texts of
strangers: they never stand on a command line, and one that could end its line is not asked.
"""

from __future__ import annotations

import pwd
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

MAX_KEY_CHARS = 320  # of an address: 64 + 1 + 255
MAX_REASON_CHARS = 300
_PATH = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin"
_ENVIRONMENT = {"PATH": _PATH, "LC_ALL": "C"}
_FAILURE = re.compile(r"(?:fatal|panic): (.*)")
_NEEDS_NETLINK = "getifaddrs: Operation not permitted"
_SANDBOX = " (the unit must allow AF_NETLINK: `sekisho doctor` prints how)"
_LIST_SECONDS = 5.0
_INSTALL = {
    "ldap": "postfix-ldap",
    "pgsql": "postfix-pgsql",
    "mysql": "postfix-mysql",
    "sqlite": "postfix-sqlite",
}
_INSTALL |= {
    "cdb": "postfix-cdb",
    "lmdb": "postfix-lmdb",
    "pcre": "postfix-pcre",
    "mongodb": "postfix-mongodb",
}


class TableError(Exception):
    """A table could not be asked; the text says why."""


class TableTimeoutError(TableError):
    """A table had not answered when the time was over."""


def askable(key: str) -> bool:
    """True for a key that is one line of UTF-8 without control characters, and not too long."""
    return 0 < len(key) <= MAX_KEY_CHARS and key.isprintable() and key == key.strip()


def query(
    table: str, keys: Iterable[str], seconds: float, directory: Path | None = None, user: str | None = None
) -> dict[str, str]:
    """The values of those keys that the table has. Raises TableError if it fails, and TableTimeoutError
    after that many seconds.

    `directory` is Postfix's configuration directory, `user` runs the query (root alone can choose one)."""
    wanted = {key for key in keys if askable(key)}
    if not wanted:
        return {}
    lines = "".join(f"{key}\n" for key in wanted).encode("utf-8")
    status, output, errors = _run("postmap", directory, ("-q", "-", table), seconds, lines, user)
    if (failure := _FAILURE.search(errors)) is not None:
        raise TableError(failure[1] + (_SANDBOX if _NEEDS_NETLINK in failure[1] else ""))
    if status not in (0, 1):
        raise TableError(f"postmap ended with {status}")
    pairs = (line.partition("\t") for line in output.split("\n"))
    return {key: value for key, tab, value in pairs if tab and key in wanted}


def missing(tables: Iterable[tuple[str, str]], directory: Path | None = None) -> tuple[str, ...]:
    """What is not installed that these tables need, each as `option: reason`; `tables` are options and tables. Nothing
    is told if the types cannot be found out (`types` says why)."""
    tables = tuple(tables)
    if not tables:
        return ()
    if _program("postmap") is None:
        return (f"{tables[0][0]}: postmap is not installed here; install Postfix (package postfix)",)
    try:
        known = types(directory)
    except TableError:
        return ()
    kinds = ((option, table.partition(":")[0]) for option, table in tables)
    return tuple(
        f"{option}: this Postfix has no tables of the type {kind}{_hint(kind)}"
        for option, kind in kinds
        if kind not in known
    )


def types(directory: Path | None = None) -> frozenset[str]:
    """The types of tables that Postfix has. Raises TableError (also TableTimeoutError) if it does not say."""
    status, output, errors = _run("postconf", directory, ("-m",), _LIST_SECONDS)
    if (failure := _FAILURE.search(errors)) is not None:
        raise TableError(failure[1])
    found = frozenset(output.split())
    if status or not found:
        raise TableError(f"postconf -m ended with {status}")
    return found


def _hint(kind: str) -> str:
    return f"; install {_INSTALL[kind]}" if kind in _INSTALL else "; `postconf -m` lists its types"


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def _run(
    name: str,
    directory: Path | None,
    words: tuple[str, ...],
    seconds: float,
    lines: bytes = b"",
    user: str | None = None,
) -> tuple[int, str, str]:
    """Status, output and errors of one of Postfix's programs. A program that fails waits a second before it ends, so
    what it has said counts when its time is over."""
    program = _program(name)
    if program is None:
        raise TableError(f"{name} is not installed")
    where = ("-c", str(directory)) if directory else ()
    try:
        child = subprocess.Popen(  # noqa: S603 - a fixed program, no shell
            (program, *where, *words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            user=user,
            group=None if user is None else pwd.getpwnam(user).pw_gid,
            extra_groups=None if user is None else (),
        )
    except (OSError, LookupError) as error:
        raise TableError(f"{name} cannot be started ({type(error).__name__})") from error
    try:
        output, errors = child.communicate(lines, timeout=max(seconds, 0.0))
    except subprocess.TimeoutExpired:
        child.kill()
        output, errors = child.communicate()
        said = _text(errors)
        if _FAILURE.search(said) is None:
            raise TableTimeoutError(f"no answer within {seconds:.1f} seconds") from None
    return child.returncode, output.decode("utf-8", "replace"), _text(errors)


def _text(errors: bytes) -> str:
    text = errors[-4096:].decode("utf-8", "replace")
    return "\n".join(
        "".join(each for each in line if each.isprintable())[:MAX_REASON_CHARS] for line in text.splitlines()
    )
