"""Pictures that cost who decodes them time or memory: what a sender gains by them must be nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from lab.pictures import SHAPES, Images, different, finders, large_png, mail, photographs, progressive
from lab.place import wait_until
from tests.qrcodes_support import picture

from sekisho import compose
from sekisho.config import Config
from sekisho.judgement import Judged
from sekisho.message import Client, Envelope, Recipient
from sekisho.pipeline import Pipeline
from sekisho.resolver import CaseResolver

HEAD = (
    b"From: Amazon.co.jp <account-update@amazon.co.jp>\r\nTo: help@example.jp\r\n"
    b"Subject: =?utf-8?q?Amazon=E3=82=A2=E3=82=AB=E3=82=A6=E3=83=B3=E3=83=88?=\r\nMIME-Version: 1.0\r\n"
)
TEXT = "Amazon プライムのお支払い方法に問題があります。https://amazon.co.jp.signin.stranger.test/login\r\n".encode()
URL = "https://stranger.test/pay"
FORGED = Envelope(
    sender="bounce@stranger.test",
    recipients=(Recipient("help@example.jp"),),
    client=Client("192.0.2.66", "mail.stranger.test", "ok", "mail.stranger.test"),
)
DNS = (
    {"name": "_dmarc.amazon.co.jp", "type": "TXT", "value": "v=DMARC1; p=reject"},
    {"name": "amazon.co.jp", "type": "TXT", "value": "v=spf1 ip4:198.51.100.0/24 -all"},
    {"name": "stranger.test", "type": "TXT", "value": "v=spf1 ip4:192.0.2.66 -all"},
)
HONEST = b"From: Shop <news@shop.example>\r\nSubject: Our summer sale\r\nMIME-Version: 1.0\r\n"


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    config = Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"})
    return compose.pipeline(config, compose.offline(config))


@pytest.fixture(scope="module")
def patient(pipeline: Pipeline) -> Pipeline:
    """On a busy machine programs start slowly, and it is not this that is tested."""
    return replace(
        pipeline,
        limits=pipeline.limits.model_copy(update={"image_wait_seconds": 60.0}),
        context=lambda: replace(pipeline.context(), deadline=float("inf")),
    )


def judged(pipeline: Pipeline, images: Images, head: bytes = HEAD, text: bytes = TEXT) -> Judged:
    """The whole way through, with the name server of a stranger and of the brand."""
    context = pipeline.context()
    return replace(pipeline, context=lambda: replace(context, resolver=CaseResolver(DNS))).process(
        mail(images, head, text), FORGED
    )


def verdict(done: Judged) -> str:
    assert done.action.strictest is not None
    return done.action.strictest.disposition.word


def found(done: Judged) -> set[str]:
    return set(done.weights) - {"picture.not_searched", "page.image_only"}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_picture_takes_a_phish_through(pipeline: Pipeline, shape: str) -> None:
    """The same findings and the same verdict as without the pictures, whatever these cost."""
    plain, hidden = judged(pipeline, []), judged(pipeline, SHAPES[shape]())
    assert (verdict(plain), verdict(hidden)) == ("quarantine", "quarantine")
    assert found(hidden) == found(plain)
    assert "deadline" not in hidden.evidence.degraded


@pytest.mark.parametrize("shape", ["12 slow jpegs", "a jpeg of 257 bytes", "20 large pngs"])
def test_what_was_not_searched_is_said(pipeline: Pipeline, shape: str) -> None:
    """A picture that is refused or takes too long is no picture without a code."""
    assert "picture.not_searched" in judged(pipeline, SHAPES[shape]()).weights


def test_time_that_ran_out_is_told_apart_from_what_is_refused(pipeline: Pipeline) -> None:
    """The one is a verdict without all evidence, which another try may have; the other is the picture's own doing."""
    hurried = replace(pipeline, limits=pipeline.limits.model_copy(update={"image_seconds": 0.0}))
    assert "pictures" in judged(hurried, [("png", picture(URL))]).evidence.degraded
    assert "pictures" not in judged(pipeline, SHAPES["a jpeg of 257 bytes"]()).evidence.degraded


