"""The openspf.org test suite for RFC 7208, by the library and by the check."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from tests.auth_support import Asking, context, message
from tests.conformance.suites import source_file

from sekisho.auth import spf
from sekisho.auth.identifiers import lookup_domain, split_sender
from sekisho.auth.lookup import Lookup
from sekisho.checks.authentication import spf as check
from sekisho.dns_answer import Answer, Found
from sekisho.evidence import NOTHING
from sekisho.message import Client, Envelope
from sekisho.results import AuthResult, MethodResult

EXPECTED_CASES = 203


@functools.cache
def scenarios() -> list[dict[str, Any]]:
    path = source_file("pyspf", "2.0.14", "test/rfc7208-tests.yml")
    with path.open("rb") as stream:
        return [scenario for scenario in yaml.safe_load_all(stream) if scenario]


class Zone:
    """The zone data of one scenario as a `lookup`: SPF records stand for TXT ones, TIMEOUT for no answer."""

    def __init__(self, data: dict[str, list[Any]]) -> None:
        self._data = {name.lower().rstrip("."): list(entries) for name, entries in data.items()}

    def lookup(self, name: str, rtype: str) -> Answer:
        for _ in range(12):
            entries = self._data.get(name.lower().rstrip("."))
            if entries is None:
                return Answer(Found.TEMPERROR if name.startswith("error.") else Found.NXDOMAIN)
            answer = self._answer(entries, rtype)
            alias = self._values(entries, "CNAME")
            if answer is not None or not alias:
                return answer or Answer(Found.NODATA)
            name = alias[0]
        return Answer(Found.NODATA)

    def _answer(self, entries: list[Any], rtype: str) -> Answer | None:
        values = self._values(entries, rtype)
        if rtype == "TXT" and not any(isinstance(entry, dict) and "TXT" in entry for entry in entries):
            values = self._values(entries, "SPF")
        values = [value for value in values if value != "NONE"]
        if "TIMEOUT" in values or (not values and "TIMEOUT" in entries):
            return Answer(Found.TEMPERROR)
        shaped = tuple(self._shape(rtype, value) for value in values)
        return Answer(Found.ANSWER, shaped) if shaped else None

    @staticmethod
    def _values(entries: list[Any], rtype: str) -> list[Any]:
        return [entry[rtype] for entry in entries if isinstance(entry, dict) and rtype in entry]

    @staticmethod
    def _shape(rtype: str, value: Any) -> object:
        if rtype == "TXT":
            return "".join([value] if isinstance(value, str) else value).encode()
        return tuple(value) if rtype == "MX" else value


def by_library(envelope: Envelope, lookup: Lookup) -> MethodResult:
    return spf.evaluate(spf.identity_of(envelope), envelope.client, lookup)


def by_check(envelope: Envelope, lookup: Lookup) -> MethodResult:
    (result,) = check.check(message(at=envelope), NOTHING, context(Asking(lookup))).results
    return result


CASES = [
    pytest.param(scenario, case, id=f"{scenario['description']}:{name}")
    for scenario in scenarios()
    for name, case in scenario["tests"].items()
]


def test_the_whole_suite_is_here() -> None:
    """All published cases are run, none lost in collection."""
    assert len(CASES) == EXPECTED_CASES


@pytest.mark.parametrize("evaluate", [by_library, by_check])
@pytest.mark.parametrize(("scenario", "case"), CASES)
def test_result(
    scenario: dict[str, Any], case: dict[str, Any], evaluate: Callable[[Envelope, Lookup], MethodResult]
) -> None:
    """The result is one that the suite accepts."""
    client = Client(address=case["host"], helo=case["helo"])
    envelope = Envelope(sender=case["mailfrom"] or "", client=client)
    result = evaluate(envelope, Zone(scenario["zonedata"]).lookup)
    accepted = [case["result"]] if isinstance(case["result"], str) else case["result"]
    assert result.result.value in accepted, result.reason


EXPLAINED = [param for param in CASES if param.values[1].get("explanation")]


@pytest.mark.parametrize(("scenario", "case"), EXPLAINED)
def test_explanation(scenario: dict[str, Any], case: dict[str, Any]) -> None:
    """Explanations are not fetched for mail, but our evaluation would find the right one."""
    key = case["mailfrom"] or f"postmaster@{case['helo']}"
    local, written = split_sender(key)
    domain = lookup_domain(written)
    assert domain is not None
    lookup = Zone(scenario["zonedata"]).lookup
    evaluation = spf.Evaluation(lookup, lookup, case["host"], (local, domain), case["helo"])
    evaluation.explain = True
    evaluation.set_default_explanation("DEFAULT")
    word, _, explanation = evaluation.check()
    assert AuthResult(word) is AuthResult.FAIL
    assert explanation == case["explanation"]
