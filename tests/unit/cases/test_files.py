"""Cases: what a sidecar says is taken as it is said, or refused with file and key."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FAKE, mail, write

from sekisho.cases import Case, CaseError, load, of_bytes
from sekisho.ports import Recorded


def case(tmp_path: Path, facts: object, folder: str = "x", without: str = "") -> Case:
    file = write(tmp_path / folder / "m.eml", mail("a@b.example"), facts)
    return load(file, without=frozenset(filter(None, without.split(","))))


def test_a_sidecar_that_is_no_file_is_not_passed_over(tmp_path: Path) -> None:
    """A folder of that name, or a link to nowhere, is an error: the case would be judged without its facts."""
    file = write(tmp_path / "m.eml", mail("a@b.example"), {})
    file.with_suffix(".json").unlink()
    file.with_suffix(".json").symlink_to(tmp_path / "nowhere")
    with pytest.raises(CaseError, match="No such file"):
        load(file)


def test_everything_a_sidecar_can_say(tmp_path: Path) -> None:
    """Each key arrives where the judgement looks for it."""
    read = case(tmp_path, {**FAKE, "label": "phish", "authenticated_user": "hanako", "unknown key": 1})
    client = read.envelope.client
    assert (client.address, client.name, client.resolve) == ("203.0.113.45", None, "fail")
    assert (client.helo, client.user) == ("stranger.example", "hanako")
    assert read.envelope.sender == "info@stranger.example"
    assert [each.address for each in read.envelope.recipients] == ["hanako@example.jp"]
    assert read.now == read.envelope.arrived == datetime.fromisoformat("2026-03-01T12:00:00+09:00")
    assert read.label == "phish"
    assert read.dns is not None


def test_what_is_left_out_is_not_known(tmp_path: Path) -> None:
    """An empty case file knows nothing: not even that there is no DNS."""
    read = case(tmp_path, {})
    assert (read.dns, read.recorded, read.label, read.now) == (None, None, None, None)
    assert read.envelope.sender is None
    assert read.envelope.client.address is read.envelope.client.resolve is None


def test_what_the_case_expects(tmp_path: Path) -> None:
    """A verdict that is right, or the strictest one that still is; a null expects nothing."""
    assert (case(tmp_path, {"expect": "quarantine"}).expect, case(tmp_path, {}).expect) == (
        "quarantine",
        None,
    )
    read = case(tmp_path, {"at_most": "tag", "expect": None})
    assert (read.expect, read.at_most) == (None, "tag")


def test_bytes_that_were_read_already(tmp_path: Path) -> None:
    """The name of the message finds no sidecar: only the named one counts, and without it the message's own trace."""
    beside = write(tmp_path / "m.eml", b"", {"rcpt": "a@b.example"}).with_suffix(".json")
    raw = mail("a@b.example", trace="Return-Path: <c@d.example>\r\n")
    assert of_bytes(beside.with_suffix(".eml"), raw).envelope.sender == "c@d.example"
    assert of_bytes(Path("-"), raw, beside).envelope.recipients[0].address == "a@b.example"
    assert of_bytes(Path("-"), b"\xef\xbb\xbf" + raw).raw == raw


def test_a_verified_name_and_several_recipients(tmp_path: Path) -> None:
    """A client_name other than `unknown` is verified; rcpt may be a list; an empty sender is the null sender."""
    read = case(
        tmp_path, {"client_name": "mx.b.example", "rcpt": ["a@c.example", "b@c.example"], "envelope_from": ""}
    )
    assert (read.envelope.client.name, read.envelope.client.resolve) == ("mx.b.example", "ok")
    assert [each.address for each in read.envelope.recipients] == ["a@c.example", "b@c.example"]
    assert read.envelope.sender == ""


@pytest.mark.parametrize(
    ("folder", "label"), [("phish/a", "phish"), ("a/ham", "ham"), ("phish/ham", "ham"), ("a", None)]
)
def test_the_folder_is_the_label_of_last_resort(folder: str, label: str | None, tmp_path: Path) -> None:
    """The nearest folder of that name counts, and the file's own label goes before it."""
    assert case(tmp_path, {}, folder).label == label
    assert case(tmp_path, {"label": "phish"}, folder).label == "phish"
    (tmp_path / folder / "m.json").unlink()
    assert load(tmp_path / folder / "m.eml").label == label


