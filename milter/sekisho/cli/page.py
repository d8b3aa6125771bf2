"""The reader's page of one judgement, in English and Japanese.

In the order in which a person doubts a mail: who it says it is, who is proven, where the two contradict each other,
what else speaks against it, where to verify, and what would have to be true for it to pass. Everything on it comes from
the report, in which the text of a message is printable already.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sekisho.checks.table import CONTRADICTING

COLOURS = {
    "accept": "green",
    "tag": "yellow",
    "quarantine": "red",
    "reject": "bold red",
    "tempfail": "magenta",
}
LANGUAGES = ("both", "en", "ja")
ACCUSED = 1.0  # points of a brand's findings from which a message poses as it
FIRST = 24  # columns of a page's left side
PLACES = {
    "display_name": ("sender's name", "差出人の表示名"),
    "author_domain": ("sender's address", "差出人のアドレス"),
    "local_part": ("address, before the @", "アドレスの @ より前"),
    "reply_to": ("name for answers", "返信先の表示名"),
    "subject": ("subject", "件名"),
    "signature": ("signed or greeted as", "本文の名乗り"),
    "body": ("mentioned in the text", "本文での言及"),
}
Report = Mapping[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Where it is printed, and in which languages."""

    console: Console
    language: str = "both"

    def say(self, pair: Pair) -> list[str]:
        """The sentence in each language of the page; one that is empty is left out."""
        chosen = pair if self.language == "both" else (pair[LANGUAGES.index(self.language) - 1],)
        return [each for each in dict.fromkeys(chosen) if each]

    def head(self, en: str, ja: str) -> None:
        self.console.print()
        self.console.print(Text("  ".join(self.say((en, ja))), style="bold"))

    def rows(self, rows: list[tuple[str | Text, str | Text]]) -> None:
        """Two columns, the right one folded under itself."""
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
        table.add_column(overflow="fold", min_width=FIRST)
        table.add_column(overflow="fold", ratio=1)
        for left, right in rows:
            table.add_row(Text("  ") + Text("") + left if isinstance(left, Text) else f"  {left}", right)
        self.console.print(table)


def show(console: Console, report: Report, language: str = "both") -> None:
    """The whole page."""
    page = Page(console, language)
    _verdict(page, report)
    _claim(page, report)
    _proof(page, report)
    against, supporting = _divided(report["findings"])
    _findings(page, ("Contradiction", "矛盾"), against)
    _findings(page, ("What else was found", "そのほかの所見"), supporting)
    if report["verdict"] != "accept":
        _verify(page, report)
    _passing(page, report)


def _verdict(page: Page, report: Report) -> None:
    limits = report["thresholds"] or {}
    steps = ", ".join(f"{name} {points:g}" for name, points in limits.items())
    page.console.print(Text(report["file"], style="bold"))
    verdict = Text(report["verdict"].upper(), COLOURS[report["verdict"]])
    decided = f"decided by {report['decided_by']}"
    page.console.print(
        verdict + Text(f"  {report['score']:g} points  ({'; '.join(filter(None, (steps, decided)))})", "")
    )


def _claim(page: Page, report: Report) -> None:
    """Every claimed name once, with the places where a reader meets it and what stands there."""
    places: dict[str, dict[str, list[str]]] = {}
    for each in report["claims"]:
        where = places.setdefault(name_of(report, each["brand"]) or each["text"], {})
        where.setdefault(each["where"], []).append(each["text"])
    page.head("Claim: who it says it is", "名乗り")
    nobody = page.say(("no brand or organisation that is known here", "登録された組織の名乗りはありません"))
    rows: list[tuple[str | Text, str | Text]] = [
        (name, "\n".join(_place(page, *each) for each in where.items())) for name, where in places.items()
    ]
    page.rows(rows or [("–", " / ".join(nobody))])


def _place(page: Page, where: str, texts: list[str]) -> str:
    named = " / ".join(page.say(PLACES.get(where, (where.replace("_", " "), where.replace("_", " ")))))
    return f"{named}: {', '.join(dict.fromkeys(texts))}"


def _proof(page: Page, report: Report) -> None:
    page.head("Proof: who is proven to have sent it", "証明")
    proven: dict[tuple[str, bool, str | None, str], list[str]] = {}
    for each in report["proofs"]:
        key = each["domain"], each["aligned"], each["brand"], each.get("scope", "domain")
        proven.setdefault(key, []).append(each["method"].upper())
    rows: list[tuple[str | Text, str | Text]] = [
        (key[0], " / ".join(page.say(_worth(report, key, methods)))) for key, methods in proven.items()
    ]
    nobody = page.say(("nobody", "証明された組織はありません"))
    page.rows(rows or [("–", " / ".join(nobody))])
    words = " · ".join(f"{method} {word}" for method, word in report["auth"].items())
    page.rows([(Text("results", "dim"), Text(words, "dim"))])
    if report["degraded"]:
        page.rows([(Text("could not be known", "dim"), ", ".join(report["degraded"]))])


