"""Bad input for every parameter of every command, at least three pieces each.

`pieces` goes by the type of the parameter (choice, number, path, flag, own type), so that a new option usually needs
nothing here. `BY_HAND` adds what is wrong by its meaning. `NEEDED` has good values for what a command requires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click
from tests.bad_input.scene import CASES, CONFIGURATIONS, EXPORTS, LONG, REGISTRIES, STEERING, Scene

REFUSED = (2,)
DOCUMENTED = (0, 1, 2)
"""For a text that may be anything: what matters is that nothing of it steers the terminal, and that nothing breaks."""
CANDIDATES = ("", "soon", "-1", "..", STEERING, "1e9999", "\udcff", "9" * 40, "２", "1 d")


@dataclass(frozen=True, slots=True)
class Piece:
    """One bad value. `said` must stand in the error; empty: the name of the parameter or the value itself."""

    value: str
    said: str = ""
    statuses: tuple[int, ...] = REFUSED


Row = list[tuple[str, str]]
BY_HAND: dict[tuple[str, str], Row] = {
    ("check", "files"): [
        ("none.eml", "none.eml: No such file"),
        ("directory", "directory: Is a directory: a file is needed"),
        ("empty.eml", "empty.eml: is empty"),
        ("huge", "huge: is larger than"),
        (LONG, "File name too long"),
    ],
    ("check", "--case"): [
        ("none.json", "none.json: No such file"),
        ("directory", "directory: Is a directory"),
        *((name, f"{name}: ") for name in CASES),
    ],
    ("evaluate", "--rows"): [
        ("-", "--rows - would mix"),
        ("directory", "directory: is not a regular file"),
        ("none/rows.csv", "none/rows.csv: No such file"),
    ],
    ("evaluate", "--registry"): [
        ("none", "none: No such file"),
        ("text", "text: Not a directory: a directory is needed there"),
        ("directory", "directory: has no brand files"),
        *((name, f"{name}/x.toml: ") for name in REGISTRIES),
    ],
    ("config check", "--user"): [(value, "--user: there is no user") for value in ("nosuch", STEERING, "")],
    ("doctor", "--user"): [(value, "--user: there is no user") for value in ("nosuch", STEERING, "")],
    ("config set", "key"): [
        ("nosuch", "nosuch: unknown option"),
        ("dns.timeoutt", "did you mean timeout?"),
        ("dns.servers.x", "dns.servers"),
    ],
    ("config set", "value"): [
        ("soon", "dns.timeout: must be a number"),
        ("-1", "must be"),
        ("1e400", "must be"),
    ],
    ("brands show", "brand"): [(value, "there is no brand") for value in ("nosuch", "", STEERING)],
    ("list add", "entry"): [
        (value, "entry: ") for value in ("not an entry", "@example.jp", "192.0.2.1/24", "x" * 401)
    ],
    ("list add", "--expires"): [
        (value, "expires: must be a day") for value in ("zzz", "2026-13-01", "31.12.2026")
    ],
    ("list add", "--scope"): [("a b", "scope: "), ("@example.jp", "scope: "), ("x" * 401, "scope: ")],
    ("list add", "--dkim"): [("a b", "dkim: "), ("-.example", "dkim: "), ("x" * 401, "dkim: ")],
    ("list add", "--comment"): [("x" * 401, "comment: must have at most 400 characters")],
    ("list remove", "entry"): [
        (value, "entry: ") for value in ("not an entry", "@example.jp", "192.0.2.1/24")
    ],
    ("list remove", "--scope"): [("a b", "scope: "), ("@example.jp", "scope: "), ("x" * 401, "scope: ")],
    ("list import", "file"): [("directory", "Is a directory"), *((name, f"{name}: ") for name in EXPORTS)],
    ("quarantine list", "--before"): [("zzz", "zzz: "), ("", "an empty text: "), (STEERING, "")],
    ("quarantine release", "--rcpt"): [
        (value, "--rcpt: no copy is for") for value in ("nobody@example.jp", "", STEERING, "hanako")
    ],
    ("quarantine delete", "--rcpt"): [
        (value, "--rcpt: no copy is for") for value in ("nobody@example.jp", "x", STEERING)
    ],
    ("quarantine export", "--output"): [
        ("text", "text: File exists: name one that does not exist yet"),
        ("none/x.eml", "none/x.eml: No such file"),
        ("text/x.eml", "text/x.eml: Not a directory"),
    ],
    ("store backup", "target"): [
        ("text", "text exists: a backup never overwrites a file"),
        ("none/b.db", "none: No such file"),
        ("text/b.db", "text/b.db: Not a directory"),
    ],
    **{
        ("store copy", name): [
            ("", f"{said}: an empty text"),
            (STEERING, f"{said}: has characters that cannot be seen"),
            ("sqlite:////\udcff", f"{said}: has characters that cannot be seen"),
            ("a?b.db", "a?b.db: cannot stand in store.url"),
            ("sqlite:///relative.db", f"{said}: a SQLite quarantine needs an absolute path"),
            ("none/deeper/x.db", "none/deeper"),
            ("directory", "directory: is a directory: a file is needed"),
            ("text", "text"),
        ]
        for name, said in (("source", "FROM"), ("target", "TO"))
    },
    ("store copy", "--password-file"): [
        ("none", "--password-file: "),
        ("directory", "--password-file: "),
        ("empty.eml", "--password-file: "),
    ],
    ("store restore", "source"): [
        ("none.db", "none.db: No such file"),
        ("directory", "directory: Is a directory"),
        ("text", "text: is not a database of SQLite"),
        ("foreign.db", "foreign.db: is no quarantine"),
        ("q.db", "q.db: is the store itself"),
    ],
}
"""By command and option (or the name of an argument): values and what is said. A value that names a file of the scene
is made a path."""

IDS = (
    "quarantine show",
    "quarantine release",
    "quarantine delete",
    "quarantine export",
    "quarantine history",
)
for _command in IDS:
    _name = "record" if _command.endswith(("show", "history")) else "records"
    BY_HAND[_command, _name] = [
        ("zzz", "zzz: "),
        (STEERING, ""),
        ("", "an empty text: "),
        ("ID;DROP", "ID;DROP: "),
    ]

NEEDED: dict[tuple[str, str], Callable[[Scene], str]] = {
    ("check", "files"): lambda scene: scene / "mail.eml",
    ("evaluate", "folder"): lambda scene: scene / "cases",
    ("brands show", "brand"): lambda _: "amazon",
    ("config set", "key"): lambda _: "dns.timeout",
    ("config set", "value"): lambda _: "1",
    ("list add", "entry"): lambda _: "a@b.example",
    ("list remove", "entry"): lambda _: "a@b.example",
    ("list import", "file"): lambda scene: scene / "good.json",
    ("store backup", "target"): lambda scene: scene / "new.db",
    ("store copy", "source"): lambda scene: scene / "q.db",
    ("store copy", "target"): lambda scene: scene / "copy.db",
    ("store restore", "source"): lambda scene: scene / "text",
    ("quarantine purge", "--older-than"): lambda _: "1d",
}
"""Good values of what a command requires; an id of the scene where nothing is said."""


def commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its words."""
    for name, command in sorted(group.commands.items()):
        words = f"{above} {name}".strip()
        if isinstance(command, click.Group):
            yield from commands(command, words)
        else:
            yield words, command


