"""The forms in which names are compared: `fold` and `skeleton`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, compress

from confusable_homoglyphs import confusables

from sekisho.text.characters import NO_GLYPH, is_hiragana, is_kana, is_kanji, is_katakana

_BMP_CHARS = 0x10000  # characters of the basic multilingual plane
_NOT_YET_MET = -1  # not a code point, so `str.translate` raises ValueError


class _Table(dict[int, int | str]):
    """A table for `str.translate` that is filled as characters are met.

    A single character is kept as its number, which is faster. The basic plane is kept in a list as well, which takes
    half the time. Planes whose characters have no names are left out, so there are about 130,000 entries at most.
    """

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make
        self._bmp: list[int | str] = [_NOT_YET_MET] * _BMP_CHARS

    def __missing__(self, code: int) -> int | str:
        if 0x20000 <= code < 0xE0000 or code >= 0xE0200:
            return code
        made = self._make(chr(code))
        self[code] = kept = ord(made) if len(made) == 1 else made
        if code < _BMP_CHARS:
            self._bmp[code] = kept
        return kept

    def applied(self, text: str) -> str:
        """The text with each character replaced by its entry."""
        basic = len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
        try:
            return text.translate(self._bmp if basic else self)
        except ValueError:  # the first time that this character is met
            return text.translate(self)

    def length(self, char: str) -> int:
        """The number of characters that replace `char`."""
        kept = self[ord(char)]
        return 1 if isinstance(kept, int) else len(kept)


def fold(text: str) -> str:
    """The text as a Japanese reader reads a name.

    Compatibility forms are unified (NFKC), case is folded, hiragana and small kana become large katakana. Long-vowel
    marks, accents, spaces, punctuation and invisible characters are removed.
    """
    return _compose(_FOLD.applied(text))


def skeleton(text: str) -> str:
    """The text as a reader in a hurry sees it: `fold`, and lookalikes unified.

    Lookalikes are those of UTS 39; `0` and `o`; `i`, `l` and `1`; `rn` and `m`; kanji that look like kana; old, new and
    simplified forms of common kanji.
    """
    return compact(spaced(text))


def spaced(text: str) -> str:
    """The skeleton before letters are joined and spaces are removed. No character is removed here: one that separates
    words becomes a space, and one that cannot be seen becomes NUL."""
    return _SPACED.applied(text)


def compact(spaced_text: str) -> str:
    """The skeleton of a text, made from its `spaced` form."""
    bare = spaced_text.replace(" ", "").replace("\0", "")
    return _compose(bare).replace("rn", "m").replace("vv", "w")


def breaks(spaced_text: str, letters: str) -> frozenset[int]:
    """The indices in `letters` at which a word begins, and its length. `letters` is `compact(spaced_text)`.

    A letter that joins the end of one word and the beginning of the next belongs to the first.
    """
    plain = bare = spaced_text.replace("\0", "")  # an invisible character separates no words
    for ends, begins, joined in (("r", "n", "m"), ("v", "v", "w")):
        bare = bare.replace(ends + begins, joined).replace(f"{ends} {begins}", joined)
    found = frozenset(accumulate(map(len, bare.split(" ")), initial=0))
    if len(letters) in found:
        return found
    _, origins = compact_spans(plain, range(len(plain)))
    begun = (at for at, origin in enumerate(origins) if not origin or plain[origin - 1] == " ")
    return frozenset((*begun, len(letters)))


def skeleton_spans(text: str, words: str | None = None) -> tuple[str, list[int]]:
    """`skeleton(text)`, and for each of its characters the index in `text` that it came from. `words` is
    `spaced(text)`, if the caller has it."""
    if words is None:
        words = spaced(text)
    return compact_spans(words, range(len(text)) if len(words) == len(text) else _origins(text))


def _origins(text: str) -> list[int]:
    """For each character of `spaced(text)` the index in `text` that it came from."""
    more = {char: size - 1 for char in set(text) if (size := _SPACED.length(char)) > 1}
    found = list(range(len(text)))
    for index in [at for at, char in enumerate(text) if char in more][::-1]:
        found[index:index] = [index] * more[text[index]]
    return found


def compact_spans(spaced_text: str, origins: Sequence[int]) -> tuple[str, list[int]]:
    """`compact(spaced_text)`, and of `origins` those of the characters that are left."""
    kept = list(compress(origins, spaced_text.encode("ascii", "replace").translate(_IS_LETTER)))
    letters = spaced_text.replace(" ", "").replace("\0", "")
    if any(mark in letters for mark in _VOICED):
        letters, kept = _join(letters, kept, _WITH_MARK)
    if "rn" in letters or "vv" in letters:
        letters, kept = _join(letters, kept, _LATIN_JOINTS)
    return letters, kept


_IS_LETTER = bytes(code > 0x20 for code in range(0x100))  # for `bytes.translate`: 0 for a space and for NUL


def _join(letters: str, origins: list[int], joints: re.Pattern[str]) -> tuple[str, list[int]]:
    """Replace each match by the letter that it looks like. The origin of the first character is kept."""
    parts: list[str] = []
    kept: list[int] = []
    end = 0
    for match in joints.finditer(letters):
        joined = _JOINED.get(match[0], "")
        parts += (letters[end : match.start()], joined)
        kept += origins[end : match.start() + len(joined)]
        end = match.end()
    return "".join([*parts, letters[end:]]), kept + origins[end:]


_VOICED = ("\u3099", "\u309a")
# The Unicode names of Latin letters: capital, small or small capital, with any stroke, hook, circle, square or flag.
_LATIN = re.compile(
    r"(?:(?:\w+ )*LATIN (?:CAPITAL |SMALL )?LETTER (?:SMALL CAPITAL )?|REGIONAL INDICATOR SYMBOL LETTER )"
    r"([A-Z])(?: WITH .*)?"
)
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DROPPED_CATEGORIES = frozenset("CZPS")
_PUNCTUATION_IN_NAMES = frozenset("+&")  # Disney+ is not Disney
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Mn", "Me"})  # removed, and no word ends there


def _composed() -> dict[str, str]:
    """The composed kana for each kana with a voiced mark after it."""
    pairs = {}
    for code in range(0x30A1, 0x30FB):
        parts = unicodedata.normalize("NFD", chr(code))
        if len(parts) == 2:
            pairs[parts] = chr(code)
    return pairs


_COMPOSED = _composed()
_JOINED = {**_COMPOSED, "rn": "m", "vv": "w"}
_LATIN_JOINTS = re.compile("rn|vv")
_WITH_MARK = re.compile("(?:" + "|".join(_COMPOSED) + ")|[\u3099\u309a]")


def _compose(text: str) -> str:
    """Join kana and voiced marks. A mark that joins nothing is removed."""
    if _VOICED[0] not in text and _VOICED[1] not in text:
        return text
    return _WITH_MARK.sub(lambda match: _COMPOSED.get(match[0], ""), text)


def _fold_char(char: str) -> str:
    """The fold of one character. It is repeated until nothing changes, since case folding undoes NFKC."""
    before, now = "", char
    while now != before:
        before = now
        now = "".join(map(_fold_once, unicodedata.normalize("NFKC", now).casefold()))
    return now


def _fold_once(char: str) -> str:
    if char in _VOICED:
        return char
    if is_hiragana(char):
        char = chr(ord(char) + 0x60) if "\u3041" <= char <= "\u3096" or char in "ゝゞ" else char
    if is_katakana(char):
        return "" if char == "ー" else char.translate(_SMALL_KANA)
    if char in _PUNCTUATION_IN_NAMES:
        return char
    category = unicodedata.category(char)
    if category[0] in _DROPPED_CATEGORIES or category in {"Mn", "Me"} or char in NO_GLYPH:
        return ""
    return _bare(char)


def _bare(char: str) -> str:
    """A European letter without its accents. Hangul and kana must not be decomposed."""
    if char < "\u0530" or "\u1e00" <= char <= "\u1fff":
        return "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    return char


# Lookalikes that UTS 39 does not have. In each word the first character is the form, and the others become it.
_LOOK_ALIKES = """
    o0 li1| e3€ a4@ s5$
    aα bвβ eε hн kкκ mм nη pρ rг tтτ uυц vν wω xχ
    ロ口囗 ニ二 ハ八 カ力 タ夕 ト卜 エ工 チ千 オ才 ミ三 ヌ又 ヒ匕 セ七乜 ム厶 ノ丿乃
    ソン シツ ジヅ
    楽樂乐 国國国囯 銀银 郵邮 電电 東东 気氣气 券劵 証證证 総總总 務务 税稅 庁廳厅 関關关
    鉄鐵铁鉃 発發发 険險险 済濟济 経經经 労勞劳 協协 農农 連连 機机 構构 報报 預预 貯贮
    広廣广 浜濱滨 静靜 岡冈 島岛嶋 県縣县 区區 売賣卖 買买 運运 輸输 駅驛驿 観觀观 産產产
    業业 達达 門门 間间 団團团 給给 検檢检 応應应 続續续 会會 様樣样 変變变 華华 亜亞亚
    馬马 遜逊 天夭 日曰 市巿 員员 個个箇 訳譯译 転轉转 車车 動动 帯帶带 携攜 飛飞 蔵藏
