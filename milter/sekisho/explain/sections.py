"""The page that explains one judgement to a person, in English and Japanese, as data.

Its sections follow the questions of a reader: who does the message say it is from, who is proven, where do the two
contradict each other, what else was found, where can the reader verify it, and what would let it pass. All facts come
from the judgement's document, in which text of the message is already printable.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sekisho.evidence import Place
from sekisho.vocabulary import shipped_themes

MIN_ACCUSING_POINTS = 1.0  # points of a brand's findings from which the message poses as the brand
PLACES: Mapping[str, Place] = {str(place): place for place in Place}
Document = Mapping[str, Any]


class Bilingual(NamedTuple):
    """The same words in English and in Japanese. Either may be empty."""

    en: str
    ja: str

    @classmethod
    def same(cls, text: str) -> Bilingual:
        """A text that is the same in both languages: a name, an id, an address."""
        return cls(text, text)


class Line(NamedTuple):
    """A sentence. With `text`: a term, and what the message says there."""

    words: Bilingual
    text: str = ""


class SectionKind(StrEnum):
    """What a section is about."""

    CLAIM = "claim"
    PROOF = "proof"
    CONTRADICTION = "contradiction"
    SUPPORT = "support"
    VERIFY = "verify"
    PASSING = "passing"


@dataclass(frozen=True, slots=True)
class SectionRow:
    """The lines about `label`. `points` are those of a finding or, with `verdict`, the score that leads to it. `minor`:
    less important, shown below the others."""

    label: Bilingual
    lines: tuple[Line, ...]
    points: float | None = None
    verdict: str | None = None
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page with its title."""

    kind: SectionKind
    title: Bilingual
    rows: tuple[SectionRow, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The whole page. `name` is the file or the record id, `decided` the score and what decided, `closing` the last
    line for a message that passes."""

    name: str
    verdict: str
    decided: Bilingual
    sections: tuple[Section, ...]
    closing: Bilingual | None = None


NOBODY_CLAIMED = Bilingual("no brand of the registry", "登録されたブランドの名乗りはありません")
SPEAKS_AS = Bilingual("the message speaks as", "メールが名乗る組織")
NOBODY_PROVEN = Bilingual("nobody", "証明された組織はありません")
RESULTS = Bilingual("results", "認証結果")
NOT_KNOWN = Bilingual("could not be known", "確認できなかったもの")


def explanation_of(document: Document, contradicting: Container[str]) -> Explanation:
    """The page of one judgement. `document` is the object of `sekisho check`, or what the quarantine keeps with its
    verdict. The keys `brands` and `passes_if` may be missing; the page is then shorter. `contradicting` has the ids of
    the findings that contradict the claim (`checks.table.CONTRADICTING`); the others support these."""
    against, supporting = _divided(document["findings"], contradicting)
    passes = document["verdict"] == "accept"
    sections = (
        Section(SectionKind.CLAIM, Bilingual("Claim: who it says it is", "名乗り"), tuple(_claims(document))),
        Section(
            SectionKind.PROOF,
            Bilingual("Proof: who is proven to have sent it", "証明"),
            tuple(_proofs(document)),
        ),
        Section(SectionKind.CONTRADICTION, Bilingual("Contradiction", "矛盾"), tuple(map(_finding, against))),
        Section(
            SectionKind.SUPPORT,
            Bilingual("What else was found", "そのほかの所見"),
            tuple(map(_finding, supporting)),
        ),
        Section(
            SectionKind.VERIFY,
            Bilingual(
                "Where to verify (not by the links of the message)", "確認先（メール内のリンクは使わない）"
            ),
            () if passes else tuple(_advice(document)),
        ),
        Section(
            SectionKind.PASSING,
            Bilingual("What would have to be true for it to pass", "通過する条件"),
            () if passes else tuple(_way(document, way) for way in document.get("passes_if", ())),
        ),
    )
    shown = tuple(each for each in sections if each.rows)
    closing = _margin(document) if passes else None
    return Explanation(document["file"], document["verdict"], _decided(document), shown, closing)


def accused(findings: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of the brands that the message poses as, by falling points. A brand that is only mentioned is left
    out."""
    points: dict[str, float] = {}
    for each in findings:
        if each["brand"]:
            points[each["brand"]] = points.get(each["brand"], 0.0) + each["points"]
    posed = (brand for brand in points if points[brand] >= MIN_ACCUSING_POINTS)
    return sorted(posed, key=lambda brand: -points[brand])


def name_of(document: Document, brand: str | None) -> str | None:
    """The brand's name, if the document has it, else its id."""
    if brand is None:
        return None
    known = document.get("brands", {}).get(brand)
    if known:
        return str(known["name"])
    named = (each["facts"].get("brand_name") for each in document["findings"] if each["brand"] == brand)
    return next(filter(None, named), brand)


def _decided(document: Document) -> Bilingual:
    limits = document["thresholds"] or {}
    steps = ", ".join(f"{name} {points:g}" for name, points in limits.items())
    score, by = document["score"], document["decided_by"]
    return Bilingual(
        f"{score:g} points  ({'; '.join(filter(None, (steps, f'decided by {by}')))})",
        f"{score:g} 点  ({'; '.join(filter(None, (steps, f'決定: {by}')))})",
    )


def _claims(document: Document) -> Iterator[SectionRow]:
    """The one organisation that the message speaks as, and why; then each claimed name once, with the places where it
    stands and the text there. A stored document may be older than the first."""
    identity = document.get("identity")
    if identity and identity["name"]:
        why = Line(Bilingual(identity["why_en"], identity["why_ja"]))
        yield SectionRow(SPEAKS_AS, (Line(_place(identity["place"]), identity["name"]), why))
    places: dict[str, dict[str, list[str]]] = {}
    for each in document["claims"]:
        where = places.setdefault(name_of(document, each["brand"]) or each["text"], {})
        where.setdefault(each["where"], []).append(each["text"])
    for name, where in places.items():
        lines = (Line(_place(place), ", ".join(dict.fromkeys(texts))) for place, texts in where.items())
        yield SectionRow(Bilingual.same(name), tuple(lines))
    if not places and not (identity and identity["name"]):
        yield SectionRow(Bilingual.same("–"), (Line(NOBODY_CLAIMED),))


def _place(where: str) -> Bilingual:
    """The name of a place. A stored document may have a place that this version does not know."""
    place = PLACES.get(where)
    if place is None:
        return Bilingual.same(where.replace("_", " "))
    return Bilingual(place.en, place.ja)


def _proofs(document: Document) -> Iterator[SectionRow]:
    proven: dict[tuple[str, bool, str | None, str], list[str]] = {}
    for each in document["proofs"]:
        key = each["domain"], each["aligned"], each["brand"], each.get("scope", "domain")
        proven.setdefault(key, []).append(each["method"].upper())
    for (domain, aligned, brand, scope), methods in proven.items():
        by = ", ".join(dict.fromkeys(methods))
        worth = _worth(by, scope, name_of(document, brand), aligned=aligned)
        yield SectionRow(Bilingual.same(domain), (Line(worth),))
    if not proven:
        yield SectionRow(Bilingual.same("–"), (Line(NOBODY_PROVEN),))
    words = " · ".join(f"{method} {word}" for method, word in document["auth"].items())
    yield SectionRow(RESULTS, (Line(Bilingual.same(words)),), minor=True)
    if document["degraded"]:
        yield SectionRow(NOT_KNOWN, (Line(Bilingual.same(", ".join(document["degraded"]))),), minor=True)


def _worth(by: str, scope: str, name: str | None, *, aligned: bool) -> Bilingual:
    """What a proof by these methods shows, in words. `name` is the brand that owns the domain."""
    if scope == "mailbox":
        return Bilingual(f"by {by}: a customer of this mail service", f"{by}: このメールサービスの利用者")
    if scope == "shared":
        return Bilingual(f"by {by}: a platform that many send through", f"{by}: 多数が使う配信基盤")
    if not aligned:
        return Bilingual(f"by {by}: not the sender's domain", f"{by}: 差出人のドメインではない")
    whose = Bilingual(f", {name}'s own", f"（{name} のドメイン）") if name else Bilingual.same("")
    return Bilingual(f"by {by}: the sender's domain{whose.en}", f"{by}: 差出人のドメイン{whose.ja}")


def _divided(
    findings: Iterable[Mapping[str, Any]], contradicting: Container[str]
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
    """The findings that contradict the claim, and the others; each with the most points first."""
    ordered = sorted(findings, key=lambda each: -each["points"])
    against = [each for each in ordered if each["id"] in contradicting]
    return against, [each for each in ordered if each["id"] not in contradicting]


def _finding(each: Mapping[str, Any]) -> SectionRow:
    reason = Bilingual(each["reason_en"], each["reason_ja"])
    return SectionRow(Bilingual.same(each["id"]), (Line(reason),), points=each["points"])


def _advice(document: Document) -> Iterator[SectionRow]:
    """Where recipients can verify the message, and what genuine mail of its theme is like. It is never a link of the
    message."""
    for brand in accused(document["findings"]):
        known = document.get("brands", {}).get(brand) or _advice_in_facts(document, brand)
        said = Bilingual(known.get("verify_en", ""), known.get("verify_ja", ""))
        lines = tuple(Line(each) for each in (said, Bilingual.same(known.get("url", ""))) if any(each))
        if lines:
            yield SectionRow(Bilingual.same(name_of(document, brand) or brand), lines)
    for each in document["findings"]:
        theme = shipped_themes().theme.get(str(each["id"]).removeprefix("lure."))
        if theme is not None and theme.verify_en:
            advice = Bilingual(theme.verify_en, theme.verify_ja)
            yield SectionRow(Bilingual(theme.notice_en, theme.notice_ja), (Line(advice),))


def _advice_in_facts(document: Document, brand: str) -> Mapping[str, Any]:
    """The advice in the facts of a finding. A stored document has it nowhere else."""
    own = (each["facts"] for each in document["findings"] if each["brand"] == brand)
    return next((facts for facts in own if facts.get("verify_en")), {})


def _margin(document: Document) -> Bilingual | None:
    """How many points are missing to the tag, for a message that passes by its points."""
    limit = (document["thresholds"] or {}).get("tag")
    if limit is None or document["decided_by"] != "points":
        return None
    left = round(limit - document["score"], 2)
    return Bilingual(
        f"It passes, {left:g} points below the tag.", f"通過します（タグ付けまであと {left:g} 点）。"
    )


def _way(document: Document, way: Mapping[str, Any]) -> SectionRow:
    if way["way"] == "list":
        said = Bilingual(
            f"The entry {way['entry']} of the block list would have to go.",
            f"拒否リストの {way['entry']} を外す。",
        )
        return SectionRow(Bilingual("list", "リスト"), (Line(said),))
    if way["way"] == "without":
        ids = ", ".join(way["findings"])
        said = Bilingual(f"if these had not been found: {ids}", f"次の所見がなければ: {ids}")
    else:
        said = _proven_as(document, way)
    return SectionRow(Bilingual.same(""), (Line(said),), way["score"], way["verdict"])


def _proven_as(document: Document, way: Mapping[str, Any]) -> Bilingual:
    """The sentence that the message would pass from one of the brand's domains with an aligned pass, which findings
    would remain, and which would be found then."""
    name, domains = name_of(document, way["brand"]), ", ".join(way["domains"])
    left, new = ", ".join(way["left"]), ", ".join(way.get("new", ()))
    en = (left and f"; what would remain: {left}") + (new and f"; what would be found then: {new}")
    ja = (left and f"。残る所見: {left}") + (new and f"。新たに見つかる所見: {new}")
    rest = Bilingual(en, ja)
    even = Bilingual.same("") if way["verdict"] == "accept" else Bilingual("even ", "たとえ ")
    return Bilingual(
        f"{even.en}if {name} had written it: author at {domains}, with an aligned DKIM or SPF pass{rest.en}",
        f"{even.ja}{name} 本人のメールなら: 差出人が {domains} で、DKIM か SPF が整合して pass{rest.ja}",
    )
