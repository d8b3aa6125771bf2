"""Which texts name a brand, and which only look as if they did."""

from dataclasses import replace

import pytest
from tests.auth_support import NAME_WORDS

from sekisho.brands.index import BrandIndex
from sekisho.brands.model import Brand


def brand(id: str, *names: str, **more: object) -> Brand:
    return Brand.model_validate({"id": id, "names": list(names), "sources": ["example.jp"], **more})


INDEX = BrandIndex(
    [
        brand("amazon", "Amazon", "アマゾン"),
        brand("eki-net", "えきねっと", "eki-net"),
        brand("apple", "Apple", "アップル", ordinary=["Apple", "アップル"]),
        brand("ana", "全日空", needs_companion=["ANA", "アナ"], companions=["マイレージ", "mileage"]),
        brand("line", "LINEアカウント", needs_companion=["LINE", "ライン"], companions=["認証", "公式"]),
        brand("mac", "マクドナルド", needs_companion=["マック"], companions=["クーポン"]),
        brand("jcb", "JCBカード", ordinary=["JCB"]),
        brand("smcc", "三井住友カード"),
        brand("smbc", "三井住友銀行", needs_companion=["三井住友"], companions=["口座"]),
        brand("yahoo", "ヤフー", ordinary=["ヤフー"]),
        brand("fuuruu", "フールー", ordinary=["フールー"]),
        brand("rakuten", "楽天", "楽天市場", flags=["mall"]),
        brand("jal", "日本航空", ordinary=["JAL"]),
        brand("disney-plus", "Disney+"),
        brand("nta", "国税庁", "e-Tax"),
        brand("aeon", "イオンカード", ordinary=["イオン"]),
        brand("itau", "Itaú"),
        brand("apple-id", "Apple ID", organisation="apple"),
        brand("att", "AT&T"),
        brand("netflix", "Netflix"),
        brand("target", "Target Circle", ordinary=["Target"]),
        brand("nitori", "ニトリ"),
        brand("jalan", "じゃらん"),
        brand(
            "comcast",
            "Comcast",
            domains={"comcast.net": {"confidence": "low", "flags": ["mailbox"]}},
        ),
    ],
    NAME_WORDS,
)


def found(text: str) -> list[str]:
    return [mention.brand for mention in INDEX.mentions(text)]


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("amazon.co.jp", "amazon"),
        ("Amazonからのお知らせ", "amazon"),
        ("お客様のAmazonアカウント", "amazon"),
        ("Ａｍａｚｏｎ", "amazon"),
        ("ｱﾏｿﾞﾝ", "amazon"),
        ("AmazonPrime", "amazon"),
        ("えきねっとの自動退会処理", "eki-net"),
        ("eki-net.com", "eki-net"),
        ("JCBカード", "jcb"),
        ("JCB", "jcb"),
        ("ＪＣＢ", "jcb"),
        ("Apple サポート", "apple"),
        ("Apple", "apple"),
        ("ANA マイレージクラブ", "ana"),
        ("LINE公式", "line"),
        ("e-Tax", "nta"),
        ("ヤフー", "yahoo"),
        ("ヤフーの会員", "yahoo"),
        ("お客様のじゃらん", "jalan"),
        ("お客様のニトリ", "nitori"),
        ("三井住友カード株式会社", "smcc"),
        ("楽天", "rakuten"),
        ("イオン会員センター", "aeon"),
        ("Itau", "itau"),
        ("AT&T", "att"),
        ("AT&T Mail", "att"),
        ("Target Customer Service", "target"),
    ],
)
def test_a_name_as_its_brand_writes_it(text: str, id: str) -> None:
    """A plain name is found, is exact, and its place in the text is right."""
    [mention] = INDEX.mentions(text)
    assert (mention.brand, mention.exact) == (id, True)
    assert 0 <= mention.start < mention.end <= len(text)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("A m a z o n", "amazon"),
        ("A・m・a・z・o・n", "amazon"),
        ("Аmazon", "amazon"),
        ("Amaz0n", "amazon"),
        ("arnazon.co.jp", "amazon"),
        ("Am\u200baz\u00adon", "amazon"),
        ("Amazons.co.jp", "amazon"),
        ("アマゾソ", "amazon"),
        ("え き ね っ と", "eki-net"),
        ("え・き・ね・っ・と", "eki-net"),
        ("𝐀𝐦𝐚𝐳𝐨𝐧", "amazon"),
        ("Ⓐⓟⓟⓛⓔ", "apple"),
        ("Аррlе", "apple"),
        ("J C B カード", "jcb"),
        ("ЈСВカード", "jcb"),
        ("アマゾン\u3099"[:4] + "\u200b", "amazon"),
        ("Aamzon", "amazon"),
        ("Amzaon Prime", "amazon"),
        ("Netlfix.", "netflix"),
        ("Netf*ix", "netflix"),
        ("Netfl\ufffdx", "netflix"),
        ("N¥tflix", "netflix"),
        ("🎬 Netf1ix 🎬", "netflix"),
        ("N\u0336e\u0336t\u0336f\u0336l\u0336i\u0336x\u0336", "netflix"),
        ("ΑΤ&Τ", "att"),
    ],
)
def test_a_disguised_name_is_found_and_not_exact(text: str, id: str) -> None:
    """Inserted and look-alike characters do not hide a name, and are told apart from the plain one."""
    mentions = INDEX.mentions(text)
    assert [mention.brand for mention in mentions] == [id]
    assert not mentions[0].exact or "\u200b" in text[mentions[0].end - 1 :]


