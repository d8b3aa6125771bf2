"""A table that works, one that fails, one whose type is not installed, and one that the daemon may not read."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.unit.directory.kit import Scene

from sekisho.doctor import tables
from sekisho.doctor.commands import Commands
from sekisho.doctor.model import Diagnosis


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def found(
    scene: Scene, user: str = "nobody-here", families: str = "", **options: object
) -> tuple[Diagnosis, ...]:
    listed = tuple(tables.examine(scene.options(**options), Commands(user=user), lambda: families))
    for each in listed:
        assert subprocess.run(["/bin/sh", "-n", "-c", each.mend], check=False).returncode == 0, each.mend
    return listed


def test_a_table_that_answers(scene: Scene) -> None:
    """It need not have the key."""
    assert [each.code for each in found(scene, domains=[scene.table("t")])] == ["directory.answers"]


@pytest.mark.parametrize(
    ("families", "refused"),
    [("AF_UNIX AF_INET AF_INET6", True), ("AF_UNIX AF_NETLINK", False), ("~AF_PACKET", False), ("", False)],
)
def test_a_unit_under_which_postmap_does_not_start(families: str, refused: bool, scene: Scene) -> None:
    """Only where tables are used: others keep the narrow unit."""
    codes = [each.code for each in found(scene, families=families, domains=[scene.table("t")])]
    assert ("directory.sandbox" in codes) is refused
    assert found(scene, families=families) == ()


def test_a_table_that_fails(scene: Scene) -> None:
    """With option, table, reason, and as whom it was asked, if that is not the daemon's user."""
    (one,) = found(scene, groups=["texthash:/nowhere"])
    who = pwd.getpwuid(os.geteuid()).pw_name
    assert (one.code, one.text) == (
        "directory.fails",
        f"directory.groups: texthash:/nowhere does not answer the user {who} (the daemon asks as nobody-here: run the "
        "doctor as root): open database /nowhere: No such file or directory",
    )
    assert one.mend == "# /nowhere is not there: name a table that is there in directory.groups"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_daemons_user_asks_as_itself() -> None:
    """It need not become what it is, and could not."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        scene = Scene(Path(place))
        table = scene.table("t", "a b")
        options = scene.options(domains=[table])
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.setgroups([])
                os.setgid(pwd.getpwnam("nobody").pw_gid)
                os.setuid(pwd.getpwnam("nobody").pw_uid)
                (one,) = tables.examine(options, Commands(user="nobody"), lambda: "")
                status = 0 if one.text.endswith(" answers the daemon's user nobody") else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_what_mends_a_table(scene: Scene) -> None:
    """A command that mends what the reason names; else the query as the daemon makes it."""
    scene.table("virtual", "a b")
    (made,) = found(scene, aliases=[f"hash:{scene.place}/virtual"])
    assert made.mend == f"postmap -c {scene.place} hash:{scene.place}/virtual"
    (elsewhere,) = found(scene, aliases=[scene.table("t")], postfix_directory=scene.place / "none")
    assert elsewhere.mend.startswith("sekisho config set directory.postfix_directory /etc/postfix")
    fifo = scene.place / "fifo"
    os.mkfifo(fifo)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sekisho.directory.trial.PATIENCE_SECONDS", 0.3)
        (hangs,) = found(scene, people=[f"texthash:{fifo}"])
    query = f"postmap -c {scene.place} -v -q sekisho-doctor.invalid texthash:{fifo}"
    assert hangs.mend == f"runuser -u nobody-here -- {query}   # says more"


def test_a_type_that_is_not_installed(scene: Scene) -> None:
    """With the package that has it, if one has."""
    (one,) = found(scene, people=["mongodb:/x"])
    assert (one.code, one.mend) == ("directory.type", "apt-get install postfix-mongodb")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_a_table_that_the_daemon_may_not_read() -> None:
    """Root may, and that proves nothing."""
    with TemporaryDirectory() as place:  # that of pytest is root's alone
        Path(place).chmod(0o755)
        scene = Scene(Path(place))
        table = scene.table("secret", "a b")
        assert [each.code for each in found(scene, user="nobody", aliases=[table])] == ["directory.answers"]
        Path(place, "secret").chmod(0o600)
        (one,) = found(scene, user="nobody", aliases=[table])
        assert one.code == "directory.fails"
        assert "does not answer the daemon's user nobody: open database" in one.text
        assert one.mend.startswith(
            f"install -m 0640 -o root -g sekisho {place}/secret /etc/sekisho/secret   # and name "
            "texthash:/etc/sekisho/secret in directory.aliases"
        )
        subprocess.run(["postmap", "-c", place, f"hash:{place}/secret"], check=True)
        Path(place, "secret.db").chmod(0o600)
        (one,) = found(scene, user="nobody", aliases=[f"hash:{place}/secret"])
        assert one.mend.startswith(
            f"install -m 0640 -o root -g sekisho {place}/secret.db /etc/sekisho/secret.db"
        )