"""
# Strokes that look like the long-vowel mark, which is removed from names.
_STROKES = "一㇐ㅡᅳ丨丶"


def _alike() -> dict[str, str]:
    pairs = {char: word[0] for word in _LOOK_ALIKES.split() for char in word[1:]}
    return pairs | dict.fromkeys(_STROKES, "")


@lru_cache(maxsize=1)
def _confusable() -> dict[str, str]:
    """For each character that UTS 39 calls confusable with ASCII letters or digits: those."""
    table: dict[str, str] = {}
    for char, entries in confusables.confusables_data.items():
        if len(char) != 1 or char.isascii() or len(entries) != 1:
            continue
        target = entries[0]["c"]
        if target.isascii() and target.isalnum():
            table[char] = target.casefold()
    return table


_ALIKE = _alike()


def _spaced_char(char: str) -> str:
    """The `spaced` form of one character: `_skeleton_once` until nothing changes; a space or NUL if nothing is left."""
    before, now = "", char
    while now != before:
        before, now = now, "".join(map(_skeleton_once, now))
    unseen = char in NO_GLYPH or unicodedata.category(char) in _INVISIBLE_CATEGORIES
    return now or ("\0" if unseen or char in _STROKES or is_katakana(char) else " ")


def _skeleton_once(char: str) -> str:
    alike = _ALIKE.get(char)
    if alike is not None:
        return alike
    return _latin_like(char) or _fold_char(char)


def _latin_like(char: str) -> str:
    """The Latin letter that a decorated letter, or one of another script, looks like; "" if none."""
    if char < "\u00c0" or is_kana(char) or is_kanji(char):
        return ""
    named = _LATIN.fullmatch(unicodedata.name(char, ""))
    if named is not None:
        return named[1].lower()
    return _confusable().get(char, "") if unicodedata.category(char)[0] in "LN" else ""


_FOLD = _Table(_fold_char)
_SPACED = _Table(_spaced_char)