@pytest.mark.parametrize(
    "text",
    [
        "banana",
        "Hana from Havana",
        "online",
        "on\nline",
        "airline account",
        "オンライン認証",
        "ビッグマックス クーポン",
        "pineapple support",
        "an apple a day",
        "アップルパイの焼き方",
        "ana",
        "Ana Maria",
        "LINE",
        "ライオンカードラリー",
        "jai account support",
        "三井住友海上",
        "the axe taxes",
        "amazonian birds",
        "Disney",
        "豆の蔵 楽天市場店",
        "オリコンライン",
        "I am a zonked man",
        "Maazon",
        "Amazone",
        "cat&table",
        "net*ix",
        "ふるさと納税サポート",
        "フルタイムの会員",
        "新しいものにとりかかる",
        "Netfli? Netf ix",
        "the patch was applied",
        "",
    ],
)
def test_what_only_contains_the_letters_names_nobody(text: str) -> None:
    """Words that hold a brand's letters, ordinary words and names of people are not mentions."""
    assert found(text) == []


def test_the_longest_name_wins() -> None:
    """三井住友カード is the card company and not also the bank."""
    assert found("三井住友カードと三井住友銀行") == ["smcc", "smbc"]


def test_the_share_of_the_text() -> None:
    """A display name that is nothing but the brand says so."""
    assert INDEX.mentions("【Amazon】")[0].alone == 1
    assert INDEX.mentions("Amazon and everything else in the world")[0].alone < 0.3


def test_places_are_those_of_the_text() -> None:
    """What is shown to people is what stands in the mail, however far down."""
    text = "あ" * 5_000 + "A m a z o n" + " " * 3_000 + "えきねっと"
    amazon, ekinet = INDEX.mentions(text)
    assert text[amazon.start : amazon.end] == "A m a z o n"
    assert text[ekinet.start : ekinet.end] == "えきねっと"


def test_a_name_across_the_seam_of_two_windows_is_found() -> None:
    """Long texts are read in pieces; nothing may fall between them."""
    for shift in range(1_010, 1_040):
        assert found("あ" * shift + "Amazon" + "い" * 2_000) == ["amazon"]


def test_many_repetitions_are_one_mention() -> None:
    """A text that repeats a name a hundred thousand times costs and says no more than once."""
    assert len(INDEX.mentions("Amazon " * 20_000)) == 1


def test_no_brands_no_mentions() -> None:
    """An empty registry is a registry."""
    assert BrandIndex([], NAME_WORDS).mentions("Amazon") == ()


PROSE = "We wrote about this to everybody last week, and nobody has answered us until today. "


@pytest.mark.parametrize(
    ("text", "brands"),
    [
        ("the target customers of our account team", []),
        ("Target customers, see your account", ["target"]),
        ("as bob@comcast.net and jim@mail.comcast.net wrote", []),
        ("as bob@comcast.net wrote of his Comcast bill", ["comcast"]),
        ("see support@comcast.net.example for it", ["comcast"]),
        (2 * PROSE + "Aamzon is a slip of the pen", []),
    ],
)
def test_in_prose_words_slips_and_mailboxes_name_nobody(text: str, brands: list[str]) -> None:
    """In a long text an ordinary word in small letters is the word, swapped letters are a slip, and where Bob
    gets his mail is not who writes."""
    assert found(PROSE + text) == brands


def test_a_mailbox_that_is_shown_as_the_name_still_names_the_provider() -> None:
    """A display name that is an address was written to be taken for its owner."""
    assert found("billing@comcast.net") == ["comcast"]


def test_a_name_may_end_in_two_letters_that_look_like_one() -> None:
    """`rn` is compared as `m`, and both letters belong to the name."""
    index = BrandIndex([Brand(id="modern", names=("Casa Modern",))], NAME_WORDS)
    assert [(each.start, each.end) for each in index.mentions("von Casa Modern heute")] == [(4, 15)]


