"""`make audit`: what pip-audit says of the lock, from its JSON on standard input.

    pip-audit --format json … | python3 packaging/audit.py

Ends with 0 if every library was looked up and none has a known vulnerability, 1 if one has, and 2 if something is
unknown: a library that could not be looked up is never taken for a good one.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> int:
    try:
        libraries: list[dict[str, Any]] = json.load(sys.stdin)["dependencies"]
    except (ValueError, KeyError, TypeError):
        libraries = []
    if not libraries:
        return say(
            2,
            "nothing is known: pip-audit gave no answer. Is the service of vulnerabilities (pypi.org) reachable?",
        )
    weak = [each for each in libraries if each.get("vulns")]
    skipped = [each["name"] for each in libraries if "skip_reason" in each]
    for each in weak:
        for found in each["vulns"]:
            mend = ", ".join(found["fix_versions"]) or "none yet"
            say(1, f"{each['name']} {each['version']}: {found['id']}; mended in: {mend}")
    if weak:
        return 1
    if skipped:
        count = f"{len(skipped)} of {len(libraries)} libraries are unknown to the service of vulnerabilities"
        return say(2, f"{count} that was asked, so nothing is known of them: {', '.join(skipped)}")
    return say(0, f"{len(libraries)} libraries, and no vulnerability is known of any")


def say(status: int, text: str) -> int:
    print(f"audit: {text}", file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
