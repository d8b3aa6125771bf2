"""Runs a command under the system call filter of a systemd unit, without systemd as process 1.

    python confined.py UNIT command…

What is taken from the unit: SystemCallFilter, MemoryDenyWriteExecute and RestrictAddressFamilies, which systemd
itself turns into seccomp rules of the same meaning; and UMask and LimitCORE. Calls that are not
allowed fail with EPERM, as the unit says. Run as the unprivileged user: that, and the environment, stand for the rest.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(EPERM)
EQUAL, MASKED = 4, 7  # SCMP_CMP_EQ, SCMP_CMP_MASKED_EQ


class Compare(ctypes.Structure):
    """struct scmp_arg_cmp"""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("a", ctypes.c_uint64),
        ("b", ctypes.c_uint64),
    )


def settings(unit: Path) -> dict[str, list[str]]:
    """Every value of each setting of the unit, in order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def group(name: str) -> set[str]:
    """The calls of one of systemd's groups, those of the groups in it included."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    )
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    return {call for line in lines if line and not line.startswith("#") for call in group(line)}


def allowed(filters: list[str]) -> set[str]:
    """The calls left when all lines of SystemCallFilter are applied in order; the first one allows."""
    calls: set[str] = group("@default")
    for line in filters:
        names = {call for name in line.removeprefix("~").split() for call in group(name)}
        calls = calls - names if line.startswith("~") else calls | names
    return calls


def conditions(call: str, values: dict[str, list[str]]) -> list[Compare | None]:
    """What an argument must be for the call to be allowed, one of these; None is anything."""
    if call == "socket" and "RestrictAddressFamilies" in values:
        families = values["RestrictAddressFamilies"][0].split()
        return [Compare(0, EQUAL, getattr(socket, family), 0) for family in families]
    if values.get("MemoryDenyWriteExecute") == ["yes"]:
        both = mmap.PROT_WRITE | mmap.PROT_EXEC
        if call == "mmap":
            return [Compare(2, MASKED, both, each) for each in (0, mmap.PROT_WRITE, mmap.PROT_EXEC)]
        if call in {"mprotect", "pkey_mprotect"}:
            return [Compare(2, MASKED, mmap.PROT_EXEC, 0)]
    return [None]


def load(values: dict[str, list[str]]) -> None:
    """Put the filter on this process and on all that come from it."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(REFUSE)))
    for call in sorted(allowed(values["SystemCallFilter"])):
        number = library.seccomp_syscall_resolve_name(call.encode())
        for condition in conditions(call, values) if number >= 0 else ():
            count, array = (1, ctypes.byref(condition)) if condition else (0, None)
            status = library.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, count, array)
            assert status == 0, (call, status)
    assert library.seccomp_load(context) == 0


def main(unit: str, *command: str) -> None:
    values = settings(Path(unit))
    os.umask(int(values["UMask"][0], 8))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    load(values)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