def decoders() -> list[int]:
    """The process ids of our children that decode pictures."""
    children = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    found = [int(each) for line in children for each in line]
    return [pid for pid in found if b"sekisho.qrcodes.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def busy() -> list[int]:
    """Those that are at work."""
    return [
        pid
        for pid in decoders()
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "R"
    ]


@pytest.fixture
def killer() -> Iterator[Callable[[], int]]:
    """Ends whatever decoder works, again and again, and tells how many it ended."""
    stop, killed = threading.Event(), []

    def work() -> None:
        while not stop.wait(0.005):
            for pid in busy():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    thread = threading.Thread(target=work)
    thread.start()

    def ended() -> int:
        stop.set()
        thread.join()
        return len(killed)

    yield ended
    ended()


def test_a_decoder_that_dies_over_a_picture_costs_that_picture(
    pipeline: Pipeline, killer: Callable[[], int]
) -> None:
    """The message is judged by everything else, it is said, and the next message's code is read."""
    done = judged(pipeline, different("png", large_png(), 3))
    assert killer() > 0
    assert verdict(done) == "quarantine"
    assert "picture.not_searched" in done.weights
    assert "pictures" in done.evidence.degraded
    after = judged(pipeline, [("png", picture(URL))])
    assert [link.target for link in after.message.links if link.kind == "qr"] == [URL]


def test_honest_mail_is_judged_beside_them(pipeline: Pipeline) -> None:
    """Eight messages of slow pictures are at work, and one from a shop with a code of its own comes: both are judged as
    ever, and it is accepted."""
    with ThreadPoolExecutor(9) as pool:
        attacks = [pool.submit(judged, pipeline, photographs()) for _ in range(8)]
        wait_until(lambda: busy() != [] or all(each.done() for each in attacks), "a picture is at work", 30)
        honest = judged(
            pipeline, [("png", picture("https://shop.example/"))], HONEST, b"Hello, our sale begins."
        )
        assert {verdict(each.result()) for each in attacks} == {"quarantine"}
    assert verdict(honest) == "accept"


CODE = picture(URL, "BMP", scale=8)
"""A code in more bytes than most pictures that cost time: it is not the first to be searched."""


def codes(done: Judged) -> list[str]:
    return [link.target for link in done.message.links if link.kind == "qr"]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_picture_in_front_hides_no_code_behind_it(patient: Pipeline, shape: str) -> None:
    """Whatever it costs, alone or as often as pictures are searched."""
    images = SHAPES[shape]()[: patient.limits.images - 1]
    for some in {len(images), min(len(images), 3)}:
        assert codes(judged(patient, [*images[:some], ("bmp", CODE)])) == [URL]


@pytest.mark.parametrize(
    "place", [b"\xff\xcc\0\4\0\x10", b"\xff\xdc\0\4\1\x20", b"\xff\xde\0\4aa"], ids=["dac", "dnl", "dhp"]
)
def test_six_bytes_hide_no_code(pipeline: Pipeline, place: bytes) -> None:
    """Segments of other kinds of JPEG, which decoders pass over."""
    jpeg = picture(URL, "JPEG")
    assert codes(judged(pipeline, [("jpeg", jpeg[:-2] + place + jpeg[-2:])])) == [URL]


def test_a_picture_that_cannot_be_read_is_said_and_changes_no_verdict(pipeline: Pipeline) -> None:
    """It weighs nothing, and the evidence is as complete as it can be: another try would find the same."""
    done = judged(pipeline, [("png", picture(URL)[:20])], HONEST, b"Hello, our sale begins.")
    plain = judged(pipeline, [], HONEST, b"Hello, our sale begins.")
    assert done.weights["picture.not_searched"] == 0
    assert (verdict(done), done.evidence.degraded) == (verdict(plain), plain.evidence.degraded)


def test_one_sender_stops_the_search_for_nobody_else(pipeline: Pipeline, patient: Pipeline) -> None:
    """Eight messages of twenty slow pictures are at work all the time, and each code that comes beside them is read."""
    stop = threading.Event()
    slow = different("png", finders(), 20)

    def attack() -> None:
        while not stop.is_set():
            judged(pipeline, slow)

    with ThreadPoolExecutor(8) as pool:
        attacks = [pool.submit(attack) for _ in range(8)]
        wait_until(lambda: busy() != [], "a picture is at work", 30)
        try:
            honest = [judged(patient, [("png", picture(f"{URL}{number}"))]) for number in range(4)]
        finally:
            stop.set()
        for each in attacks:
            each.result()
    assert [codes(each) for each in honest] == [[f"{URL}{number}"] for number in range(4)]


def test_ordinary_pictures_are_read_however_many_slow_ones_came_before(pipeline: Pipeline) -> None:
    """Pictures that are refused take no time from those behind them."""
    images = [*different("jpeg", progressive(9_400, 9_400, 1, 700), 5), ("png", picture(URL))]
    done = judged(pipeline, images)
    assert [link.target for link in done.message.links if link.kind == "qr"] == [URL]
