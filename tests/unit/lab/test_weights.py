"""`python -m lab.weights`: points that labelled mail argues for, and what they may not learn from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from lab.weights import __main__ as command
from lab.weights import document, fit, folds, gather, groups, replay, screen, trade, trial
from lab.weights.gather import Mail
from tests.unit.cli.conftest import FAKE, GENUINE, mail, write

from sekisho.checks.table import KINDS
from sekisho.message import Envelope, read
from sekisho.policy import OVERRIDES
from sekisho.verdict import Disposition

GUILTY, ONE, MARK, LIST = "link.shortened", "page.hidden_text", "brand.topic", "reply_to.elsewhere"
WEAK = ("brand.subject", "auth.dkim_fail", "origin.random_domain")
SOURCES = {"phish": ("trap a", "trap b", "trap c"), "ham": ("office", "shop", "list")}
NUMBERS = count()


def made(label: str, source: str, *found: str, **more: object) -> Mail:
    """A mail of its own group in which that was found."""
    usual = Mail(
        collection=label,
        source=source,
        label=label,
        verdict="accept",
        found=found,
        circumstances=("authentication", "links", "page"),
        lost=((), ()),
        brand=None,
        time=None,
        group=next(NUMBERS),
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def gathered(rates: Mapping[str, Mapping[str, float]], number: int = 100, **more: object) -> list[Mail]:
    """So many mails of each source; each finding on such a share of them (by source, else by label). What a point
    is worth is told by three findings of a point that are hardly commoner on fakes."""
    chance = random.Random(7)
    rates = {**{name: {"phish": 0.4, "ham": 0.25} for name in WEAK}, **rates}
    return [
        made(
            label,
            source,
            *(
                name
                for name, shares in rates.items()
                if chance.random() < shares.get(source, shares.get(label, 0.0))
            ),
            **more,
        )
        for label, sources in SOURCES.items()
        for source in sources
        for _ in range(number)
    ]


def test_guilt_that_every_source_shows_gains_points() -> None:
    """Found on most fakes and hardly any genuine mail, everywhere: worth more than today."""
    proposal = fit.propose(gathered({GUILTY: {"phish": 0.8, "ham": 0.01}}))
    assert proposal.points[GUILTY] > fit.TODAY[GUILTY] + 0.5
    assert proposal.least[GUILTY] >= proposal.points[GUILTY] - fit.STEP


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ({"trap a": 0.8}, screen.ONE_SOURCE),
        ({"trap a": 0.8, "trap b": 0.7, "trap c": 0.6, "list": 0.95}, screen.TURNS),
        ({"trap a": 0.1, "trap b": 0.1, "ham": 0.4}, screen.INNOCENT),
    ],
)
def test_what_only_tells_collections_apart_is_not_fitted(shares: dict[str, float], reason: str) -> None:
    """Fakes of one source, guilt in one place and innocence in another, or commoner on genuine mail: it keeps its
    points."""
    proposal = fit.propose(gathered({ONE: shares, GUILTY: {"phish": 0.5, "ham": 0.01}}))
    assert proposal.apart == {ONE: reason}
    assert proposal.points[ONE] == fit.TODAY[ONE]
    assert proposal.points[GUILTY] > fit.TODAY[GUILTY]


def test_nobody_is_ever_cleared_by_a_finding() -> None:
    """No points are below nothing, however common a finding is on genuine mail; more findings never score less."""
    mails = gathered({MARK: {"phish": 0.05, "ham": 0.6}, GUILTY: {"phish": 0.5, "ham": 0.02}})
    points = fit.propose(mails).points
    assert min(points.values()) >= 0
    for found in ((), (GUILTY,), (GUILTY, MARK)):
        less = replay.verdict(made("ham", "office", *found[:-1]), points).score
        assert replay.verdict(made("ham", "office", *found), points).score >= less


def test_the_same_mail_gives_the_same_points_in_any_order() -> None:
    """Nothing is drawn by lot, and the order of files means nothing."""
    mails = gathered({GUILTY: {"phish": 0.4, "ham": 0.02}, MARK: {"phish": 0.3, "ham": 0.2}})
    shuffled = random.Random(3).sample(mails, len(mails))
    assert fit.propose(mails) == fit.propose(shuffled)


def test_a_point_moves_only_as_far_as_every_source_agrees() -> None:
    """The least of the rises, the most of the falls, and today's where they disagree or hardly differ."""
    assert fit.settled(2.0, 2.61, 4.0) == 2.5
    assert fit.settled(2.0, 0.3, 1.42) == 1.5
    assert fit.settled(2.0, 1.0, 3.0) == 2.0
    assert fit.settled(2.0, 2.2, 4.0) == 2.0


