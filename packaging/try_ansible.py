"""`make try-ansible`: the role in a fresh root of each Debian, twice. The second run must change nothing.

    python3 packaging/try_ansible.py [bookworm] [trixie] [--deb FILE]

Without --deb the wheel is installed, which `make dist` has made in dist/. The root is not booted: units are installed
and not started. Ends with 1 if a run failed or the second one changed something.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from roots import RELEASES, SOURCE, RootError, fresh, say

NEEDED = ("postfix", "systemd", "ansible-core", "python3-apt")
PLAY = """
- hosts: localhost
  connection: local
  roles:
    - role: sekisho
      vars:
        sekisho_settings:
          mode: shadow
          authserv_id: mx.example.jp
          wire: {socket: "unix:/var/spool/postfix/sekisho/milter.sock"}
          site: {domains: [example.jp, 日本語.jp]}
          recipients: {strict.example.jp: {reject: 9.0}}
"""


def twice(release: str, deb: Path | None) -> bool:
    with fresh(release, NEEDED) as root:
        kept = ("packaging", "systemd", "requirements.lock", "dist")
        (root.path / "source").mkdir()
        subprocess.run(
            ["cp", "-a", *(str(SOURCE / name) for name in kept), str(root.path / "source")], check=True
        )
        root.write("/source/packaging/ansible/try.yml", PLAY)
        what = f"sekisho_deb={root.copy(deb, '/source')}" if deb else "sekisho_source=/source"
        command = ("ansible-playbook", "packaging/ansible/try.yml", "-e", what)
        answers = [root.run(*command, cwd="/source") for _ in range(2)]
        counts = [
            re.findall(r"(ok|changed|failed)=(\d+)", answer.rpartition("PLAY RECAP")[2]) for answer in answers
        ]
        say(f"{release}: {'; then '.join(' '.join('='.join(each) for each in count) for count in counts)}")
        say(root.run("sekisho", "--version"))
        return dict(counts[0])["changed"] != "0" and dict(counts[1])["changed"] == "0"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="packaging/try_ansible.py", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("releases", nargs="*", metavar="release", help=", ".join(RELEASES))
    parser.add_argument("--deb", type=Path, help="the package, for one release")
    words = parser.parse_args()
    try:
        return 0 if all([twice(release, words.deb) for release in words.releases or RELEASES]) else 1
    except RootError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
