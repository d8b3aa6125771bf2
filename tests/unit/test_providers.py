"""Domains that belong to many, by kind."""

from pathlib import Path

import pytest

from sekisho.providers import KINDS, ProviderFileError, load


@pytest.mark.parametrize(
    ("domain", "kind"),
    [
        ("gmail.com", "mailbox"),
        ("yahoo.co.jp", "mailbox"),
        ("ocn.ne.jp", "mailbox"),
        ("docomo.ne.jp", "carrier"),
        ("ezweb.ne.jp", "carrier"),
        ("i.softbank.jp", "carrier"),
        ("u123.ct.sendgrid.net", "redirect"),
        ("em.sendgrid.net", "esp"),
        ("ap-northeast-1.amazonses.com", "esp"),
        ("mpse.jp", "esp"),
        ("_spf.sendgrid.net", "esp"),
        ("_spf.google.com", "cloud"),
        ("_dmarc._spf.example.jp", None),
        ("tenant.onmicrosoft.com", "cloud"),
        ("www5194.sakura.ne.jp", "cloud"),
        ("project.web.app", "cloud"),
        ("bit.ly", "shortener"),
        ("evil-example.translate.goog", "redirect"),
        ("lists.sourceforge.net", "forwarder"),
        ("accountant.com", "mailbox"),
        ("shop.blogspot.co.uk", "cloud"),
        ("duck.com", "alias"),
        ("qa.sneakemail.com", "alias"),
        ("webcenter.anser.or.jp", "on_behalf"),
        ("mail.plusmember.jp", "on_behalf"),
        ("support-brand.zendesk.com", "tenancy"),
        ("circle.so", "tenancy"),
        ("example.com", None),
        ("Gmail.com", "mailbox"),
        ("someone.docomo.ne.jp", "carrier"),
        ("wdy.docomo.ne.jp", None),
        ("mail.yahoo.co.jp", None),
        ("example.jp", None),
        ("notgmail.com", None),
        ("com", None),
        ("", None),
        ("\udc80", None),
    ],
)
def test_the_kind_of_a_domain(domain: str, kind: str | None) -> None:
    """The longest entry decides; a name that only ends alike is nobody's."""
    assert load().kind(domain) == kind


def test_the_shipped_list_knows_every_kind() -> None:
    """Each kind has entries, hundreds in all."""
    kinds = list(load().kinds.values())
    assert set(kinds) == {*KINDS, "none"}
    assert len(kinds) > 1_000


def test_a_site_adds_and_takes_out(tmp_path: Path) -> None:
    """The overlay wins; what it calls `none` belongs to one organisation."""
    file = tmp_path / "providers.toml"
    file.write_text('[mailbox]\nown = ["mail.example.jp"]\n[none]\nours = ["gmail.com"]\n', "utf-8")
    table = load(overlay=file)
    assert table.kind("mail.example.jp") == "mailbox"
    assert table.kind("gmail.com") is None


def test_every_fault_is_named(tmp_path: Path) -> None:
    """Unknown tables, things that are no domains, and one domain of two kinds are refused together."""
    file = tmp_path / "providers.toml"
    file.write_text(
        '[post]\na = []\n[esp]\na = ["Bad Name", "x.jp"]\nb = "x.jp"\n[cloud]\na = ["x.jp"]\n', "utf-8"
    )
    with pytest.raises(ProviderFileError) as caught:
        load(file)
    assert len(caught.value.faults) == 4
    with pytest.raises(ProviderFileError):
        load(tmp_path / "none.toml")


def test_pages_that_redirect(tmp_path: Path) -> None:
    """They stand with their domain and change nothing of its kind; a site adds pages and takes them out."""
    table = load()
    assert set(table.redirect_pages("youtube.com")) == {"/redirect", "/attribution_link"}
    assert table.redirect_pages("example.jp") == ()
    assert table.kind("youtube.com") != "redirect"
    file = tmp_path / "providers.toml"
    file.write_text('[redirect]\na = ["forum.example/out"]\n[none]\nb = ["youtube.com/redirect"]\n', "utf-8")
    own = load(overlay=file)
    assert own.redirect_pages("forum.example") == ("/out",)
    assert own.redirect_pages("youtube.com") == ("/attribution_link",)


def test_only_redirects_have_pages(tmp_path: Path) -> None:
    """A mailbox at a path means nothing."""
    file = tmp_path / "providers.toml"
    file.write_text('[mailbox]\na = ["mail.example/inbox"]\n', "utf-8")
    with pytest.raises(ProviderFileError):
        load(file)


def test_an_overlay_need_not_be_there(tmp_path: Path) -> None:
    """A folder of words without a file of providers is the rule."""
    assert load(overlay=tmp_path / "none.toml").kinds == load().kinds


def test_no_place_is_closed_and_open() -> None:
    """A platform that anybody joins may not stand among the closed ones: all its tenants would be believed."""
    kinds = load().kinds
    closed = {domain for domain, kind in kinds.items() if kind == "on_behalf"}
    open_hosts = {
        "zendesk.com",
        "docusign.net",
        "tablecheck.com",
        "peatix.com",
        "substack.com",
        "googlegroups.com",
    }
    assert closed.isdisjoint(open_hosts)
    assert all(load().kind(each) in ("tenancy", "cloud") for each in open_hosts)
