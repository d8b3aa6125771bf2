"""What must hold for every address field, hostile ones included."""

from __future__ import annotations

from email.utils import getaddresses

from hypothesis import example, given
from hypothesis import strategies as st

from sekisho.address import addresses_in, hosts_in, parse, split_path
from sekisho.address.tokens import Lexer

PIECES = st.sampled_from(
    [
        '"',
        "\\",
        "(",
        ")",
        "<",
        ">",
        "@",
        ",",
        ";",
        ":",
        "[",
        "]",
        ".",
        " ",
        "\r\n ",
        "\0",
        "\x1b$B",
        "\x1b(B",
        "\udc83",
        "\u200b",
        "\u202e",
        "a",
        "b.jp",
        "user@example.jp",
        "=?utf-8?Q?a=40b.jp?=",
        "株式会社",
        "＠",
        "。",
        "<x@y.cn>",
    ]
)
HOSTILE = st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join))
ATOM = st.text("abcdefghijklmnopqrstuvwxyz0123456789_+=-", min_size=1, max_size=12)
LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
LOCAL = st.builds(".".join, st.lists(st.one_of(ATOM, st.just("")), min_size=2, max_size=3)).filter(
    lambda s: s.strip(".")
)
DOMAIN = st.builds(
    lambda head, tld: ".".join([*head, tld]),
    st.lists(LABEL, min_size=1, max_size=3),
    st.sampled_from(["jp", "com"]),
)
ODD_DOMAIN = st.sampled_from(
    ["192.0.2.1", "localhost", "a-.jp", "-a.jp", "a..jp", "a.jp.", f"{'a' * 64}.jp", "a.1a"]
)
NAME = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=20)


@given(HOSTILE)
def test_nothing_raises_and_no_author_goes_unexplained(value: str) -> None:
    """A field gives exactly one mailbox, or a problem that says why not. The text helpers accept any text."""
    found = parse(value)
    assert len(found.mailboxes) == 1 or found.problems
    assert len({code for code, _ in found.problems}) == len(found.problems)
    addresses_in(value)
    hosts_in(value)
    split_path(value)


@given(HOSTILE)
def test_tokens_lose_nothing(value: str) -> None:
    """The tokens joined are the field: no character is skipped or read twice."""
    assert "".join(token.raw for token in Lexer(value).tokens()) == value


@given(HOSTILE)
def test_a_clean_field_has_one_bracket_and_one_reading(value: str) -> None:
    """The domain of a field without problems stands in the field, right after the last unquoted `@`."""
    found = parse(value)
    if not found.problems:
        (mailbox,) = found.mailboxes
        assert mailbox.domain
        assert mailbox.raw in value
        assert mailbox.raw.lower().removesuffix(".").endswith("@" + mailbox.domain)


@example('"a\\b" ', "a", "b.jp")
@given(
    st.one_of(st.just("a"), st.lists(PIECES, max_size=4).map("".join)), LOCAL, st.one_of(DOMAIN, ODD_DOMAIN)
)
def test_the_short_way_and_the_long_way_agree(name: str, local: str, domain: str) -> None:
    """The fast pattern and the full parser agree: an empty comment after the address forces the full parser."""
    field = f"{name}<{local}@{domain}>"
    found = parse(field)
    assert found.problems or found == parse(field + "()")


@given(
    NAME,
    LOCAL,
    DOMAIN,
    st.sampled_from(["{n} <{a}>", '"{n}" <{a}>', "{n}<{a}>", "{a} ({n})", "{n}\r\n <{a}>", "{n} <{a}>,"]),
)
def test_every_plain_address_is_clean(name: str, local: str, domain: str, form: str) -> None:
    """Names of letters and digits, and local parts with dots anywhere, have no problem in any ordinary form."""
    found = parse(form.format(n=name, a=f"{local}@{domain}"))
    assert found.problems == ()
    assert [(each.name, each.local, each.domain) for each in found.mailboxes] == [(name, local, domain)]


@given(
    LOCAL,
    DOMAIN,
    LOCAL,
    DOMAIN,
    st.sampled_from(
        [
            "{0}, {1}",
            "<{0}>, <{1}>",
            "{0} <{1}>",
            "<{0}> {1}",
            "<{0}> <{1}>",
            "{0} {1}",
            "({0}) {1}",
            "{0} ({1})",
            '"{0}"@{2}',
            "<{0}> ({1})",
            "<{0}>;<{1}>",
            "x\\<{0}> <{1}>",
            "<{0}\0{1}>",
            "({0} <{1}>",
        ]
    ),
)
def test_two_addresses_are_never_clean(one: str, first: str, two: str, second: str, form: str) -> None:
    """A field with a second, different address outside a quoted name has a problem."""
    if f"{one}@{first}" != f"{two}@{second}":
        assert parse(form.format(f"{one}@{first}", f"{two}@{second}", second)).problems


@given(st.lists(PIECES, max_size=9).map("".join))
def test_another_parser_names_no_other_domain(value: str) -> None:
    """In a field without problems, Python's own parser finds no author at another domain."""
    found = parse(value)
    if not found.problems:
        others = getaddresses([value.replace("\r\n", "")])
        domains = {
            address.rpartition("@")[2].lower().rstrip(".>, ;") for _, address in others if "@" in address
        }
        assert domains <= {found.mailboxes[0].domain}


@given(LOCAL, DOMAIN)
def test_paths_of_plain_addresses(local: str, domain: str) -> None:
    """Quoted or not, bracketed or not, a plain address has no problem."""
    for form in ("{}@{}", "<{}@{}>", '"{}"@{}', '<"{}"@{}>'):
        path = split_path(form.format(local, domain))
        assert (path.local, path.domain, path.problems) == (local, domain, ())


@given(NAME.filter(str.isascii), LOCAL.filter(lambda s: s[0] != "."), DOMAIN)
def test_an_address_in_a_name_is_found_in_any_width(name: str, local: str, domain: str) -> None:
    """An address in full-width letters is found like one in ASCII."""
    plain = f"{local}@{domain}".lower()
    wide = "".join(chr(ord(char) + 0xFEE0) for char in plain)
    assert addresses_in(plain) == addresses_in(wide) == (plain,)
    assert addresses_in(f"{name} {wide} {name}") == (plain,)
