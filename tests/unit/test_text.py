"""What may be printed, what is invisible, and which texts read as the same name."""

import unicodedata

import pytest

from sekisho.text import (
    BIDI_CONTROLS,
    NO_GLYPH,
    bidi,
    chinese_characters,
    combining,
    fold,
    invisibles,
    is_japanese,
    printable,
    skeleton,
    skeleton_spans,
)
from sekisho.text.invisible import _CHECKED


def test_ordinary_japanese_is_printed_untouched() -> None:
    """No character of ordinary Japanese mail becomes an escape."""
    text = "【重要】えきねっと　ご利用のお知らせ(株)ガギグ ｶﾞ 髙﨑様 ♪ ①"
    assert printable(text, 100) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\r\nb\tc", "a\\x0d\\x0ab\\x09c"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\u202egpj.exe", "\\u202egpj.exe"),
        ("a\u200bb", "a\\u200bb"),
        ("\udc80", "\\udc80"),
        ("\ue000\U000f0000", "\\ue000\\U000f0000"),
        ("\u3164x", "\\u3164x"),
        ("\x9b31m", "\\x9b31m"),
        ("\u2028", "\\u2028"),
        ("葛\U000e0100", "葛\\U000e0100"),
    ],
)
def test_what_cannot_be_seen_is_shown_as_its_code_point(text: str, shown: str) -> None:
    """Every character that controls a terminal, log or header becomes an escape."""
    assert printable(text, 100) == shown


def test_a_cut_is_visible_and_never_inside_an_escape() -> None:
    """A text that is cut ends with an ellipsis, and never within an escape."""
    assert printable("abcdef", 4) == "abc…"
    assert printable("ab\u202e", 6) == "ab…"
    assert printable("abc", 0) == ""


def test_piled_up_marks_are_escaped_after_the_third() -> None:
    """A character has at most three combining marks, so it cannot draw over the lines around it."""
    assert printable("e" + "\u0301" * 5, 100) == "e" + "\u0301" * 3 + "\\u0301" * 2


@pytest.mark.parametrize(
    "text",
    ["❤️ 家族👩‍💻 1️⃣", "葛\U000e0100城市", "نمی\u200cخواهم", "🏴\U000e0067\U000e0062\U000e007f", "a\nb\t"],
)
def test_ordinary_joiners_and_selectors_hide_nothing(text: str) -> None:
    """Emoji, variants of kanji and Persian text have no invisible characters."""
    assert invisibles(text) == ()


def test_what_shows_nothing_is_named_once() -> None:
    """Each invisible character is found, in every Unicode category."""
    assert invisibles("ア\u200bマ\u200bゾ\u00adン\u3164\u2060\x00") == (
        "\u200b",
        "\u00ad",
        "\u3164",
        "\u2060",
        "\x00",
    )


def test_direction_marks_belong_in_hebrew_only() -> None:
    """An override is always found; a direction mark only in text without letters from right to left."""
    assert bidi("moc.nozama\u202e") == ("\u202e",)
    assert bidi("abc\u200e") == ("\u200e",)
    assert bidi("שלום\u200f!") == ()


def test_marks_that_make_no_letter_are_found() -> None:
    """Decomposed text, as a Mac writes it, is ordinary; a brand with strokes through it is not."""
    assert combining("cafe\u0301 か\u3099 Việt 1\ufe0f\u20e3") == ()
    assert combining("a\u0336mazon") == ("\u0336",)
    assert combining("楽\u0323天") == ("\u0323",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("アマゾン", "ｱﾏｿﾞﾝ"),
        ("アマゾン", "あまぞん"),
        ("メルカリ", "メ ル・カ-リ"),
        ("イオンカード", "イオンカ―ド"),
        ("ビューカード", "びゅうかーど".replace("う", "ー")),
        ("えきねっと", "エキ\u200bネツト"),
        ("Amazon", "ＡＭＡＺＯＮ"),
        ("Amazon", "𝐀𝐦𝐚𝐳𝐨𝐧"),
        ("ガ", "カ\u3099"),
        ("バンク", "ﾊﾞﾝｸ"),
    ],
)
def test_a_reader_reads_both_as_one_name(one: str, other: str) -> None:
    """Names that differ in width, case, kana, long vowels, spaces or invisible characters only are one name."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("amazon", "Аmаzоn"),
        ("amazon", "AMAZ0N"),
        ("amazon", "arnazon"),
        ("amazon", "ⓐ🅼🇦ᴢΟη"),
        ("PayPal", "Paypai"),
        ("SoftBank", "SοftВank"),
        ("ニトリ", "二卜リ"),
        ("アマゾン", "アマゾソ"),
        ("カード", "力一ド"),
        ("楽天", "樂天"),
        ("楽天", "乐天"),
    ],
)
def test_the_eye_takes_both_for_one_name(name: str, drawn: str) -> None:
    """A name with letters of other scripts, digits, strokes or old kanji has the skeleton of the plain name."""
    assert skeleton(name) == skeleton(drawn)


def test_different_names_stay_different() -> None:
    """Different names stay different."""
    names = ["amazon", "amazing", "カード", "角", "ライン", "オンライン", "楽天", "三井", "ハガキ", "バガキ"]
    assert len({skeleton(name) for name in names}) == len(names)


def test_spans_lead_back_to_the_text() -> None:
    """Each character of a skeleton leads back to its place in the text, also after inserted characters."""
    text = "㈱ え き\u200bねっと ｶﾞ"
    made, origins = skeleton_spans(text)
    assert made == skeleton(text)
    assert text[origins[made.index("エ")]] == "え"
    assert text[origins[-1]] == "ｶ"


def test_characters_that_are_not_looked_at_show_and_pile_up_on_nothing() -> None:
    """No character that the search skips is invisible, changes the direction or combines."""
    passed = [char for char in map(chr, range(0x110000)) if not _CHECKED.match(char)]
    assert len(passed) > 27_000
    for char in passed:
        assert char not in NO_GLYPH | BIDI_CONTROLS
        assert not unicodedata.combining(char)
        assert char in "\t\r\n" or unicodedata.category(char) not in {"Cc", "Cf", "Me"}


def test_marks_on_a_mark_alter_what_the_first_stands_on() -> None:
    """Every mark of a run belongs to the character before the run."""
    assert combining("日本 а\u0336\u0337 x\u0336\u0337") == ("\u0336", "\u0337")
    assert combining("\u0336а\u0337") == ("\u0336",)


def test_japanese_has_kana() -> None:
    """A text with ten kana is Japanese; one with a quoted name or without kana is not."""
    assert is_japanese("いつもご利用いただきありがとうございます")
    assert is_japanese("a" + "漢字の" * 10)
    assert not is_japanese("您的楽天カード账户")
    assert not is_japanese("Hello " * 100)
    assert not is_japanese("")


def test_letters_that_only_chinese_is_written_with() -> None:
    """Simplified forms are found, repeated ones included; characters of Windows-31J, old and rare forms, are not."""
    assert chinese_characters("お客様の账户を认证、再认证") == "账户认证认证"
    assert chinese_characters("您们") == "您们"
    assert chinese_characters("髙橋﨑山國會様々〆ヶ①㈱①～−‖…ｶﾅ①é€ Ⅲ") == ""
