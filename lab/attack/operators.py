"""What an attacker may change (`operators.toml`), and how a change is made to a draft.

A variant is described by a recipe: the ids of its operators, at most one of each slot. The same recipe gives the same
draft of a fake, so it can be tried on another one.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from lab.attack.draft import Draft, Line, Says
from lab.variations.description import Attachment
from sekisho.ports import Registry

FILE = Path(__file__).with_name("operators.toml")
PDF = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
BESIDE_BRAND = " 【】[]|:-"  # what is left of a subject that began or ended with the name
BEHIND_LINES = 40  # empty lines between the text and what stands behind it
Recipe = tuple[str, ...]
"""Names of operators (`slot.id`) in the order in which they are applied."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One table of the file. `does` holds its keys other than those here."""

    name: str
    slot: str
    hard: bool
    control: bool
    does: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Toolbox:
    """All operators by name, in the order in which they are applied, and the words that they use."""

    operators: Mapping[str, Operator]
    words: Mapping[str, Any]
    registry: Registry

    def ordered(self, names: Iterable[str]) -> Recipe:
        """The recipe with these operators."""
        wanted = frozenset(names)
        return tuple(name for name in self.operators if name in wanted)

    def applied(self, recipe: Recipe, draft: Draft) -> Draft:
        """The draft with all changes of the recipe."""
        for name in recipe:
            operator = self.operators[name]
            for key, value in operator.does.items():
                draft = CHANGES[key](draft, value, self)
        return draft

    def pairs(self, table: str, lang: str) -> Sequence[tuple[str, str]]:
        """The pairs of words of a table, for a language."""
        return [(old, new) for old, new in self.words[table][lang]]

    def undisguised(self, text: str) -> str:
        """The text with the letters that a reader takes the exchanged ones for."""
        return text.translate({ord(new): old for old, new in self.words["letters"].items()})


def load(registry: Registry, file: Path = FILE) -> Toolbox:
    """The operators of a file. Raises ValueError for a key or slot that does not exist."""
    document = tomllib.loads(file.read_text("utf-8"))
    slots = document["slots"]
    found = [_operator(table, slots) for table in document["operator"]]
    found.sort(key=lambda each: slots.index(each.slot))
    words = {key: value for key, value in document.items() if key not in ("slots", "operator")}
    return Toolbox({each.name: each for each in found}, words, registry)


def _operator(table: Mapping[str, Any], slots: Sequence[str]) -> Operator:
    own = ("slot", "id", "hard", "control")
    does = {key: table[key] for key in CHANGES if key in table}
    if unknown := [key for key in table if key not in CHANGES and key not in own]:
        raise ValueError(f"{table['id']}: unknown keys {', '.join(unknown)}")
    if table["slot"] not in slots:
        raise ValueError(f"{table['id']}: no slot {table['slot']}")
    name = f"{table['slot']}.{table['id']}"
    return Operator(name, table["slot"], table.get("hard", False), table.get("control", False), does)


def _rng(draft: Draft) -> Random:
    """Chance that depends on the fake alone: one fake has one invented domain, whatever the recipe."""
    return Random(hashlib.sha256(draft.name.encode()).digest())


def _filled(text: str, draft: Draft, tools: Toolbox) -> str:
    """The template with what belongs to this draft."""
    chance, words = _rng(draft), tools.words["word"]
    first, second = chance.choice(words["first"]), chance.choice(words["second"])
    return text.format(
        brand=draft.called,
        other=next((each for each in reversed(draft.names) if each != draft.called), draft.called),
        spaced=" ".join(draft.called.replace(" ", "")),
        person=chance.choice(words["person"][draft.lang]),
        words=f"{first}-{second}",
        firm=f"{first} {second}".title(),
        random="".join(chance.choices("bcdfghjklmnpqrstvwxz0123456789", k=9)),
        label=draft.hosts[0].split(".")[0] if draft.hosts else "members",
        host=draft.domain,
        spelled=draft.domain.replace(".", " ドット " if draft.lang == "ja" else " dot "),
        real=draft.hosts[0] if draft.hosts else draft.domain,
        address=draft.address,
        subject=draft.subject.text,
    )


def _shown(draft: Draft, value: Mapping[str, str], tools: Toolbox) -> Draft:
    return replace(draft, shown=_filled(value[draft.lang], draft, tools))


