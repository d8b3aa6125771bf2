"""Facts of what a message carries that could do harm."""

from __future__ import annotations

import pytest
from tests.auth_support import message

from sekisho.checks.facts.payload import asks_for_more, has_payload
from sekisho.evidence import Cue, Evidence, Place

TEXT = "Your code is 123456. Please enter it where you asked for it."


def carries(text: str = TEXT, head: str = "", calls: bool = True, seen: Evidence | None = None) -> bool:
    raw = f"From: Shop <a@shop.example>\r\n{head}\r\n{text}".encode()
    read = message(raw)
    return has_payload(read, seen or Evidence(), read.links, calls=calls)


def test_a_code_carries_nothing() -> None:
    """Nor do the addresses of the author's organisation and of the recipient."""
    assert not carries()
    assert not carries(f"{TEXT} Questions: help@support.shop.example", "Reply-To: b@shop.example\r\n")


@pytest.mark.parametrize(
    "text",
    [
        f"{TEXT} https://stranger.example/",
        f"{TEXT} Write to help@stranger.example.",
        f"{TEXT} 電話：０５０－１２３４－５６７８",
        f"{TEXT} 口座番号: 1234567",
        f"{TEXT} Pay to GB29 NWBK 6016 1331 9268 19.",
        f"{TEXT} bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
        "Look.",
        "x" * 30_000,
    ],
    ids=["link", "address", "telephone", "bank account", "IBAN", "coins", "too short", "too long to be read"],
)
def test_what_a_text_carries(text: str) -> None:
    """A way to go, to write, to call or to pay; and a text that does not say what the message says."""
    assert carries(text)


def test_answers_to_somebody_else() -> None:
    """An address for answers outside of the author's organisation."""
    assert carries(head="Reply-To: b@stranger.example\r\n")


def test_a_file() -> None:
    """An attachment of any type, and a part that is no text."""
    parts = f"--b\r\n\r\n{TEXT}\r\n--b\r\nContent-Type: {{}}\r\n\r\nx\r\n--b--\r\n"
    head = 'Content-Type: multipart/mixed; boundary="b"\r\n'
    assert carries(parts.format("application/pdf"), head)
    assert carries(parts.format("text/plain\r\nContent-Disposition: attachment"), head)
    assert not carries(parts.format("text/plain"), head)


def test_a_telephone_number_at_the_foot() -> None:
    """It is harmless only for whom the caller says so: where the message asks for a call, it is not."""
    assert not carries(f"{TEXT} Tel. 03-1234-5678", calls=False)
    assert asks_for_more(Evidence(cues=(Cue("action", "call", "call", Place.TEXT),)))
    assert asks_for_more(Evidence(cues=(Cue("theme", "account", "account", Place.TEXT),)))
    assert not asks_for_more(Evidence(cues=(Cue("action", "answer", "answer", Place.TEXT),)))


def test_a_demand_for_gift_cards_is_a_way_to_pay() -> None:
    """Nothing else has to be in the message: the reader writes the code into an answer."""
    assert carries(seen=Evidence(cues=(Cue("action", "gift_cards", "gift card", Place.TEXT),)))