def test_dns_goes_before_recorded_results(tmp_path: Path) -> None:
    """`auth` is used when there is no `dns`; a missing key in it is unknown, not `none`."""
    auth = {"spf": "pass", "spf_domain": "b.example"}
    assert case(tmp_path, {"auth": auth}).recorded == Recorded("pass", "b.example", None, None, None)
    assert case(tmp_path, {"auth": auth, "dns": []}).recorded is None
    assert case(tmp_path, {"auth": auth, "dns": []}).dns == ()


def test_without(tmp_path: Path) -> None:
    """`client` takes the SMTP client away and leaves the login; `auth` takes DNS and recorded results."""
    facts = {**FAKE, "authenticated_user": "hanako"}
    client = case(tmp_path, facts, without="client").envelope.client
    assert (client.address, client.name, client.resolve, client.helo, client.user) == (*(None,) * 4, "hanako")
    read = case(tmp_path, {**facts, "auth": {"spf": "pass"}}, without="auth")
    assert (read.dns, read.recorded) == (None, None)
    assert read.envelope.client.address == "203.0.113.45"


BAD = [
    ([], "must be a JSON object"),
    ({"rcpt": 5}, "rcpt"),
    ({"rcpt": ["a@b.example", None]}, "rcpt"),
    ({"rcpt": {"a@b.example": 1}}, "rcpt"),
    ({"client_ip": 5}, "client_ip"),
    ({"client_ip": "203.0.113.256"}, "client_ip"),
    ({"client_name": ["a"]}, "client_name"),
    ({"helo": {}}, "helo"),
    ({"envelope_from": 1.5}, "envelope_from"),
    ({"authenticated_user": True}, "authenticated_user"),
    ({"label": "spam"}, "label"),
    ({"label": ["phish"]}, "label"),
    ({"expect": "spam"}, "expect: 'spam' is not one of accept, tag, quarantine, reject"),
    ({"expect": "tempfail"}, "expect"),
    ({"expect": ["accept"]}, "expect"),
    ({"at_most": "Tag"}, "at_most"),
    ({"at_most": 5}, "at_most"),
    ({"expect": "accept", "at_most": "tag"}, "at_most: stands instead of expect"),
    ({"now": 5}, "now"),
    ({"now": "yesterday"}, "yesterday"),
    ({"dns": {}}, "dns"),
    ({"dns": [{"type": "A"}]}, "dns"),
    ({"auth": []}, "auth"),
    ({"auth": {"spf": 1}}, "spf"),
]


@pytest.mark.parametrize(("facts", "said"), BAD)
def test_what_cannot_be_meant_is_refused(facts: Any, said: str, tmp_path: Path) -> None:
    """One line with the file and the key: a slip in a case must not become a wrong measurement."""
    with pytest.raises(CaseError) as refused:
        case(tmp_path, facts)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{tmp_path / 'x' / 'm.json'}: ")
    assert said in line


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000, b'{"now": 1' + b"0" * 5000 + b"}"])
def test_what_is_no_json_is_refused(text: bytes, tmp_path: Path) -> None:
    """Neither broken nor endlessly nested files get past, and none is a traceback."""
    file = write(tmp_path / "m.eml", b"")
    (tmp_path / "m.json").write_bytes(text)
    with pytest.raises(CaseError, match=r"m\.json"):
        load(file)


def test_a_time_without_a_zone_is_utc(tmp_path: Path) -> None:
    """So that the same case means the same everywhere."""
    assert case(tmp_path, {"now": "2026-03-01T12:00:00"}).now == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_named_sidecar_goes_before_the_one_beside(tmp_path: Path) -> None:
    """`--case` is meant when it is said."""
    file = write(tmp_path / "m.eml", b"", {"rcpt": "a@b.example"})
    other = tmp_path / "other.json"
    other.write_text(json.dumps({"rcpt": "c@d.example"}), "utf-8")
    assert [each.address for each in load(file, other).envelope.recipients] == ["c@d.example"]
