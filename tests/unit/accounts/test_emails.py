"""Addresses as they are typed and pasted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.accounts.emails import normalize_email, parse_email, read_email
from autograph_web.accounts.errors import EmailInvalid
from autograph_web.infra.mail_addresses import RESERVED_DOMAINS

EMAIL = "mina@northwind.dev"
PASTED = (
    EMAIL,
    f"\u200b{EMAIL}",
    "ｍｉｎａ＠ｎｏｒｔｈｗｉｎｄ．ｄｅｖ",
    "mailto:%EF%BD%8Dina@northwind.dev",
    f"\ufeff{EMAIL}\u00a0",
    f"\u202a{EMAIL}\u202c",
    f"{EMAIL}\u2060\u200d",
    "mina@\u00adnorthwind\u200b.dev",
    f"\u3000{EMAIL}\r\n",
    f"mailto:{EMAIL}",
    f"MAILTO:{EMAIL}?subject=Hello&body=x%3Cy%3E",
    "mailto:mina%40northwind.dev",
    f"<{EMAIL}>",
    f"Mina North <{EMAIL}>",
    f'"North, Mina" <{EMAIL}>;',
    f"<mailto:{EMAIL}>",
    f" Mina <\u200b{EMAIL} > ",
)


@pytest.mark.parametrize("pasted", PASTED)
def test_every_reader_takes_an_address_for_the_same(pasted: str) -> None:
    assert read_email(pasted) == EMAIL
    assert parse_email(pasted).text == EMAIL
    assert normalize_email(pasted) == EMAIL


@pytest.mark.parametrize(
    "text",
    ["a@x.dev <b@x.dev>", "<a@x.dev> <b@x.dev>", "<>", "mailto:", "<mina>", "a@x.dev,b@x.dev", "\u200b"],
)
def test_what_is_no_one_address_is_refused(text: str) -> None:
    if text.startswith("a@x.dev <"):
        assert read_email(text) == "b@x.dev"  # a name may look like an address, as mail programs write it
        return
    with pytest.raises(EmailInvalid):
        parse_email(text)


@pytest.mark.parametrize(
    "domain", ["home.arpa", "nas.home.arpa", "corp.test", "test", "localhost", "x.invalid"]
)
def test_reserved_names_are_taken_where_an_operator_allows_them(domain: str) -> None:
    with pytest.raises(EmailInvalid):
        parse_email(f"mina@{domain}")
    allowed = ("home.arpa", "test", "localhost", "x.invalid")
    assert parse_email(f"mina@{domain}", allowed).key == f"mina@{domain}"


@pytest.mark.parametrize("domain", ["10.in-addr.arpa", "evilhome.arpa", "nohost", "x.onion", "y.invalid"])
def test_allowing_some_reserved_names_allows_no_other(domain: str) -> None:
    with pytest.raises(EmailInvalid):
        parse_email(f"mina@{domain}", ("home.arpa", "test", "localhost", "x.invalid"))


def test_every_reserved_name_is_refused_at_first() -> None:
    for name in RESERVED_DOMAINS:
        with pytest.raises(EmailInvalid):
            parse_email(f"mina@x.{name}")
    assert parse_email("mina@nas.local").key == "mina@nas.local"
    assert parse_email("mina@corp.internal").key == "mina@corp.internal"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mina@northwind.dev", "mina@northwind.dev"),
        (" Mina@Northwind.DEV ", "Mina@northwind.dev"),
        ("mina+news@northwind.dev", "mina+news@northwind.dev"),
        ("mína@bücher.example.com", "mína@bücher.example.com"),
        ("mina@xn--bcher-kva.example.com", "mina@bücher.example.com"),
        ("mina@home.local", "mina@home.local"),
    ],
)
def test_an_address_is_kept_as_it_was_written(text: str, shown: str) -> None:
    assert parse_email(text).text == shown


@pytest.mark.parametrize(
    "text",
    ["", " ", "mina", "mina@", "@northwind.dev", "a@b@c.dev", "a b@northwind.dev", "mina@northwind",
     "mina@localhost", "mina@-x.dev", "mina@x..dev", ".mina@x.dev", "mina@[127.0.0.1]", '"a b"@x.dev',
     "mina@x.dev\r\nBcc: all@x.dev", "mina\0@x.dev",
     "mina@" + "a" * 64 + ".dev", "mina@" + "a." * 160 + "dev", "\ud800@x.dev"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(EmailInvalid):
        parse_email(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MINA@X.DEV", "mina@x.dev"),
        ("ｍｉｎａ@x.dev", "mina@x.dev"),
        ("STRAẞE@x.dev", "straße@x.dev"),
        ("mina＠x.dev", "mina@x.dev"),
        ("é@x.dev", "e\u0301@x.dev"),
        ("ΣΊΣΥΦΟΣ@x.dev", "σίσυφοσ@x.dev"),
        ("ﬁnn@x.dev", "finn@x.dev"),
        ("\t mina@x.dev\n", "mina@x.dev"),
    ],
)
def test_spellings_of_one_address_are_the_same(one: str, other: str) -> None:
    assert normalize_email(one) == normalize_email(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mina@x.dev", "mina@y.dev"),
        ("mına@x.dev", "mina@x.dev"),
        ("straße@x.dev", "strasse@x.dev"),
        ("mina@faß.de", "mina@fass.de"),
    ],
)
def test_different_addresses_stay_different(one: str, other: str) -> None:
    assert normalize_email(one) != normalize_email(other)


@given(st.text(max_size=400))
def test_what_is_folded_is_fit_for_a_database(text: str) -> None:
    folded = normalize_email(text)

    assert len(folded) <= 320
    assert "\0" not in folded
