"""The attacker of the lab: a variant counts only while a reader understands it, operators do what they say, and the
same seed gives the same figures."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from lab.attack.draft import Draft, Says
from lab.attack.legible import is_legible
from lab.attack.measuring import BARE, Bench, Crew, Options, usable
from lab.attack.operators import load
from lab.attack.report import summary, write_arrived
from lab.attack.search import Answer, Hunt, Rules, hunt
from lab.attack.writing import case_of

from sekisho import cases
from sekisho.case_runner import document_of
from sekisho.message import Envelope, Message, read

FAKE = Path("samples/phish/amazon-breach-of-contract.eml")


@pytest.fixture(scope="module")
def bench() -> Bench:
    """The judge of the attack, loaded once."""
    return Bench()


@pytest.fixture(scope="module")
def fake(bench: Bench) -> Draft:
    """A fake that is held: Amazon in the display name and the text, a link of its own."""
    draft = bench.draft(FAKE)
    assert draft is not None
    return draft


def rendered(bench: Bench, draft: Draft) -> Message:
    """The message of a draft, read as the milter reads it."""
    return bench.runner.examine(case_of(draft, bench.registry)).message


def legible(bench: Bench, draft: Draft, *, hard: bool = False) -> bool:
    """Whether a reader sees brand, lure and a way out in the rendered draft."""
    providers = bench.runner.knowledge.providers
    return is_legible(rendered(bench, draft), draft, bench.tools, providers, hard=hard)


def changed(bench: Bench, draft: Draft, *names: str) -> Draft:
    """The draft with these operators."""
    return bench.tools.applied(bench.tools.ordered(names), draft)


def test_a_fake_becomes_a_draft_that_is_held_and_legible(bench: Bench, fake: Draft) -> None:
    """The draft has the brand, the lure, a demand and the link of the fake."""
    assert fake.brand == "amazon-jp" or fake.brand.startswith("amazon")
    assert any("amazon" in name.lower() for name in fake.names)
    assert frozenset({Says.LURE, Says.DEMAND}) <= frozenset().union(*(each.says for each in fake.lines))
    assert any("kwtzhe.example" in each.url for each in fake.lines)
    assert legible(bench, fake)


def test_genuine_mail_and_fakes_that_pass_are_no_fakes_to_attack(bench: Bench) -> None:
    """What is not a fake that is held is left out."""
    assert all(bench.draft(path) is None for path in sorted(Path("samples/ham").glob("*.eml"))[:3])


def test_without_the_brand_a_variant_is_no_success(bench: Bench, fake: Draft) -> None:
    """The name must be read somewhere; one in a URL, or in the alternative text of a picture, is not."""
    nameless = replace(changed(bench, fake, "place.name_alone"), shown="")
    assert any(fake.called.lower() in each.url for each in nameless.lines)
    assert not legible(bench, nameless)
    raw = case_of(replace(nameless, format="html"), bench.registry).raw
    head, _, body = raw.partition(b"\r\n\r\n")
    page = base64.b64decode(body).decode().replace("<body>", f'<body><img src="a.png" alt="{fake.called}">')
    pictured = head + b"\r\n\r\n" + base64.encodebytes(page.encode())
    message = read(pictured, Envelope())
    assert message.pages[0].images
    providers = bench.runner.knowledge.providers
    assert not is_legible(message, nameless, bench.tools, providers, hard=False)


@pytest.mark.parametrize("kept", [Says.LURE, Says.DEMAND])
def test_without_a_lure_or_a_demand_a_variant_is_no_success(bench: Bench, fake: Draft, kept: Says) -> None:
    """Both must be read."""
    subject, *lines = (replace(each, says=each.says & {kept}) for each in (fake.subject, *fake.lines))
    assert not legible(bench, replace(fake, subject=subject, lines=tuple(lines)))


@pytest.mark.parametrize("url", ["https://www.amazon.co.jp/", ""])
def test_without_a_way_out_a_variant_is_no_success(bench: Bench, fake: Draft, url: str) -> None:
    """A link to the brand's own site leads nowhere that the attacker could be."""
    lines = tuple(
        replace(each, url=url and each.url and url, text=each.text.split("http")[0]) for each in fake.lines
    )
    assert not legible(bench, replace(fake, lines=lines))


def test_the_way_out_must_be_possible(bench: Bench, fake: Draft) -> None:
    """A request to answer is a way out, unless the answer goes to the brand. One to look into a file needs the file."""
    own = replace(changed(bench, fake, "links.real_reply"), address="info@kitagawa.example")
    assert legible(bench, own)
    assert not legible(bench, replace(own, address="info@amazon.co.jp"))
    assert legible(bench, replace(own, address="info@amazon.co.jp", reply_to="a@kitagawa.example"))
    filed = changed(bench, fake, "links.real_file")
    assert legible(bench, filed)
    assert not legible(bench, replace(filed, attachments=()))


def test_hard_mode_wants_the_brand_alone_as_the_display_name(bench: Bench, fake: Draft) -> None:
    """In hard mode nothing stands beside the brand's name, and no letter may be added."""
    assert legible(bench, changed(bench, fake, *BARE), hard=True)
    for name in ("name.brand_office", "name.person_and_brand", "name.none", "name.from_brand"):
        assert not legible(bench, changed(bench, fake, name), hard=True), name
    assert set(BARE) <= set(usable(bench.tools, "hard")) < set(usable(bench.tools, "default"))


def test_each_operator_can_be_written_and_read(bench: Bench, fake: Draft) -> None:
    """Every operator gives a message that the program reads, for both languages."""
    for lang in ("ja", "en"):
        for name in bench.tools.operators:
            assert rendered(bench, changed(bench, replace(fake, lang=lang), name)).text, name


