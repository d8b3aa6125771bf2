"""Which texts use the words of a lure, however they are written, and what it costs to find out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest

from sekisho.brands.index import BrandIndex
from sekisho.brands.model import Brand
from sekisho.brands.search import MAX_HITS_OF_NAME, NameIndex
from sekisho.evidence import Cue
from sekisho.package_data import shipped
from sekisho.text import skeleton
from sekisho.vocabulary import BrandWords, LurePhrases, Lures
from sekisho.vocabulary.lures import read
from sekisho.vocabulary.phrases import MAX_GAP_LETTERS


def phrases(**matters: str) -> LurePhrases:
    return LurePhrases(
        [Lures.model_validate({"language": "en", "theme": {k: [v] for k, v in matters.items()}})]
    )


def index(lures: LurePhrases) -> NameIndex:
    return NameIndex((), BrandWords(lures))


SHIPPED_LURES = read(shipped("lures"), [])

OURS = index(
    phrases(
        account="アカウント|account + 停止|suspen",
        withdrawal="自動退会",
        fund="sum. + million",
        business="line|ライン + グループ",
        card_use="会員|メンバー + 検知|発生",
        security="verify + password",
        payment="お支払い方法|支払方法",
        unpaid="first + second + third",
    ),
)
SHIPPED = index(LurePhrases(SHIPPED_LURES))


def found(text: str, names: NameIndex = OURS) -> list[str]:
    return sorted(cue.name for cue in names.find(text).cues)


@pytest.mark.parametrize(
    "text",
    [
        "アカウントの停止",
        "停止されたアカウント",
        "Your account is suspended",
        "suspension of your account",
        "SUSPENDED: ACCOUNT",
        "停止 account",
        "あなたのaccountがsuspendされました",
        "ACCOUNT停止",
    ],
)
def test_parts_near_each_other_in_any_order(text: str) -> None:
    """Either may come first, and languages may mix."""
    assert found(text) == ["account"]


@pytest.mark.parametrize(
    "text", ["", "アカウント", "停止", "account", "accounts, アカウント", "suspension 停止"]
)
def test_a_part_alone_is_no_phrase(text: str) -> None:
    """Every part must stand there, and two spellings of one part are one part."""
    assert found(text) == []


def test_parts_are_near_as_letters_count() -> None:
    """Up to `MAX_GAP_LETTERS` letters between them, on either side; spaces do not count."""
    for first, second in (("アカウント", "停止"), ("停止", "アカウント")):
        assert found(first + "あ" * MAX_GAP_LETTERS + second) == ["account"]
        assert found(first + "あ" * (MAX_GAP_LETTERS + 1) + second) == []
        assert found(first + " あ" * MAX_GAP_LETTERS + "\u3000" * 40 + second) == ["account"]


def test_three_parts_stand_near_the_first() -> None:
    """All of them are needed; the others may stand on both sides of the first."""
    assert found("second first third") == ["unpaid"]
    assert found("first third second") == ["unpaid"]
    assert found("second third") == found("first second") == []
    assert found("second " + "x" * MAX_GAP_LETTERS + " first " + "x" * MAX_GAP_LETTERS + " third") == [
        "unpaid"
    ]
    assert found("second first " + "x" * (MAX_GAP_LETTERS + 1) + " third") == []


def test_one_near_place_among_several_is_enough() -> None:
    """A word that stands alone before does not hide the phrase that follows."""
    assert found("アカウント" + "あ" * 200 + "アカウントを停止") == ["account"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a sum of one million", ["fund"]),
        ("(SUM) 3 millions", ["fund"]),
        ("summer, a million", []),
        ("consum, a million", []),
        ("sum, ten per million", ["fund"]),
        ("million sum", ["fund"]),
    ],
)
def test_a_whole_word(text: str, expected: list[str]) -> None:
    """With a full stop a spelling is not the beginning of another word, and no spelling is the end of one."""
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("accounts suspending", ["account"]),
        ("unsuspended account", []),
        ("suspended subaccount", []),
        ("suspended sub-account", ["account"]),
        ("my_account/suspended", ["account"]),
    ],
)
def test_a_latin_spelling_is_the_beginning_of_a_word(text: str, expected: list[str]) -> None:
    """It goes on as it likes, and begins where a word begins."""
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("新しいLINEグループを作成し", ["business"]),
        ("LINEのグループ", ["business"]),
        ("「LINE」グループ", ["business"]),
        ("サーバーLINEグループ", ["business"]),
        ("onlineグループ", []),
        ("オンLINEグループ", ["business"]),
    ],
)
def test_latin_words_begin_within_japanese(text: str, expected: list[str]) -> None:
    """Japanese sets no spaces around them."""
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ア カ ウ ン ト の 停 止",
        "a c c o u n t s u s p e n d e d",
        "ａｃｃｏｕｎｔ ｓｕｓｐｅｎｄｅｄ",
        "ｱｶｳﾝﾄの停止",
        "アカ・ウン★ト停/止",
        "ac-co.unt sus*pen*ded",
        "アカ\u200bウント停\u00ad止",
        "acc\u200dount \u200bsuspended",
        "\u200baccount \u2060\u200bsuspended",
        "acc0unt 5uspended",
        "аccоunt susреnded",
        "àccôunt süspended",
        "あかうんとの停止",
        "アカ\r\nウント停\n止",
        "𝐚𝐜𝐜𝐨𝐮𝐧𝐭 𝓼𝓾𝓼𝓹𝓮𝓷𝓭𝓮𝓭",
        "ⓐⓒⓒⓞⓤⓝⓣ suspended",
    ],
)
def test_letters_in_disguise(text: str) -> None:
    """Spaces, widths, inserted symbols, look-alikes, accents, kana, line breaks and invisible characters."""
    assert found(text) == ["account"]


def test_invisible_characters_hide_no_word_beside_voiced_marks() -> None:
    """Kana with a mark of its own are joined first; the words after them still begin where they begin."""
    assert found("カ\u3099キ\u3099 \u200bverify \u200b\u2060your \u200bpassword") == ["security"]
    assert found("カ\u3099キ\u3099 re\u200bverify password") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("会員の検知", ["card_use"]),
        ("会员の检知", ["card_use"]),
        ("會員の發生", ["card_use"]),
        ("自動退會", ["withdrawal"]),
        ("自动退会", ["withdrawal"]),
        ("お支払い\n方法", ["payment"]),
        ("お支払\r\n い方法", ["payment"]),
    ],
)
def test_forms_of_kanji_and_broken_lines(text: str, expected: list[str]) -> None:
    """Old and simplified forms read alike, and a Japanese word goes on in the next line."""
    assert found(text) == expected


def test_letters_that_meet_over_a_space_break_no_word() -> None:
    """`r n` reads as `m` together; the next word begins all the same."""
    assert found("your nice account is suspended") == ["account"]
    assert found("your  nice \u200baccount is suspended") == ["account"]


def test_a_cue_is_named_once_with_its_phrase() -> None:
    """A text that repeats itself gives one cue of each name, which says what was met."""
    cues = OURS.find("アカウント停止。" * 50 + "自動退会" * 50).cues
    assert sorted((cue.aspect, cue.name, cue.phrase) for cue in cues) == [
        ("theme", "account", "アカウント|account + 停止|suspen"),
        ("theme", "withdrawal", "自動退会"),
    ]


def test_phrases_over_the_edge_of_a_window_are_found() -> None:
    """Long texts are read in pieces; no piece's end cuts a phrase."""
    for before in range(2000, 2110, 7):
        assert found("あ" * before + "アカウントの停止" + "い" * 3000) == ["account"]


