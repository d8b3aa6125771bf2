"""Values of MIME fields, read as mail programs read them."""

import pytest

from sekisho.message.values import parse


@pytest.mark.parametrize(
    ("text", "token", "name", "value"),
    [
        ("text/HTML; charset=UTF-8", "text/html", "charset", "UTF-8"),
        ('text/plain; charset="iso-2022-jp"; format=flowed', "text/plain", "charset", "iso-2022-jp"),
        ("text/plain charset=utf-8", "text/plain", "charset", "utf-8"),
        ('multipart/mixed; boundary="a;b=c \\"d\\""', "multipart/mixed", "boundary", 'a;b=c "d"'),
        ("multipart/mixed; boundary==_x; type=y", "multipart/mixed", "boundary", "=_x"),
        ('multipart/mixed;boundary="open', "multipart/mixed", "boundary", "open"),
        ("attachment; filename*0=ab; filename*1=cd", "attachment", "filename", "abcd"),
        ("text/html ; CharSet = koi8-r ;", "text/html", "charset", "koi8-r"),
        ("quoted-printable (really)", "quoted-printable", "x", None),
        (";;;;", "", "x", None),
        ('"base64"', "base64", "x", None),
    ],
)
def test_parameters_are_read_leniently(text: str, token: str, name: str, value: str | None) -> None:
    """Parameters with missing quotes, blanks or missing separators are read: they are common."""
    read = parse(text)
    assert (read.token, read.get(name)) == (token, value)


@pytest.mark.parametrize(
    ("text", "filename"),
    [
        ("attachment; filename*=UTF-8''%E8%AB%8B%E6%B1%82.pdf", "請求.pdf"),
        ("attachment; filename*0*=iso-2022-jp''%1B$B%40A; filename*1*=5a%1B(B; filename*2=.pdf", "請求.pdf"),
        ("attachment; filename*1=b; filename*0*=utf-8''a%25", "a%b"),
        ('attachment; filename="=?UTF-8?B?6KuL5rGC?=.pdf"', "請求.pdf"),
        ('attachment; filename="請求.pdf"', "請求.pdf"),
    ],
)
def test_file_names_are_decoded_in_every_way_they_are_sent(text: str, filename: str) -> None:
    """File names are decoded by RFC 2231, with and without sections, and by RFC 2047, which forbids that."""
    assert parse(text).text("filename")[0] == filename


def test_contradicting_parameters_are_told() -> None:
    """Of parameters that contradict each other the first counts; equal ones are no contradiction."""
    read = parse("multipart/mixed; boundary=a; boundary=b; charset=x; charset=x")
    assert (read.get("boundary"), read.others) == ("a", (("boundary", "b"),))


def test_no_value_is_no_error() -> None:
    """No text gives an empty value."""
    assert (parse(None).token, parse("").text("filename")) == ("", (None, ()))