def test_a_fit_never_takes_what_a_finding_means() -> None:
    """A finding with points keeps half a point, and one without gets none."""
    assert fit.settled(0.7, 0.0, 0.1) == 0.5
    assert fit.settled(0.3, 0.2, 0.4) == 0.5
    assert fit.settled(0.0, 2.0, 4.0) == 0.0


def test_declared_points_are_whole_steps() -> None:
    """No finding claims to be known more exactly than half a point."""
    assert not [kind.id for kind in KINDS if kind.points % fit.STEP]


def test_what_people_decided_is_about_findings_that_exist() -> None:
    """A reason for each, and what moved is told from what was kept."""
    assert document.DECIDED.keys() <= fit.TODAY.keys()
    for name, row in document.DECIDED.items():
        assert row["why"]
        kept = document.decided(name).startswith("kept at")
        assert kept == (row["was"] == fit.TODAY[name]), name
    assert document.decided("auth.dkim_fail") == ""


def test_rare_findings_keep_their_points() -> None:
    """Seven mails teach nothing, and neither do seven hundred of one campaign."""
    few = [made("phish", "trap a", ONE) for _ in range(fit.MIN_GROUPS - 1)]
    wave = [made("phish", "trap b", ONE, group=10**6) for _ in range(700)]
    proposal = fit.propose([*gathered({GUILTY: {"phish": 0.5}}), *few[1:], *wave])
    assert proposal.points[ONE] == fit.TODAY[ONE]
    assert ONE not in proposal.whole


def test_what_genuine_mail_could_not_show_does_not_rise() -> None:
    """The client of fakes is recorded and that of genuine mail is not: no proof of anything."""
    name = "auth.no_iprev"
    mails = [
        replace(each, lost=((name,), ()), circumstances=(*each.circumstances, "client"))
        if each.label == "phish"
        else each
        for each in gathered({name: {"phish": 0.9, "ham": 0.0}})
    ]
    proposal = fit.propose(mails)
    assert proposal.unwitnessed == {name}
    assert proposal.points[name] == fit.TODAY[name]
    known = [replace(each, circumstances=(*each.circumstances, "client")) for each in mails]
    assert fit.propose(known).points[name] > fit.TODAY[name]


def test_what_a_combination_decides_is_not_put_on_its_members() -> None:
    """Two findings that are guilt only together, where a combination of both decides: neither is worth more."""
    pair = ("auth.unproven", "link.only_strangers")
    mails = [
        made(label, source, *found)
        for label, sources in SOURCES.items()
        for source in sources
        for found in (*([pair] * (60 if label == "phish" else 0)), *([pair[:1], pair[1:], ()] * 20))
    ]
    proposal = fit.propose(mails)
    assert [proposal.points[name] <= fit.TODAY[name] for name in pair] == [True, True]
    assert replay.verdict(mails[0], proposal.points).disposition >= Disposition.TAG


def test_what_is_taken_back_is_no_evidence() -> None:
    """Where another finding takes a family back, the fit sees none of it, as the policy counts none of it."""
    trigger = OVERRIDES[0].when
    assert fit.weighing(made("ham", "list", trigger, "auth.dmarc_fail", GUILTY)) == [trigger, GUILTY]
    assert trigger not in fit.frequent([made("ham", "list", trigger) for _ in range(20)])


def test_mails_that_share_a_key_are_one_group_however_long_the_chain() -> None:
    """a-b and c-d are joined by b-c; who shares nothing stays alone."""
    assert groups.grouped([["a", "b"], ["c", "d"], ["e"], ["b", "c"], []]) == [0, 0, 2, 0, 4]