def test_the_same_pass_finds_names_and_lures() -> None:
    """A key that is both a brand's name and a word of a lure is both."""
    brand = Brand.model_validate({"id": "line-app", "names": ["ラインアプリ"], "sources": ["example.jp"]})
    reading = BrandIndex([brand], BrandWords(phrases(business="ラインアプリ + 招待"))).read(
        "ラインアプリへ招待"
    )
    assert [mention.brand for mention in reading.mentions] == ["line-app"]
    assert [cue.name for cue in reading.cues] == ["business"]


def test_without_lures_there_are_no_cues() -> None:
    """An index of brands alone reads as before."""
    assert BrandIndex([], BrandWords()).read("アカウントの停止").cues == ()
    assert index(phrases()).find("アカウントの停止").cues == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("えきねっとアカウントの自動退会処理について", "withdrawal"),
        ("Your mailbox is almost full", "mailbox"),
        ("Ihr Konto wurde gesperrt", "account"),
        ("Su cuenta ha sido suspendida", "account"),
        ("Votre compte est suspendu", "account"),
        ("Uw rekening is geblokkeerd", "account"),
        ("Sua conta foi bloqueada", "account"),
        ("您的邮箱账户将停用", "account"),
        ("業務用のLINEグループを作成してください", "errand"),
        ("国税庁からのお知らせ 未納の所得税の納付", "tax"),
    ],
)
def test_the_shipped_words_hear_what_people_are_sent(text: str, name: str) -> None:
    """One sentence of each language."""
    assert name in found(text, SHIPPED)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("To go on, simply reply to this message.", True),
        ("Reply to this email with your date of birth.", True),
        ("Please do not reply to this message.", False),
        ("This mailbox is not monitored. Replies are not read.", False),
        ("本メールへの返信にてご回答をお願いいたします。", True),
        ("折り返しお送りください。", True),
        ("Merci de répondre à ce message.", True),
        ("Ne répondez pas à ce message.", False),
        ("Beantwoord deze e-mail met uw naam.", True),
        ("Beantwoord deze e-mail niet.", False),
    ],
)
def test_who_asks_for_an_answer_and_who_forbids_it(text: str, asks: bool) -> None:
    """An answer is the way out of a message whose links all lead to the brand."""
    assert ("answer" in found(text, SHIPPED)) is asks


