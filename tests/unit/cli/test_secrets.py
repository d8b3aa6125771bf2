"""No command repeats the password of a database, however it came into the configuration."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.unit.cli.conftest import Command

from sekisho.config import Config
from sekisho.doctor.files import examine
from sekisho.preconditions import faults
from sekisho.store.database import StoreOptions

SECRET = "geheim7"
URLS = [
    "postgresql://user:geheim7@db.example/mail",
    "postgres://user:geheim7@db.example/mail",
    "postgresql://user@db.example/mail?password=geheim7",
    "postgresql:///mail?user=a&sslpassword=geheim7",
    "mysql://user:geheim7@db.example/mail",
    "postgresql://user:geheim7@db.example:port/mail",
    "postgresql://user:a/b@geheim7@db.example/mail",
    "user:geheim7@db.example/mail",
    "postgresql:user:geheim7@db.example/mail",
    "host=db.example user=user password=geheim7",
]
COMMANDS = [
    ["config", "check"],
    ["config", "show"],
    ["status"],
    ["doctor", "--skip", "postfix", "--skip", "dns"],
    ["store", "check"],
    ["store", "backup", "copy.dump"],
    ["quarantine", "list"],
    ["serve"],
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_with_a_password_is_refused_and_not_repeated(
    sekisho: Command, tmp_path: Path, url: str
) -> None:
    """Each command names file and key, says what to do, ends with 2, and is silent about the password."""
    file = tmp_path / "sekisho.toml"
    file.write_text(f'[store]\nurl = "{url}"\n')
    for words in COMMANDS:
        done = sekisho(*words, "--config", file)
        assert done.status == 2, words
        assert f"{file}: store.url: " in done.err, words
        assert SECRET not in done.out + done.err, words
        assert "Traceback" not in done.err
    done = sekisho("config", "set", "store.url", url, "--config", tmp_path / "new.toml")
    assert done.status == 2
    assert SECRET not in done.out + done.err
    with pytest.raises(ValidationError) as wrong:
        StoreOptions(url=url)
    assert SECRET not in "".join(traceback.format_exception(wrong.value))


def test_a_password_under_another_key_is_masked(sekisho: Command, tmp_path: Path) -> None:
    """A value that is refused elsewhere is shown, but not what is a password in it."""
    file = tmp_path / "sekisho.toml"
    for text in ('store = "{}"', '[release]\nport = "{}"', "[wire]\nsocket = '{}'"):
        for url in (URLS[0], URLS[2], URLS[-1]):
            file.write_text(text.format(url) + "\n")
            done = sekisho("config", "check", "--config", file)
            assert done.status == 2
            assert SECRET not in done.out + done.err


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "pass word"
    file.write_text(f"{SECRET}\n")
    file.chmod(0o640)
    return file


def configured(file: Path) -> Config:
    store = StoreOptions(url="postgresql://sekisho@db.example/mail", password_file=file)
    return Config(store=store)


def test_the_commands_for_postgresql_read_the_file(sekisho: Command, tmp_path: Path, secret: Path) -> None:
    """What is printed to be typed names the file of the password, and config show the file, too."""
    file = tmp_path / "sekisho.toml"
    file.write_text(
        f'[store]\nurl = "postgresql+psycopg://sekisho@db.example/mail"\npassword_file = "{secret}"\n'
    )
    for command in ("backup", "restore"):
        done = sekisho("store", command, "copy {0}", "--config", file)
        assert f"PGPASSWORD=\"$(head -n 1 '{secret}')\" pg_" in done.out
        assert "postgresql://sekisho@db.example/mail" in done.out
        assert SECRET not in done.out + done.err
    shown = sekisho("config", "show", "--config", file)
    assert str(secret) in shown.out
    assert SECRET not in shown.out


def test_config_check_and_doctor_look_at_the_file(secret: Path) -> None:
    """A file that others may read, and one that is missing, are told before the daemon needs it, with the mend."""
    config = configured(secret)

    def told() -> list[str]:
        said = [each for each in faults(None, config) if "password_file" in each]
        return said + [each.text for each in examine(config, None) if each.code == "files.password"]

    assert told() == []
    secret.chmod(0o644)
    assert [SECRET in each or "others may read it" in each for each in told()] == [True, True]
    mends = [each.mend for each in examine(config, None) if each.code == "files.password"]
    assert [each.endswith(f"chmod 0640 '{secret}'") for each in mends] == [True]
    secret.unlink()
    assert ["No such file" in each for each in told()] == [True, True]


def test_a_credential_is_looked_for_by_the_unit_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, secret: Path
) -> None:
    """A credential exists while the unit runs: `config check` in a shell cannot say that it is missing."""
    config = configured(Path("pass word"))
    assert [each for each in faults(None, config) if "password_file" in each] == []
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))
    assert [each for each in faults(None, config) if "password_file" in each] == []
    secret.unlink()
    assert [each for each in faults(None, config) if "No such file" in each]