def test_a_wave_and_a_thread_are_known_by_what_stays_the_same() -> None:
    """Serials, numbers and reply marks differ; the author's domain, the week, or the thread ties them together."""

    def keys(author: str, subject: str, trace: str = "", day: int = 1) -> set[str]:
        message = read(mail(author, subject, trace=trace), Envelope())
        return set(groups.keys_of(message, "amazon", datetime(2026, 3, day, tzinfo=UTC), None)) - {
            "<1@x.example>"
        }

    first = keys("a <x@one.example>", "Order 8817-AB is on hold", day=2)
    assert first & keys("b <y@mail.one.example>", "Re: Order 99 is on hold", day=28)
    assert first & keys("c <z@two.example>", "Order K2 is on hold", day=3)
    assert not first & keys("c <z@two.example>", "Order K2 is on hold", day=20)
    assert keys("d <d@d.example>", "x", "In-Reply-To: <7@q.example>\r\n") == {"<7@q.example>"}


def dated() -> Iterator[Mail]:
    """Mail of four years, of brands, threads across them, and some without a date."""
    for number in range(240):
        label = "phish" if number % 2 else "ham"
        yield made(
            label,
            SOURCES[label][number % 3],
            brand=("amazon", "apple", None)[number % 3],
            time=None if number % 20 == 0 else float(number),
            group=10**7 + number // 5 if number % 7 else 10**8 + number,
        )


def test_no_group_is_on_both_sides_of_a_fold() -> None:
    """Nothing is judged by points that were learned from its own campaign or thread, or from itself."""
    made_folds = list(folds.folds(list(dated())))
    assert {fold.scheme for fold in made_folds} == {folds.LATER, folds.SOURCE, folds.BRAND}
    for fold in made_folds:
        assert fold.test
        assert not {each.group for each in fold.train} & {each.group for each in fold.test}


def test_later_mail_is_judged_by_earlier_mail_of_its_own_label() -> None:
    """Every dated mail but the first quarter is judged once; what is learned from is older, or has no date."""
    mails = list(dated())
    later = [fold for fold in folds.folds(mails) if fold.scheme == folds.LATER]
    assert len(later) == folds.BLOCKS - 1
    judged = [id(each) for fold in later for each in fold.test]
    assert len(judged) == len(set(judged))
    for fold in later:
        for label in SOURCES:
            begin = min(each.time for each in fold.test if each.label == label and each.time is not None)
            assert all(
                each.time < begin for each in fold.train if each.label == label and each.time is not None
            )


def test_every_source_and_every_brand_is_held_out_once() -> None:
    """Of a source nothing is left to learn from; mail without a brand is in no fold of brands."""
    mails = list(dated())
    made_folds = list(folds.folds(mails))
    by_source = [fold for fold in made_folds if fold.scheme == folds.SOURCE]
    assert sum(len(fold.test) for fold in by_source) == len(mails)
    assert all({each.source for each in fold.train}.isdisjoint({fold.name}) for fold in by_source)
    by_brand = [each for fold in made_folds if fold.scheme == folds.BRAND for each in fold.test]
    assert len(by_brand) == sum(each.brand is not None for each in mails)


def test_a_trial_says_how_far_unseen_mail_is_from_seen() -> None:
    """In percentage points: a fold in which two of four fakes are missed that were caught in sample is -50."""
    counts = [
        {label: dict.fromkeys(trial.measure.COUNTED, 0) | some for label, some in each.items()}
        for each in (
            {"phish": {"total": 4, "tag": 4}, "ham": {}},
            {"phish": {"total": 4, "tag": 2}, "ham": {}},
        )
    ]
    one = trial.Trial(folds.SOURCE, "x", counts[0], counts[0], counts[1], {})
    assert trial.gap(one, "phish", "tagged") == -50
    assert trial.gap(one, "phish", "held") == 0
    assert trial.gap(one, "ham", "held") is None
    assert trial.pooled([one, one], "both").outside["phish"]["tag"] == 4


def test_thresholds_are_the_lowest_that_genuine_mail_can_afford() -> None:
    """The strong finding is on no genuine mail, the weak one on a fiftieth; with little mail nothing is said."""
    weak, strong = "display_name.host", "lookalike.confusable"
    mails = [made("phish", "trap a", strong) for _ in range(50)]
    mails += [made("ham", "list", *([weak] if number % 50 == 0 else [])) for number in range(4000)]
    steps = list(trade.curve(mails, fit.TODAY))
    lowest = fit.TODAY[weak] + 0.5
    assert trade.thresholds(steps, 4000) == {"tag": lowest, "quarantine": lowest, "reject": lowest}
    assert trade.thresholds(steps, 0) == {"tag": None, "quarantine": None, "reject": None}
    [at] = [step for step in steps if step.points == lowest]
    assert at.reached["phish", "reject"] == 50
    assert at.reached["ham", "tag"] == 0


