"""A firm that no registry knows, whose domain and whose links are two strangers."""

from __future__ import annotations

from tests.auth_support import context, led, letter

from sekisho.checks.identity import two_strangers
from sekisho.evidence import AuthorStatus, Evidence

KINDS = {"mail.platform.test": "esp"}
SOLD = (
    "北森書店をご利用いただきありがとうございます。\n\nお支払い方法を本日中にご登録ください。"
    "ご登録がない場合は会員資格を停止します。\n{url}\n\n株式会社北森書店"
)


def found(
    text: str = SOLD,
    *,
    name: str = "北森書店",
    domain: str = "sonata-sangyo.test",
    url: str = "https://tomorimilvane.test/",
) -> list[str]:
    at = context(kinds=KINDS)
    read = letter("【北森書店】ご購入の明細", text.format(url=url), author=f"{name} <info@{domain}>")
    seen = led(read, at) + Evidence(author_status=AuthorStatus.AUTHENTICATED)
    return [each.kind.id for each in two_strangers.check(read, seen, at).findings]


def test_neither_has_the_name() -> None:
    """A hacked firm's mail, and a page elsewhere."""
    assert found() == ["organisation.two_strangers"]


def test_what_explains_one_of_them() -> None:
    """A domain of its name, a link home, a platform, a name that the text tells, two domains that begin alike."""
    assert found(domain="kitamori-shoten.test") == []
    assert found(url="https://kitamori.test/") == []
    assert found(url="https://sonata-sangyo.test/") == []
    assert found(url="https://mail.platform.test/") == []
    assert found(f"{SOLD}\n運営: ソナタ産業") == []
    assert found(url="https://sonatabooks.test/") == []


def test_what_is_only_announced() -> None:
    """A page elsewhere that wants nothing of its reader."""
    assert (
        found("北森書店をご利用いただきありがとうございます。\n\n特設サイト\n{url}\n\n株式会社北森書店") == []
    )


def test_a_reader_who_is_known() -> None:
    """Who is greeted by name is somebody's customer; a name that cannot be read says nothing."""
    assert found(f"佐藤 恵 様\n\n{SOLD}") == []
    assert found(name="众云盘") == []
