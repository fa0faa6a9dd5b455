"""Addresses as they are typed and pasted."""

import pytest

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
