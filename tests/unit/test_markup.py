"""HTML and plain text: what their reader sees, and where their links lead."""

import pytest

from sekisho.markup import Anchor, parse, text_links


def test_blocks_are_lines_and_cells_are_apart() -> None:
    """Words of different blocks or cells never run together. Line ends in the source are spaces."""
    read = parse("<p>one\ntwo</p><div>three<br>four</div><table><tr><td>a</td><td>b</td></tr></table>")
    assert read.text == "one two\nthree\nfour\na b"


def test_inline_tags_do_not_break_words() -> None:
    """A brand's name with tags inside is still that name."""
    assert parse("Ama<b>zo</b><span>n</span>").text == "Amazon"


def test_scripts_styles_and_comments_are_not_text() -> None:
    """`text` holds what is shown; the title is a field of its own."""
    read = parse("<title>T &amp; U</title><style>p{}</style><script src=/s.js>x</script><!--c--><p>seen")
    assert (read.text, read.title, read.scripts) == ("seen", "T & U", 1)


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "visibility:hidden",
        "font-size:0",
        "font-size:1px",
        "font:0/0 a",
        "opacity:0",
        "opacity:0.0",
        "color:#fff;background-color:#FFFFFF",
        "color:white;background:rgb(255, 255, 255) none",
        "color:transparent",
        "mso-hide:all",
        "max-height:0px",
        "height:0;overflow:hidden",
        "position:absolute;left:-9999px",
        "text-indent:-9999px",
        "dis/* */play:none;display:/**/none",
    ],
)
def test_text_hidden_by_style_is_kept_apart(style: str) -> None:
    """Text that inline style hides is in `hidden`, and never in `text`."""
    read = parse(f'<p>seen<span style="{style}">veiled <b>deep</b></span></p>')
    assert (read.text, read.hidden) == ("seen", "veiled deep")


@pytest.mark.parametrize(
    "style",
    [
        "display:inline-block",
        "font-size:10px",
        "opacity:0.5",
        "color:#000;background:#fff",
        "max-height:100px",
        "height:0",
        "background:none",
        "border:none",
        "margin:0;padding:0",
        "line-height:0",
        "text-decoration:none;color:#0000ee",
        "margin-left:-20px",
    ],
)
def test_ordinary_style_hides_nothing(style: str) -> None:
    """Text with the styles of ordinary newsletters is visible."""
    read = parse(f'<p style="{style}">seen</p>')
    assert (read.text, read.hidden) == ("seen", "")


def test_a_child_may_be_seen_again() -> None:
    """A paragraph with its own size inside a cell of `font-size:0` is visible; inside `display:none` it is not."""
    cell = '<td style="font-size:0">x<p style="font-size:14px">seen</p></td>'
    assert parse(f"<table><tr>{cell}</tr></table>").text == "seen"
    gone = '<div style="display:none"><p style="display:block;font-size:14px">veiled</p></div>'
    assert parse(gone).text == ""


def test_the_hidden_attribute_hides() -> None:
    """The HTML attribute `hidden` hides."""
    assert parse("<p hidden>veiled</p>").hidden == "veiled"


def test_links_with_their_words() -> None:
    """Every kind of link is found, with the text that is shown for it; for an image, its alternative text."""
    read = parse(
        '<a href=" https://a.example/\n1 ">Log <b>in</b></a>'
        '<a href="https://b.example"><img src="https://i.example/x.png" alt="Pay now"></a>'
        '<map><area href="https://c.example" alt="here"></map>'
        '<form action="https://d.example"><input type=password></form>'
        '<meta http-equiv="Refresh" content="0; URL=\'https://e.example\'">'
        '<a href="#top">up</a><img src="cid:1" alt="logo">'
    )
    assert read.anchors == (
        Anchor("https://a.example/1", "Log in", "a"),
        Anchor("https://i.example/x.png", "Pay now", "image"),
        Anchor("https://b.example", "Pay now", "a"),
        Anchor("https://c.example", "here", "area"),
        Anchor("https://d.example", "", "form"),
        Anchor("https://e.example", "", "meta"),
    )
    assert (read.forms, read.passwords, [image.source for image in read.images]) == (
        1,
        1,
        ["https://i.example/x.png", "cid:1"],
    )


def test_base_leads_relative_links() -> None:
    """`base href` decides where a relative link leads."""
    read = parse('<base href="https://evil.example/x/"><a href="login">https://bank.example</a>')
    assert read.anchors == (Anchor("https://evil.example/x/login", "https://bank.example", "a"),)


def test_a_bare_url_in_html_is_a_link_but_a_links_words_are_not() -> None:
    """A bare URL in HTML text is a link, as mail programs show it. Inside a link it leads where the link leads."""
    read = parse('<p>see http://bare.example/x.</p><a href="https://real.example">http://shown.example</a>')
    assert [(anchor.target, anchor.kind) for anchor in read.anchors] == [
        ("http://bare.example/x", "text"),
        ("https://real.example", "a"),
    ]


def test_links_are_bounded_and_the_bound_is_told() -> None:
    """Equal links count once, and links over the limit are a problem."""
    html = "".join(f"<a href='https://x{number}.example'>x</a>" * 2 for number in range(12))
    assert len(parse(html).anchors) == 12
    read = parse(html, max_links=10)
    assert (len(read.anchors), read.problems) == (10, ("limit.links",))


def test_an_unfinished_link_ends_at_the_next() -> None:
    """Each link has its own text."""
    assert [a.text for a in parse("<a href=//a>one <a href=//b>two").anchors] == ["one", "two"]