class Counting(LurePhrases):
    """The phrases, and how much it was given and asked."""

    def __init__(self, languages: Iterable[Lures]) -> None:
        super().__init__(languages)
        self.places = 0
        self.asked = 0

    def cues(self, found: Iterable[tuple[str, int, int]], breaks: Callable[[int], bool]) -> Iterator[Cue]:
        places = list(found)
        self.places += len(places)

        def counted(at: int) -> bool:
            self.asked += 1
            return breaks(at)

        return super().cues(places, counted)


def work(text: str) -> tuple[int, int]:
    counting = Counting(SHIPPED_LURES)
    index(counting).find(text)
    return counting.places, counting.asked


def test_a_part_without_the_others_costs_no_place() -> None:
    """Half of a phrase is common in any mail; only where the other half is somewhere too are places compared."""
    assert found("停止 停止") == []
    counting = Counting([Lures.model_validate({"language": "en", "theme": {"account": ["account + 停止"]}})])
    names = index(counting)
    assert (names.find("停止 停止").cues, counting.places) == ((), 0)
    assert [cue.name for cue in names.find("停止 account 停止").cues] == ["account"]
    assert counting.places == 3


HOSTILE = (
    "account ",
    "アカウント",
    "a",
    "停止",
    "verify your ",
    "\u200b",
    "rn",
    "account suspended ",
    "カ\u3099",
    "ー",
)


@pytest.mark.parametrize("piece", HOSTILE, ids=map(ascii, HOSTILE))
def test_a_repeated_spelling_costs_no_more_than_its_length(piece: str) -> None:
    """200 kB of it are at most twice the work of 100 kB, and a window holds a spelling a few times only."""
    half, whole = (work((piece * (size // len(piece) + 1))[:size]) for size in (100_000, 200_000))
    assert whole[0] <= 2 * half[0] + 100
    assert whole[1] <= 2 * half[1] + 100
    windows = 200_000 // 2_048 + 1
    letters = skeleton(piece * 500)
    spellings = [key for key in LurePhrases(SHIPPED_LURES).keys if key in letters]
    assert whole[0] <= windows * MAX_HITS_OF_NAME * len(spellings)


def test_all_spellings_at_once_are_bounded_too() -> None:
    """A text made of every spelling, twice as long, is twice the work."""
    everything = " ".join(LurePhrases(SHIPPED_LURES).keys)
    half, whole = (work((everything * 40)[:size]) for size in (100_000, 200_000))
    assert whole[0] <= 2.1 * half[0]
    assert whole[1] <= 2.1 * half[1]


def test_what_lies_beyond_the_limit_is_not_read() -> None:
    """The index looks at so many characters and no more."""
    assert found("あ" * 200_000 + "アカウントの停止") == []