def _subject(draft: Draft, value: Mapping[str, str], tools: Toolbox) -> Draft:
    return replace(draft, subject=replace(draft.subject, text=_filled(value[draft.lang], draft, tools)))


def _first(draft: Draft, value: Mapping[str, list[str]], tools: Toolbox) -> Draft:
    return replace(draft, lines=(*_new(value, draft, tools), *draft.lines))


def _last(draft: Draft, value: Mapping[str, list[str]], tools: Toolbox) -> Draft:
    return replace(draft, lines=(*draft.lines, *_new(value, draft, tools)))


def _behind(draft: Draft, value: Mapping[str, list[str]], tools: Toolbox) -> Draft:
    return replace(draft, lines=(*draft.lines, *[Line("")] * BEHIND_LINES, *_new(value, draft, tools)))


def _plain(draft: Draft, value: Mapping[str, list[str]], tools: Toolbox) -> Draft:
    return replace(draft, plain=_new(value, draft, tools))


def _new(value: Mapping[str, list[str]], draft: Draft, tools: Toolbox) -> tuple[Line, ...]:
    return tuple(Line(_filled(text, draft, tools)) for text in value[draft.lang])


def _anonymous(draft: Draft, _: bool, tools: Toolbox) -> Draft:
    """The brand is called `our service` in all lines and the subject; a display name that has it becomes an office."""
    words = {key: tools.words["word"][key][draft.lang][0] for key in ("service", "office", "here")}

    def of(line: Line) -> Line:
        text = re.sub(r"https?://\S+", words["here"], line.text)
        return replace(line, text=_without_brand(text, words["service"], draft, tools))

    subject = _without_brand(draft.subject.text, "", draft, tools).strip(BESIDE_BRAND)
    named = _without_brand(draft.shown, "", draft, tools) != draft.shown
    return replace(
        draft,
        shown=words["office"] if named else draft.shown,
        subject=replace(draft.subject, text=subject or words["office"]),
        lines=tuple(map(of, draft.lines)),
    )


def _without_brand(text: str, instead: str, draft: Draft, tools: Toolbox) -> str:
    """The text with another word for each name of the brand or its organisation."""
    kin = tools.registry.affiliates(draft.brand)
    for _ in range(8):  # a name that is found again is the same one
        found = [each for each in tools.registry.mentions(text) if each.brand in kin]
        if not found:
            break
        text = text[: found[0].start] + instead + text[found[0].end :]
    return text


def _address(draft: Draft, value: str, tools: Toolbox) -> Draft:
    return replace(draft, address=_filled(value, draft, tools), own=True)


def _auth(draft: Draft, value: str, _: Toolbox) -> Draft:
    return replace(draft, auth=value, own=True)


def _links(draft: Draft, value: str, tools: Toolbox) -> Draft:
    """Where the lines with links lead now."""
    at = [number for number, each in enumerate(draft.lines) if each.url]
    lines = list(draft.lines)
    host = draft.hosts[0] if draft.hosts else draft.domain
    for order, number in enumerate(at):
        lines[number] = _led(
            lines[number],
            order,
            value if value != "astray" else ("home", "real")[order > 0],
            host,
            draft,
            tools,
        )
    if value == "astray":  # the brand's own page has its help and its terms at the foot
        lines += [Line(text, f"https://{_www(host)}/{text.lower()}") for text in ("Help", "Terms", "Privacy")]
    return replace(draft, lines=tuple(lines))


def _led(line: Line, order: int, value: str, host: str, draft: Draft, tools: Toolbox) -> Line:
    """The line with another link. A URL that is shown is changed as well."""
    if value == "none":
        url = ""
    elif value == "real":
        url = f"https://{_www(host)}/" + ("" if order == 0 else f"info/{order}")
    elif value == "home":
        url = f"https://www.{draft.domain}/member/{order + 1}"
    else:
        url = _filled(value, draft, tools)
    return replace(
        line, url=url, text=re.sub(r"https?://\S+", url, line.text) if "://" in line.text else line.text
    )


def _www(host: str) -> str:
    return (
        host
        if host.count(".") > 1 and not host.endswith((".co.jp", ".or.jp", ".go.jp", ".ne.jp", ".co.uk"))
        else f"www.{host}"
    )