EXCHANGED = BrandIndex(
    [
        brand("smcc", "三井住友カード"),
        brand("nta", "国税庁"),
        brand("tepco", "東京電力", ordinary=["東電"]),
        brand("mercari", "メルカリ"),
        brand("monotaro", "通販のモノタロウ"),
        brand("yucho", "ゆうちょ銀行"),
        brand("rakuten", "楽天"),
    ],
    replace(
        NAME_WORDS,
        exchanged=(
            ("住", "佳"), ("井", "丼"), ("カード", "卡"), ("ル", "ノレ"), ("販", "友反"), ("行", "衍", "彳亍"),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("三丼佳友カード", "smcc"),
        ("三井住友卡 お客様センター", "smcc"),
        ("メノレカリ", "mercari"),
        ("【メ ノ レ カ リ】事務局", "mercari"),
        ("通友反のモノタロウ", "monotaro"),
        ("ゆうちょ銀彳亍", "yucho"),
        ("国税厅からのお知らせ", "nta"),
        ("东京电力のお知らせ", "tepco"),
    ],
)
def test_a_name_with_exchanged_letters_is_found_and_not_exact(text: str, id: str) -> None:
    """A quick reader takes another kanji, or a letter in two pieces, for the one that belongs there."""
    (mention,) = EXCHANGED.mentions(text)
    assert (mention.brand, mention.exact) == (id, False)


def test_a_mention_with_exchanged_letters_ends_where_the_name_ends() -> None:
    """The last letter may be written with two."""
    (mention,) = EXCHANGED.mentions("<ゆうちょ銀彳亍>から")
    assert "<ゆうちょ銀彳亍>から"[mention.start : mention.end] == "ゆうちょ銀彳亍"


@pytest.mark.parametrize("text", ["三井住友卡", "国税厅", "东京电力公司"])
def test_chinese_spelling_is_no_disguise_in_chinese(text: str) -> None:
    """Where no kana stands near, a name in simplified letters is written as its language writes it."""
    assert [mention.exact for mention in EXCHANGED.read(text, "您的账单已生成").mentions] == [True]
    assert [mention.exact for mention in EXCHANGED.read(text, "ご請求のお知らせ").mentions] == [False]


@pytest.mark.parametrize(
    "text", ["このレストラン", "関東電気保安協会 お客様センター", "東電設計株式会社", "三井佳奈", "ノレン"]
)
def test_exchanged_letters_make_no_names_of_other_words(text: str) -> None:
    """Names that are short, and letters of other words, stay what they are."""
    assert EXCHANGED.mentions(text) == ()


NEAR = BrandIndex(
    [
        brand("mercari", "メルカリ"),
        brand("softbank", "ソフトバンク"),
        brand("smcc", "三井住友カード"),
        brand("mastercard", "マスターカード"),
        brand("nec", "日本電気株式会社"),
        brand("netflix", "Netflix"),
        brand("paypay", "PayPay"),
        brand("target", "Target Circle", ordinary=["Target"]),
    ],
    replace(NAME_WORDS, near=("ソフトパンチ", "Netflex")),
)


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("メルカル", "mercari"),
        ("メルカル事務局", "mercari"),
        ("ソフトハンク お客様センター", "softbank"),
        ("三井住カード", "smcc"),
        ("カード・マスター", "mastercard"),
        ("Netflx", "netflix"),
        ("Netfliix Support", "netflix"),
        ("【PeyPay】アカウント", "paypay"),
    ],
)
def test_a_name_that_is_one_letter_away_is_found_and_not_exact(text: str, id: str) -> None:
    """A letter too many, too few or a wrong one does not hide a name that is the only one in a short text."""
    assert [(mention.brand, mention.exact) for mention in NEAR.mentions(text)] == [(id, False)]


@pytest.mark.parametrize(
    "text",
    [
        "メルカド",  # a wrong letter of another row
        "ソフトパンチ",  # a known word
        "ソフトバンド教室",  # something else stands beside it
        "三井信カード",
        "日本電産株式会社",  # another firm, which is as long only by its form
        "Netflex Support",
        "Netflx Nordstrand",
        "netflx",  # as people type an address
        "Tarket",
        "x" * 70 + " Netflx",
    ],
)
def test_what_is_one_letter_away_may_be_another_word(text: str) -> None:
    """Known words, names beside others, ordinary words and small letters are no misspelt names."""
    assert NEAR.mentions(text) == ()


def test_a_word_that_is_also_a_brand_is_known_as_one() -> None:
    """Who asks for the brands of a word gets those whose name counts beside a companion only."""
    assert INDEX.word_brands("Line") == ("line",)
    assert INDEX.word_brands("アナ") == ("ana",)
    assert INDEX.word_brands("Amazon") == ()
    assert INDEX.is_of_trade("貯まったマイレージの確認", "ana")
    assert not INDEX.is_of_trade("貯まった点数の確認", "ana")
