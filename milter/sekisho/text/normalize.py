"""The forms in which names are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import accumulate, compress

from confusable_homoglyphs import confusables

from sekisho.text.characters import BLANKS, is_hiragana, is_kana, is_kanji, is_katakana

_PLANE = 0x10000  # characters of the basic plane
_UNMET = -1  # no character, so that `str.translate` raises ValueError


class _Table(dict[int, int | str]):
    """A `str.translate` table that is filled as characters are met; single characters are kept by number, which
    is faster. Planes without names stay out of it, so that it cannot grow beyond some 130,000 entries. The basic
    plane stands in a list as well, which answers in half the time."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make
        self._plane: list[int | str] = [_UNMET] * _PLANE

    def __missing__(self, code: int) -> int | str:
        if 0x20000 <= code < 0xE0000 or code >= 0xE0200:
            return code
        made = self._make(chr(code))
        self[code] = kept = ord(made) if len(made) == 1 else made
        if code < _PLANE:
            self._plane[code] = kept
        return kept

    def applied(self, text: str) -> str:
        """The text with each character as the table has it."""
        basic = len(text.encode("utf-16-le", "surrogatepass")) == 2 * len(text)
        try:
            return text.translate(self._plane if basic else self)
        except ValueError:  # a character is met for the first time
            return text.translate(self)

    def length(self, char: str) -> int:
        """How many characters one becomes."""
        kept = self[ord(char)]
        return 1 if isinstance(kept, int) else len(kept)


def fold(text: str) -> str:
    """The text as a Japanese reader reads a name: compatibility forms unified (NFKC), no case, katakana for
    hiragana, large kana for small; no long-vowel marks, accents, spaces, punctuation or invisibles."""
    return _compose(_FOLD.applied(text))


def skeleton(text: str) -> str:
    """The text as a hurried eye sees it: `fold`, and look-alikes unified (UTS 39; `0` and `o`; `i`, `l` and
    `1`; `rn` and `m`; kanji that look like kana; old, new and simplified forms of common kanji)."""
    return compact(spaced(text))


def spaced(text: str) -> str:
    """The skeleton before letters are joined, with a space for everything dropped that separates words and a
    NUL for what is dropped without a trace: no character becomes less than one."""
    return _SPACED.applied(text)


def compact(spaced_text: str) -> str:
    """`skeleton` of the text that `spaced` was made from."""
    bare = spaced_text.replace(" ", "").replace("\0", "")
    return _compose(bare).replace("rn", "m").replace("vv", "w")


def breaks(spaced_text: str, letters: str) -> frozenset[int]:
    """Where words part in `letters`, which is `compact(spaced_text)`: the indices at which one begins, and the end.
    A letter made of the end of one word and the beginning of the next belongs to the first."""
    plain = bare = spaced_text.replace("\0", "")  # what cannot be seen stands before no word
    for ends, begins, joined in (("r", "n", "m"), ("v", "v", "w")):
        bare = bare.replace(ends + begins, joined).replace(f"{ends} {begins}", joined)
    found = frozenset(accumulate(map(len, bare.split(" ")), initial=0))
    if len(letters) in found:
        return found
    _, origins = compact_spans(plain, range(len(plain)))
    begun = (at for at, origin in enumerate(origins) if not origin or plain[origin - 1] == " ")
    return frozenset((*begun, len(letters)))


def skeleton_spans(text: str, words: str | None = None) -> tuple[str, list[int]]:
    """`skeleton(text)` and, for each of its characters, the index in `text` that it came from. `words` is
    `spaced(text)`, if the caller has it already."""
    if words is None:
        words = spaced(text)
    if len(words) == len(text):
        return compact_spans(words, range(len(text)))
    return compact_spans(
        words, [index for index, char in enumerate(text) for _ in range(_SPACED.length(char))]
    )


