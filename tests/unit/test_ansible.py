"""The Ansible role: what it sets in Postfix is what config/postfix/ says, and Ansible can read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
ANSIBLE = ROOT / "packaging/ansible"
SETTINGS = """
mode: shadow
authserv_id: "mx.\\"例\\".jp"
dns: {servers: ["127.0.0.1", "[::1]:53"], timeout: 2.5, dnssec: true}
recipients: {strict.example.jp: {reject: 9.0}}
lists: {allow: [{entry: example.jp, authenticated: true}]}
"""


def defaults() -> dict[str, Any]:
    return dict(yaml.safe_load((ANSIBLE / "roles/sekisho/defaults/main.yml").read_text("utf-8")))


def snippet(name: str) -> str:
    """Without comments, and each setting on one line."""
    text = (ROOT / "config/postfix" / name).read_text("utf-8")
    return re.sub(r"\n[ \t]+", " ", re.sub(r"(?m)^#.*\n", "", text))


def test_postfix_is_set_as_the_snippets_say() -> None:
    """main.cf and the port for released mail: the same settings with the same values."""
    main = dict(re.findall(r"(?m)^(\w+) =[ \t]*(.*)$", snippet("main.cf")))
    action = defaults()["sekisho_default_action"]
    role = {
        key: re.sub(r"\s+", " ", value.replace("{{ sekisho_default_action }}", action))
        for key, value in defaults()["sekisho_postfix_main"].items()
    }
    assert role == {key: re.sub(r"\s+", " ", value).strip() for key, value in main.items()}
    port = dict(re.findall(r"-o (\w+)=(\S*)", snippet("master.cf")))
    assert defaults()["sekisho_postfix_release_settings"] == port
    assert snippet("master.cf").lstrip().startswith(defaults()["sekisho_postfix_release"] + " ")


def ansible(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip("ansible-core is not installed")
    return found


def test_ansible_can_read_it() -> None:
    """`ansible-playbook --syntax-check` of the example."""
    command = [ansible("ansible-playbook"), "--syntax-check", "-i", "mx,", str(ANSIBLE / "site.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr


def test_every_kind_of_value_is_written_as_toml(tmp_path: Path) -> None:
    """Texts in any letters, numbers, truth values, lists, and tables in lists come back as they were."""
    template = ANSIBLE / "roles/sekisho/templates/sekisho.toml.j2"
    (tmp_path / "settings.yml").write_text(
        yaml.safe_dump({"sekisho_settings": yaml.safe_load(SETTINGS)}, allow_unicode=True), "utf-8"
    )
    command = [
        ansible("ansible"), "localhost", "-c", "local", "-m", "ansible.builtin.template",
        "-a", f"src={template} dest={tmp_path}/made.toml", "-e", f"@{tmp_path}/settings.yml",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tomllib.loads((tmp_path / "made.toml").read_text("utf-8")) == yaml.safe_load(SETTINGS)