@dataclass(frozen=True, slots=True)
class Done:
    """What one run of the command left."""

    collections: Path
    document: Path
    kept: Path


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """The command over two folders of mail: a brand used by a stranger, and a shop's own letters."""
    place = tmp_path_factory.mktemp("place")
    for number in range(4):
        day = {"now": f"2026-03-{number + 1:02}T12:00:00Z", "source": "whose-trap"}
        fake = mail("Amazon <info@stranger.example>", f"subject of {'abcd'[number] * 5}")
        write(place / "folder-a" / "phish" / f"m{number}.eml", fake, {**FAKE, **day})
        letter = mail("Flowers <shop@flower.example>", f"letter {'mnop'[number] * 5}")
        write(place / "folder-b" / "ham" / f"m{number}.eml", letter, {**GENUINE, **day})
    titles = {"Fakes of our traps": "folder-a", "Mail of the office": "folder-b"}
    rows = [
        f"[[collection]]\ntitle = {json.dumps(title)}\nfolder = {json.dumps(name)}"
        for title, name in titles.items()
    ]
    made_of = Done(place / "collections.toml", place / "weights.md", place / "kept")
    made_of.collections.write_text("\n".join(rows), "utf-8")
    made_of.document.write_text(f"before\n{command.BEGIN}old\n{command.END}after\n", "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.cpu_count", lambda: 1)
        command.main(made_of.collections, made_of.document, made_of.kept)
    return made_of


def gathered_by(done: Done) -> list[Mail]:
    return gather.gather(command.accuracy.Collections.read(done.collections), done.kept)


@pytest.mark.slow
def test_one_command_from_labelled_mail_to_the_document(done: Done, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables between the marks, no source, file or folder named; a second run judges nothing and says the same."""
    text = done.document.read_text("utf-8")
    assert text.startswith(f"before\n{command.BEGIN}")
    assert text.endswith(f"{command.END}after\n")
    assert "| Fakes of our traps | phish | 4 |" in text
    assert "[policy.points]" in text
    assert not [word for word in ("old\n", "folder-", "whose", ".eml", str(done.kept.parent)) if word in text]
    monkeypatch.setattr(gather, "judge", lambda _: pytest.fail("judged again"))
    command.main(done.collections, done.document, done.kept)
    assert done.document.read_text("utf-8") == text


@pytest.mark.slow
def test_a_mail_says_what_it_would_lose_without_client_or_authentication(done: Done) -> None:
    """What nobody recorded for genuine mail cannot be held against fakes: the fit must know what needed it."""
    mails = gathered_by(done)
    [fake, *_] = [each for each in mails if each.label == "phish"]
    assert "brand.display_name" in fake.found
    without_client, without_authentication = fake.lost
    assert "auth.no_iprev" in without_client
    assert "auth.no_iprev" not in without_authentication
    assert fake.source == "whose-trap"
    assert replay.differing(mails, {}) == 0
    assert replay.differing(mails, {"brand.display_name": 100.0}) == 4


@pytest.mark.slow
def test_changed_mail_is_judged_again(done: Done, tmp_path: Path) -> None:
    """What is kept is not used for other mail."""
    collections = command.accuracy.Collections.read(done.collections)
    copied = replace(collections, folders={"Fakes of our traps": tmp_path})
    file = tmp_path / "m1.eml"
    file.write_bytes(mail("a@b.example"))
    before = gather.state(copied)
    assert gather.state(copied) == before
    file.write_bytes(mail("a@b.example", "another"))
    assert gather.state(copied) != before


@pytest.mark.slow
def test_a_verdict_that_cannot_be_replayed_stops_everything(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables of another policy than the pipeline's would be worse than none."""
    monkeypatch.setattr(
        command, "gather", lambda *_: [replace(each, verdict="tag") for each in gathered_by(done)]
    )
    with pytest.raises(SystemExit, match="8 verdicts"):
        command.main(done.collections, done.document, done.kept)