def compact_spans(spaced_text: str, origins: Sequence[int]) -> tuple[str, list[int]]:
    """`compact(spaced_text)` and the origins of what is left."""
    kept = list(compress(origins, map(" ".__lt__, spaced_text)))
    letters = spaced_text.replace(" ", "").replace("\0", "")
    for joints in (_WITH_MARK, _LATIN_JOINTS):
        letters, kept = _join(letters, kept, joints)
    return letters, kept


def _join(letters: str, origins: list[int], joints: re.Pattern[str]) -> tuple[str, list[int]]:
    """Each match replaced by what it looks like; the first letter's origin is kept."""
    if joints.search(letters) is None:
        return letters, origins
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
# Capital, small or small-capital Latin letters under any decoration: stroke, hook, circle, square, flag.
_LATIN = re.compile(
    r"(?:(?:\w+ )*LATIN (?:CAPITAL |SMALL )?LETTER (?:SMALL CAPITAL )?|REGIONAL INDICATOR SYMBOL LETTER )"
    r"([A-Z])(?: WITH .*)?"
)
_SMALL_KANA = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_DROPPED = frozenset("CZPS")
_KEPT = frozenset("+&")  # part of names: Disney+ is not Disney
_UNSEEN = frozenset({"Cf", "Mn", "Me"})  # dropped without a trace: nothing stands there


def _composed() -> dict[str, str]:
    """What a kana and its voiced mark make together."""
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
    """Kana and voiced marks joined; a mark that joins nothing is dropped."""
    if _VOICED[0] not in text and _VOICED[1] not in text:
        return text
    return _WITH_MARK.sub(lambda match: _COMPOSED.get(match[0], ""), text)


def _fold_char(char: str) -> str:
    """One character's part of `fold`. Repeated until nothing changes, since case folding undoes NFKC."""
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
    if char in _KEPT:
        return char
    category = unicodedata.category(char)
    if category[0] in _DROPPED or category in {"Mn", "Me"} or char in BLANKS:
        return ""
    return _bare(char)


def _bare(char: str) -> str:
    """A European letter without its accents. Hangul and kana must not be taken apart."""
    if char < "\u0530" or "\u1e00" <= char <= "\u1fff":
        return "".join(c for c in unicodedata.normalize("NFD", char) if not unicodedata.combining(c))
    return char


# What UTS 39 leaves apart, but a hurried reader of names does not. In each word the first character is the
# form and the others read as it.
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
# Strokes that stand in for the long-vowel mark, which names are compared without.
_STROKES = "一㇐ㅡᅳ丨丶"


def _alike() -> dict[str, str]:
    pairs = {char: word[0] for word in _LOOK_ALIKES.split() for char in word[1:]}
    return pairs | dict.fromkeys(_STROKES, "")


@lru_cache(maxsize=1)
def _confusable() -> dict[str, str]:
    """Characters that UTS 39 holds to be confusable with one ASCII letter or digit, or a few."""
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
    """One character's part of `spaced`: a fixed point of the step below, or what stands for nothing."""
    before, now = "", char
    while now != before:
        before, now = now, "".join(map(_skeleton_once, now))
    unseen = char in BLANKS or unicodedata.category(char) in _UNSEEN
    return now or ("\0" if unseen or char in _STROKES or is_katakana(char) else " ")


def _skeleton_once(char: str) -> str:
    alike = _ALIKE.get(char)
    if alike is not None:
        return alike
    return _latin_like(char) or _fold_char(char)


def _latin_like(char: str) -> str:
    """The Latin letter that a character of another script, or a decorated one, is drawn like."""
    if char < "\u00c0" or is_kana(char) or is_kanji(char):
        return ""
    named = _LATIN.fullmatch(unicodedata.name(char, ""))
    if named is not None:
        return named[1].lower()
    return _confusable().get(char, "") if unicodedata.category(char)[0] in "LN" else ""


_FOLD = _Table(_fold_char)
_SPACED = _Table(_spaced_char)
