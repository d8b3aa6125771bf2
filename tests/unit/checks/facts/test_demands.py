"""Demands by their form: what is at stake, by when, what happens otherwise, in any language."""

from __future__ import annotations

import pytest
from tests.auth_support import WORDS, letter

from sekisho.checks.facts.demands import demand_of, insists, presses
from sekisho.evidence import NOTHING, Cue, Evidence


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("ご契約の保険", "掛金の引き落としができませんでした。6月10日を過ぎますと補償の対象外となります。"),
        ("Your licence plate", "Settle the fee by Monday or your registration is suspended."),
        ("Ihr Depot", "Weisen Sie sich bis zum 30.06. aus, sonst wird das Depot gesperrt."),
        ("Prime énergie", "Il manque une pièce. Sans réponse sous 5 jours, la prime sera annulée."),
        ("Deuda", "Tiene 3 días. Si no responde, embargaremos su cuenta."),
        ("Bolletta", "Saldi entro venerdì, altrimenti la fornitura sarà sospesa."),
        ("Zorgpas", "Als u niet binnen 3 dagen betaalt, vervalt uw verzekering."),
        ("Encomenda", "A encomenda será devolvida se a taxa não for paga até sexta-feira."),
        ("社保卡", "请在3日内补全,逾期将被注销。"),
        ("요금 미납", "오늘까지 납부하지 않으시면 회선이 정지됩니다."),
    ],
)
def test_a_demand_that_says_what_happens_otherwise(subject: str, text: str) -> None:
    """Nobody lists all that can be lost; the condition and the time are the same everywhere."""
    demand = demand_of(letter(subject, text), WORDS.checks)
    assert demand is not None
    assert demand.is_full


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Reset your password", "Use this link within an hour. If you did not ask for it, ignore this mail."),
        ("Hello", "If you do not like it, tell me."),
        ("Newsletter", "Doors open at 7 pm on Friday."),
        ("発送のお知らせ", "6月3日にお届けの予定です。"),
        ("ご注意ください", "「3日以内に連絡なき場合、口座を差し押さえる」というメールの相談が増えています。"),
    ],
)
def test_no_demand(subject: str, text: str) -> None:
    """A message that lets its reader off, one thing of three, and the words of others between marks of speech."""
    assert demand_of(letter(subject, text), WORDS.checks) is None


def test_that_a_link_expires_takes_nothing() -> None:
    """Every reset of a password says so."""
    demand = demand_of(letter("ログイン", "24時間を過ぎますとリンクは無効になります。"), WORDS.checks)
    assert demand is None or not demand.otherwise


def test_a_consequence_without_a_condition_is_implied() -> None:
    """`It stops today` demands less than `it stops unless …`; it insists, too."""
    read = letter("Your account", "It will be closed today.")
    demand = demand_of(read, WORDS.checks)
    assert demand is not None
    assert (demand.otherwise, demand.implied) == (False, True)
    assert insists(demand, read, NOTHING, WORDS.checks)


def test_a_time_alone_insists_only_with_what_is_asked_for() -> None:
    """Shops have last days."""
    read = letter("Your points", "Use them by Friday.")
    demand = demand_of(read, WORDS.checks)
    assert demand is not None
    assert not insists(demand, read, NOTHING, WORDS.checks)
    login = Evidence(cues=(Cue("action", "login", "log in", "text"),))
    assert insists(demand, read, login, WORDS.checks)


def test_a_text_that_presses_is_about_anything() -> None:
    """Blackmail says neither what is at stake nor in which words."""
    assert presses("You have 48 hours.", WORDS.checks)
    assert not presses("I know what you did.", WORDS.checks)