def test_operators_do_what_they_say(bench: Bench, fake: Draft) -> None:
    """The display name, the place of the brand, the links and the sender change as the table says."""
    assert rendered(bench, changed(bench, fake, "name.bare")).author.name == fake.called
    assert rendered(bench, changed(bench, fake, "name.none")).author.name == ""
    heading = rendered(bench, changed(bench, replace(fake, format="html"), "place.heading", "name.office"))
    assert heading.text.strip().splitlines()[0] == fake.called
    rest = heading.text.replace(fake.called, "", 1)
    lines = (each for each in rest.splitlines() if "://" not in each)
    assert fake.brand not in {each.brand for each in bench.registry.mentions("\n".join(lines))}
    real = rendered(bench, changed(bench, fake, "links.real_call"))
    assert {bench.registry.owner(each.host or "") for each in real.links} == {fake.brand}
    home = changed(bench, fake, "domain.clean")
    assert all(home.domain in (each.host or "") for each in rendered(bench, home).links)


@pytest.mark.parametrize(
    ("auth", "expected"),
    [("auth.all", "authenticated"), ("auth.none", "unauthenticated"), ("auth.fails", "unknown")],
)
def test_the_sender_is_authenticated_as_the_operator_says(
    bench: Bench, fake: Draft, auth: str, expected: str
) -> None:
    """An own domain passes, fails, or cannot be asked."""
    draft = changed(bench, fake, "domain.clean", auth)
    examined = bench.runner.examine(case_of(draft, bench.registry))
    assert examined.evidence.author_status.value == expected


def test_nobody_signs_as_the_brand(bench: Bench, fake: Draft) -> None:
    """With the brand's own address no operator authenticates the fake."""
    draft = changed(bench, replace(fake, address="info@amazon.co.jp"), "auth.all")
    assert not bench.runner.examine(case_of(draft, bench.registry)).evidence.authenticated


def test_a_disguised_name_is_read_as_it_is_meant(bench: Bench, fake: Draft) -> None:
    """Letters that look like those of the brand are the brand to a reader, and to the engine."""
    draft = changed(bench, fake, "name.bare", "letters.everywhere")
    assert draft.shown != fake.called
    assert legible(bench, draft, hard=True)


def test_a_key_that_does_nothing_is_refused(bench: Bench, tmp_path: Path) -> None:
    """A misspelt key of an operator is an error, not silence."""
    file = tmp_path / "operators.toml"
    file.write_text('slots = ["name"]\n[[operator]]\nslot = "name"\nid = "x"\nshwon = {}\n', "utf-8")
    with pytest.raises(ValueError, match="shwon"):
        load(bench.registry, file)


def found(bench: Bench, fake: Draft, seed: int, tries: int = 200) -> tuple[Hunt, list[tuple[str, str]]]:
    """A search in which only mail without display name and with a reply as its way out arrives, and what was sent."""
    sent: list[tuple[str, str]] = []

    def send(draft: Draft) -> Answer:
        answers = any(Says.REPLY in each.says for each in draft.lines)
        sent.append((draft.shown, draft.address))
        score = 12.0 - 4 * (draft.shown == "") - 4 * answers
        return Answer("accept" if score < 5 else "quarantine", score, legible=draft.format != "plain")

    rules = Rules(tuple(usable(bench.tools, "default")), (), tries)
    return hunt(fake, bench.tools, send, rules, Random(seed)), sent


def test_the_search_finds_what_is_there_and_repeats_itself(bench: Bench, fake: Draft) -> None:
    """The same seed tries the same variants, another seed others. What a reader does not understand is no try."""
    first, sent = found(bench, fake, 1)
    assert first.recipe is not None
    assert {"name.none"} < set(first.recipe)
    assert (first, sent) == found(bench, fake, 1)
    assert sent != found(bench, fake, 2)[1]
    assert first.tries <= len(sent)


def test_a_search_without_success_ends_with_its_tries(bench: Bench, fake: Draft) -> None:
    """The number of tries is a limit."""
    hunted, _ = found(bench, fake, 1, tries=3)
    assert (hunted.tries, hunted.recipe) == (3, None)


def test_what_arrived_is_written_as_cases(bench: Bench, fake: Draft, tmp_path: Path) -> None:
    """A written variant is the case that was judged: same score from the files."""
    hunted = Hunt(fake.name, 7, ("domain.clean", "name.none"), 4.0)
    write_arrived(tmp_path, [fake], {"default": [hunted]}, bench.tools)
    path = tmp_path / "default" / f"{fake.name}.eml"
    assert json.loads(path.with_suffix(".json").read_text("utf-8"))["tries"] == 7
    judged = document_of(bench.runner.judge(bench.runner.examine(cases.load(path))))
    assert judged["score"] == bench.send(changed(bench, fake, *(hunted.recipe or ()))).score


def test_an_attack_on_a_folder_repeats_itself() -> None:
    """The whole measurement: held fakes are found, tried and counted. The same seed gives the same figures."""

    def attacked() -> tuple[list[str], list[Hunt], dict[str, list[Answer]]]:
        with Crew(1) as crew:
            drafts = crew.chosen([Path("samples")], 3, seed=1)
            hunts = crew.hunts(drafts, "hard", Options(tries=4))
            return [each.name for each in drafts], hunts, crew.singles(drafts[:1], "hard")

    names, hunts, singles = attacked()
    assert len(names) == 3
    assert [each.fake for each in hunts] == names
    assert all(each.tries <= 4 for each in hunts)
    assert set(singles) == set(usable(Bench().tools, "hard"))
    assert "of 3 fakes" in summary({"hard": hunts}, 4)
    assert (names, hunts, singles) == attacked()