def _way(draft: Draft, value: str, tools: Toolbox) -> Draft:
    """Another way out: what the reader is told to do, and what it needs."""
    says = frozenset({Says(value.partition("_")[0]), Says.DEMAND})
    text = _filled(_rng(draft).choice(tools.words["say"][value][draft.lang]), draft, tools)
    files = (Attachment(name="form.pdf", type="application/pdf", text=PDF),) if value == "file" else ()
    return replace(draft, lines=(*draft.lines, Line(text, says=says)), attachments=draft.attachments + files)


def _drop(draft: Draft, value: list[str], _: Toolbox) -> Draft:
    """Without the lines that say nothing else."""
    dropped = frozenset(map(Says, value))
    return replace(
        draft, lines=tuple(each for each in draft.lines if not each.says or not each.says <= dropped)
    )


def _short(draft: Draft, _: bool, __: Toolbox) -> Draft:
    """The fewest lines that still say what the fake is for: one of a lure, one of a demand, one with a link."""
    wanted = (
        lambda each: Says.LURE in each.says,
        lambda each: Says.DEMAND in each.says,
        lambda each: each.url,
    )
    kept = {next((at for at, each in enumerate(draft.lines) if asked(each)), None) for asked in wanted}
    return replace(draft, lines=tuple(each for at, each in enumerate(draft.lines) if at in kept))


def _quoted(draft: Draft, _: bool, __: Toolbox) -> Draft:
    return replace(draft, lines=tuple(replace(each, text=f"> {each.text}") for each in draft.lines))


def _translated(draft: Draft, value: str, tools: Toolbox) -> Draft:
    """A lure and a demand in another language, with the first link of the fake."""
    told = tools.words["text"][value]
    url = next((each.url for each in draft.lines if each.url), "")
    lure = Line(_filled(told["lure"], draft, tools), says=frozenset({Says.LURE}))
    demand = Line(_filled(told["demand"], draft, tools), url, frozenset({Says.DEMAND}))
    return replace(draft, subject=replace(draft.subject, text=draft.called), lines=(lure, demand))


def _soften(draft: Draft, _: bool, tools: Toolbox) -> Draft:
    return _exchanged(draft, tools.pairs("soften", draft.lang))


def _exchange(draft: Draft, _: bool, tools: Toolbox) -> Draft:
    return _exchanged(draft, tools.pairs("exchange", draft.lang))


def _exchanged(draft: Draft, pairs: Sequence[tuple[str, str]]) -> Draft:
    """Other words that say the same, so the lines say what they said."""

    def of(line: Line) -> Line:
        text = line.text
        for old, new in pairs:
            text = re.sub(re.escape(old), new, text, flags=re.IGNORECASE)
        return replace(line, text=line.text if "://" in line.text else text)

    return replace(draft, subject=of(draft.subject), lines=tuple(map(of, draft.lines)))


def _letters(draft: Draft, value: list[str], tools: Toolbox) -> Draft:
    """The brand's name in letters that look like its own."""
    other = draft.called.translate(str.maketrans(tools.words["letters"]))
    if "name" in value:
        draft = replace(draft, shown=draft.shown.replace(draft.called, other))
    if "text" not in value:
        return draft
    return replace(
        draft,
        subject=replace(draft.subject, text=draft.subject.text.replace(draft.called, other)),
        lines=tuple(replace(each, text=each.text.replace(draft.called, other)) for each in draft.lines),
    )


def _headers(draft: Draft, value: list[str], tools: Toolbox) -> Draft:
    return replace(draft, headers=(*draft.headers, *(_filled(each, draft, tools) for each in value)))


def _format(draft: Draft, value: str, _: Toolbox) -> Draft:
    return replace(draft, format=value)


CHANGES: Mapping[str, Callable[[Draft, Any, Toolbox], Draft]] = {
    "anonymous": _anonymous,
    "quoted": _quoted,
    "drop": _drop,
    "short": _short,
    "translated": _translated,
    "soften": _soften,
    "exchange": _exchange,
    "address": _address,
    "links": _links,
    "auth": _auth,
    "shown": _shown,
    "subject": _subject,
    "first": _first,
    "last": _last,
    "way": _way,
    "letters": _letters,
    "headers": _headers,
    "format": _format,
    "plain": _plain,
    "behind": _behind,
}
"""What each key of a table does, in the order in which the keys of one table are applied."""