def test_what_is_too_large_for_the_tree_is_still_read() -> None:
    """Text and links beyond the part for the tree builder are found, and `markup.coarse` says so."""
    html = (
        "<p>x</p>" * 20_000
        + '<!-- <b> --><style>a{}</style><div>end &amp; <a href="https://late.example">l</a>'
    )
    read = parse(html)
    assert read.problems == ("markup.coarse",)
    assert read.text.endswith("end & l")
    assert read.anchors == (Anchor("https://late.example", "l", "a"),)


def test_hostile_depth_and_size_are_survived() -> None:
    """After 100,000 levels, reopened formatting or 10 MB of `<a`, the text that follows is still found."""
    assert "deep" in parse("<div>" * 100_000 + "deep").text
    assert (
        "deep" in parse("<p>" + "".join(f"<b a={n}>" for n in range(2000)) + "</p><p>x" * 2000 + "deep").text
    )
    parse("<a" * 5_000_000)


def test_formatting_that_is_renamed_still_hides() -> None:
    """Text and links stay the same when formatting tags are renamed to `span`."""
    html = "<p>" + "<b>x</b>" * 1000 + '<font style="display:none">veiled</font><strong>seen</strong>'
    read = parse(html)
    assert read.text.endswith("xseen")
    assert read.hidden == "veiled"


def test_preformatted_text_keeps_its_lines() -> None:
    """Line ends in `pre` are line ends of the text."""
    assert parse("<pre>a\n  b</pre>").text == "a\nb"


def test_lone_surrogates_are_no_error() -> None:
    """A string with lone surrogates, which UTF-8 cannot hold, is read."""
    assert parse("a\ud800b").text.startswith("a")


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("詳しくはhttps://example.jp/a?b=1をご覧ください", ["https://example.jp/a?b=1"]),
        ("（https://example.jp/）。", ["https://example.jp/"]),
        ("「http://example.jp」", ["http://example.jp"]),
        ("<https://example.jp/x>, or (http://b.jp/y_(z)).", ["https://example.jp/x", "http://b.jp/y_(z)"]),
        ("www.example.jp/に", ["http://www.example.jp/"]),
        ("ｈｔｔｐｓ：／／ｅｖｉｌ．ｅｘａｍｐｌｅ／ａ を", ["https://evil.example/a"]),
        ("https：／／evil.example", ["https://evil.example"]),
        ("https://日本語.jp/x を", ["https://日本語.jp/x"]),
        ("https://xn--eckwd4c7c.jp、", ["https://xn--eckwd4c7c.jp"]),
        ("http://аmazon.example/ cyrillic", ["http://аmazon.example/"]),
        ("HTTPS://EXAMPLE.JP/A", ["HTTPS://EXAMPLE.JP/A"]),
        ("http://を参照", []),
        ("mail@www.example.jp xwww.example.jp", []),
        ("http://a.example http://a.example", ["http://a.example"]),
        ('"http://a.example/q">', ["http://a.example/q"]),
        ("http://[2001:db8::1]/x", ["http://[2001:db8::1]/x"]),
        ("https://user:pw@a.example:8443/#f!", ["https://user:pw@a.example:8443/#f"]),
    ],
)
def test_urls_in_text_end_where_their_reader_ends_them(text: str, urls: list[str]) -> None:
    """A URL ends where Japanese text follows without a space, and before the punctuation of the sentence."""
    assert list(text_links(text)) == urls


def test_urls_in_text_are_bounded() -> None:
    """No more links are given than asked for."""
    assert len(text_links(" ".join(f"http://h{n}.example" for n in range(50)), 7)) == 7


@pytest.mark.parametrize(
    ("html", "cuts"),
    [
        ('Ama<span style="font-size:0">qx</span>zon', 1),
        ('A<i style="display:none">1</i>m<i style="display:none">2</i>azon', 2),
        ('<div style="display:none">Preheader</div><p>Amazon</p>', 0),
        ('Amazon <span style="display:none">x</span>Prime', 0),
        ('<td>Amazon</td><td style="display:none">x</td><td>Prime</td>', 0),
    ],
)
def test_unseen_text_within_a_word_is_counted(html: str, cuts: int) -> None:
    """Hidden text inside a word counts as a cut; a hidden preheader does not."""
    assert parse(html).cuts == cuts


@pytest.mark.parametrize(
    ("html", "gap"),
    [
        ("<p>a</p>" + "<br>" * 80 + "<p>b</p>", 80),
        ("<p>a</p>" + "<div>&nbsp;</div>" * 80 + "<p>b</p>", 80),
        ("<p>a</p>" + "<br>" * 80, 0),
        ("<p>line</p>" * 80, 1),
    ],
)
def test_the_longest_run_of_empty_lines_is_measured(html: str, gap: int) -> None:
    """`gap` counts the empty lines between two lines with text. A nested block adds a line or two."""
    assert parse(html).gap in range(gap, 2 * gap + 3)


@pytest.mark.parametrize(
    ("html", "quoted"),
    [
        ("<p>a  b</p><blockquote>q  1<p>q2</p></blockquote><p>after", ["q 1\nq2"]),
        ("<blockquote>only</blockquote>", ["only"]),
        ("x<blockquote><blockquote>in</blockquote>out</blockquote>y<blockquote> </blockquote>", ["in\nout"]),
        ("z<blockquote>not closed", ["not closed"]),
        ("<p>none", []),
    ],
)
def test_quotations_are_ranges_of_the_text(html: str, quoted: list[str]) -> None:
    """A `blockquote` is told by its range, nested ones by the outer one, and an empty one not at all."""
    read = parse(html)
    assert [read.text[start:end] for start, end in read.quotes] == quoted
