"""The benchmark's mail: different DKIM-signed Japanese messages of 13 kB from many domains. They are made once and
kept.

Signing takes a minute, so the messages are kept in a folder that git ignores, named after the code that made them. The
domains share eight keys, because making two hundred keys would take too long. Each domain has its own DNS names, so
there are as many look-ups as with two hundred keys.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dkim

from lab.program import ROOT
from lab.sender import Mail, dot_stuffed

COUNT, DOMAINS, KEYS, SIZE = 2000, 200, 8, 13_000
RECIPIENT = "hanako@example.jp"
_SELECTOR = b"bench"
_FILLER = (
    "本日 今月 お知らせ ご案内 商品 配送 予約 会員 店舗 季節 新着 在庫 受付 期間 送料 返品 確認 担当 資料 "
    "会議 予定 変更 お客さま いつも ご利用 ありがとうございます いただき 下記 ページ から ご覧 ください "
    "および など について ので した です 青森 仙台 東京 横浜 名古屋 京都 大阪 神戸 広島 福岡 りんご 緑茶 "
    "文具 靴 鞄 椅子 電球 珈琲 新聞 写真"
)
_WORDS = _FILLER.split()


@dataclass(frozen=True, slots=True)
class Supply:
    """The messages, and the DNS records that they need."""

    mails: tuple[Mail, ...]
    records: tuple[dict[str, Any], ...]


def supply(folder: Path = ROOT / "run" / "bench") -> Supply:
    """The messages from the folder. If they are not there, they are made and kept there."""
    made_by = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]
    kept = folder / f"mails-{made_by}.json"
    if not kept.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part")
        partial.write_text(json.dumps(_make()))
        partial.rename(kept)
    data = json.loads(kept.read_text())
    mails = (Mail(sender, RECIPIENT, dot_stuffed(base64.b64decode(raw))) for sender, raw in data["mails"])
    return Supply(tuple(mails), tuple(data["records"]))


def _make() -> dict[str, Any]:
    keys = [new_key() for _ in range(KEYS)]
    records = [record for number in range(DOMAINS) for record in _records(number, keys[number % KEYS][1])]
    with ProcessPoolExecutor() as pool:
        raws = pool.map(
            _signed, range(COUNT), [keys[n % DOMAINS % KEYS][0] for n in range(COUNT)], chunksize=50
        )
        mails = [
            (f"news@{_domain(n % DOMAINS)}", base64.b64encode(raw).decode()) for n, raw in enumerate(raws)
        ]
    return {"mails": mails, "records": records}


def _domain(number: int) -> str:
    return f"shop{number}.bench.example"


def _records(number: int, public: str) -> list[dict[str, Any]]:
    domain = _domain(number)
    return [
        {"name": domain, "type": "TXT", "value": "v=spf1 ip4:127.0.0.1 -all"},
        {"name": domain, "type": "MX", "value": f"10 mail.{domain}."},
        {"name": f"mail.{domain}", "type": "A", "value": "127.0.0.1"},
        {"name": f"_dmarc.{domain}", "type": "TXT", "value": "v=DMARC1; p=none"},
        {
            "name": f"{_SELECTOR.decode()}._domainkey.{domain}",
            "type": "TXT",
            "value": f"v=DKIM1; k=rsa; p={public}",
        },
    ]


def new_key() -> tuple[str, str]:
    """An RSA-2048 key: private in PEM, public in base64 DER."""
    private = subprocess.run(
        ["openssl", "genrsa", "-traditional", "2048"], capture_output=True, check=True
    ).stdout
    public = subprocess.run(
        ["openssl", "rsa", "-pubout", "-outform", "DER"], input=private, capture_output=True, check=True
    ).stdout
    return private.decode(), base64.b64encode(public).decode()


def _signed(number: int, private: str) -> bytes:
    raw = _message(number)
    domain = _domain(number % DOMAINS).encode()
    signature: bytes = dkim.sign(
        raw,
        _SELECTOR,
        domain,
        private.encode(),
        canonicalize=(b"relaxed", b"relaxed"),
        include_headers=[
            b"From",
            b"To",
            b"Subject",
            b"Date",
            b"Message-ID",
            b"MIME-Version",
            b"Content-Type",
        ],
    )
    return signature + raw


def _message(number: int) -> bytes:
    """A message with HTML and text in Japanese, of about SIZE bytes with its headers. The same number gives the same
    message.
    """
    chance = random.Random(number)
    domain = _domain(number % DOMAINS)
    paragraphs = ["".join(chance.choices(_WORDS, k=24)) + "。" for _ in range(24)]
    text = "\r\n\r\n".join(paragraphs[:8]) + f"\r\nhttps://www.{domain}/news/{number}\r\n"
    cells = "".join(
        f'<tr><td style="padding:8px;font-size:14px"><a href="https://www.{domain}/i/{number}-{place}">'
        f"{paragraph[:12]}</a><p>{paragraph}</p></td></tr>\r\n"
        for place, paragraph in enumerate(paragraphs)
    )
    table = f'<table width="600">{cells}</table>'
    html = f"<html><head><title>{number}</title></head><body>{table}</body></html>\r\n"
    head = (
        f"From: {_word('季節の店')} <news@{domain}>\r\nTo: <{RECIPIENT}>\r\n"
        f"Subject: {_word(f'今月のお知らせ {number}')}\r\nDate: Tue, 10 Nov 2026 09:00:00 +0900\r\n"
        f"Message-ID: <{number}.bench@{domain}>\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative; boundary="b{number}"\r\n\r\n'
    )
    return (head + _part(number, "plain", text) + _part(number, "html", html) + f"--b{number}--\r\n").encode()


def _word(text: str) -> str:
    return f"=?UTF-8?B?{base64.b64encode(text.encode()).decode()}?="


def _part(number: int, kind: str, text: str) -> str:
    body = base64.encodebytes(text.encode()).decode().replace("\n", "\r\n")
    kinds = f"Content-Type: text/{kind}; charset=UTF-8\r\nContent-Transfer-Encoding: base64"
    return f"--b{number}\r\n{kinds}\r\n\r\n{body}\r\n"