def _worth(report: Report, proof: tuple[str, bool, str | None, str], methods: list[str]) -> Pair:
    """What a proof is worth, in words."""
    _, aligned, brand, scope = proof
    by = ", ".join(dict.fromkeys(methods))
    if scope == "mailbox":
        return f"by {by}: a customer of this mail service", f"{by}: このメールサービスの利用者"
    if scope == "shared":
        return f"by {by}: a platform that many send through", f"{by}: 多数が使う配信基盤"
    if not aligned:
        return f"by {by}: not the sender's domain", f"{by}: 差出人のドメインではない"
    name = name_of(report, brand)
    whose = (f", {name}'s own", f"（{name} のドメイン）") if name else ("", "")
    return f"by {by}: the sender's domain{whose[0]}", f"{by}: 差出人のドメイン{whose[1]}"


def name_of(report: Report, brand: str | None) -> str | None:
    """A brand as people call it, as far as the report says."""
    if brand is None:
        return None
    known = report.get("brands", {}).get(brand)
    if known:
        return str(known["name"])
    named = (each["facts"].get("brand_name") for each in report["findings"] if each["brand"] == brand)
    return next(filter(None, named), brand)


def _divided(findings: list[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The findings that contradict the claim, and those that support them; the heaviest first."""
    ordered = sorted(findings, key=lambda each: -each["points"])
    against = [each for each in ordered if each["id"] in CONTRADICTING]
    return against, [each for each in ordered if each["id"] not in CONTRADICTING]


def _findings(page: Page, title: Pair, findings: list[Mapping[str, Any]]) -> None:
    if not findings:
        return
    page.head(*title)
    rows: list[tuple[str | Text, str | Text]] = []
    for each in findings:
        left = Text.assemble((f"{each['points']:+5g}  ", ""), (each["id"], "cyan"))
        rows.append((left, "\n".join(page.say((each["reason_en"], each["reason_ja"])))))
    page.rows(rows)


def _verify(page: Page, report: Report) -> None:
    """Where a recipient checks for himself; never by a link of the message."""
    rows: list[tuple[str | Text, str | Text]] = []
    for brand in accused(report["findings"]):
        known = report.get("brands", {}).get(brand) or _from_facts(report, brand)
        said = [*page.say((known.get("verify_en", ""), known.get("verify_ja", ""))), known.get("url", "")]
        if any(said):
            rows.append((name_of(report, brand) or brand, "\n".join(filter(None, said))))
    if rows:
        page.head("Where to verify (not by the links of the message)", "確認先（メール内のリンクは使わない）")
        page.rows(rows)


def accused(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The brands that somebody else passes himself off as, the heaviest first; not those that are only spoken of."""
    points: dict[str, float] = {}
    for each in findings:
        if each["brand"]:
            points[each["brand"]] = points.get(each["brand"], 0.0) + each["points"]
    return sorted((brand for brand in points if points[brand] >= ACCUSED), key=lambda brand: -points[brand])


def _from_facts(report: Report, brand: str) -> Mapping[str, Any]:
    """What a finding carries of the advice: all that a stored report has."""
    own = (each["facts"] for each in report["findings"] if each["brand"] == brand)
    return next((facts for facts in own if facts.get("verify_en")), {})


def _passing(page: Page, report: Report) -> None:
    if report["verdict"] == "accept":
        limit = (report["thresholds"] or {}).get("tag")
        if limit is not None and report["decided_by"] == "points":
            page.console.print()
            left = round(limit - report["score"], 2)
            both = page.say(
                (
                    f"It passes, {left:g} points below the tag.",
                    f"通過します（タグ付けまであと {left:g} 点）。",
                )
            )
            page.console.print(Text(" ".join(both)))
        return
    sentences = [each for way in report.get("passes_if", ()) for each in _way(page, report, way)]
    if sentences:
        page.head("What would have to be true for it to pass", "通過する条件")
        page.rows(sentences)


def _way(page: Page, report: Report, way: Mapping[str, Any]) -> Iterator[tuple[str | Text, str | Text]]:
    if way["way"] == "list":
        said = page.say(
            (
                f"The entry {way['entry']} of the block list would have to go.",
                f"拒否リストの {way['entry']} を外す。",
            )
        )
        yield Text("list"), "\n".join(said)
        return
    result = Text.assemble((way["verdict"], COLOURS[way["verdict"]]), f" {way['score']:g}")
    if way["way"] == "without":
        ids = ", ".join(way["findings"])
        said = page.say((f"if these had not been found: {ids}", f"次の所見がなければ: {ids}"))
    else:
        said = page.say(_proven_as(report, way))
    yield result, "\n".join(said)


def _proven_as(report: Report, way: Mapping[str, Any]) -> Pair:
    """`if it came from one of the brand's domains, proven by an aligned pass`, and what would still be said."""
    name, domains = name_of(report, way["brand"]), ", ".join(way["domains"])
    left = ", ".join(way["left"])
    rest = (f"; what would remain: {left}", f"。残る所見: {left}") if left else ("", "")
    even = ("", "") if way["verdict"] == "accept" else ("even ", "たとえ ")
    return (
        f"{even[0]}if {name} had written it: author at {domains}, with an aligned DKIM or SPF pass{rest[0]}",
        f"{even[1]}{name} 本人のメールなら: 差出人が {domains} で、DKIM か SPF が整合して pass{rest[1]}",
    )