def name_of(param: click.Parameter) -> str:
    """The option as it is typed, or the name of the argument."""
    return param.opts[0] if isinstance(param, click.Option) else str(param.name)


def pieces(words: str, param: click.Parameter, scene: Scene) -> list[Piece]:
    """The bad input of one parameter, those by hand first."""
    name = name_of(param)
    found = [Piece(_placed(value, param, scene), said) for value, said in BY_HAND.get((words, name), ())]
    if name == "--config":
        names = ("none/none.toml", "directory", "huge", *CONFIGURATIONS)
        return [*found, *(Piece(scene / each, scene / each) for each in names)]
    return [*found, *_by_type(param, scene)]


def _placed(value: str, param: click.Parameter, scene: Scene) -> str:
    is_path = isinstance(param.type, (click.Path, click.File))
    return scene / value if is_path and value != "-" else value


def _by_type(param: click.Parameter, scene: Scene) -> Iterator[Piece]:
    kind = param.type
    if isinstance(param, click.Option) and param.is_flag:
        yield from (Piece(f"={value}") for value in ("1", "", STEERING))
    elif isinstance(kind, click.Path):
        if kind.exists:
            wrong = "directory" if not kind.dir_okay else "text" if not kind.file_okay else "none/deeper"
            yield from (Piece(scene / each) for each in ("none", wrong, f"none {STEERING}"))
        else:
            yield from (Piece(scene / each, "", DOCUMENTED) for each in (f"none/{STEERING}", "text/x", LONG))
    elif isinstance(kind, click.File):
        yield from (Piece(scene / each) for each in ("none", f"none {STEERING}", LONG))
    elif kind is click.STRING:
        yield from (Piece(value, "", DOCUMENTED) for value in (STEERING, "\udcff\udcfe", "x\ny", ""))
    else:
        yield from (Piece(value) for value in CANDIDATES if _refuses(kind, value))


def _refuses(kind: click.ParamType[object], value: str) -> bool:
    """True if the type says that a value is none of its own. Any other exception is a defect of the type."""
    try:
        kind.convert(value, None, None)
    except click.BadParameter:
        return True
    return False


def arguments(
    words: str, command: click.Command, param: click.Parameter, piece: Piece, scene: Scene
) -> list[str]:
    """What is typed: the command with a good value for all that it requires, and the bad one."""
    options, behind = list(words.split(" ")), []
    for each in command.params:
        value = piece.value if each is param else _good(words, each, scene)
        if value is None:
            continue
        if isinstance(each, click.Option):
            options.append(each.opts[0] + value if each.is_flag else f"{each.opts[0]}={value}")
        else:
            behind.append(value)
    return [*options, "--", *behind]


def _good(words: str, param: click.Parameter, scene: Scene) -> str | None:
    """A good value of a parameter that a command requires; None for one that it does not. `evaluate` judges with the
    shipped state, which goes with all of its options."""
    if name_of(param) == "--config" and words != "evaluate":
        return str(scene.config)
    if not param.required:
        return None
    if (words, name_of(param)) in NEEDED:
        return NEEDED[words, name_of(param)](scene)
    return param.type.choices[0] if isinstance(param.type, click.Choice) else scene.held
