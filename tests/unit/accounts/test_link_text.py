"""Links after mail programs, gateways and clipboards have altered them."""

import string
from urllib.parse import quote

import pytest

from autograph_web.accounts.errors import LinkUnknown
from autograph_web.accounts.link_text import read_token

PAGE = "https://id.northwind.dev/verify-email"
PLAIN = "Zk3-aB_9xQ7Lm0PpRr5TtVvWwYy1234567890AbCd_-"
TOKENS = (
    PLAIN,
    "3D" + PLAIN[2:],
    "-" * 43,
    "_" + PLAIN[1:-1] + "_",
    "token" + PLAIN[5:],
)
LEFT = (
    "{token}",
    " {token}\r\n",
    "{page}#token={token}",
    "{page}/#token={token}",
    "#token={token}",
    *(
        f"{{page}}#token={{token}}{end}"
        for end in (".", ",", ">", ">.", '"', "'", ")", "”", "…", "*", "\u200b", "&amp;")
    ),
    "<{page}#token={token}>",
    "({page}#token={token}).",
    "{page}#token=<{token}>",
    "{page}%23token={token}",
    "{page}%23token%3D{token}",
    "{page}%2523token%253D{token}",
    "{page}#token=3D{token}",
    "{page}#token=3D{half}=\r\n{rest}",
    "{page}#token={half}=\n{rest}",
    "> {page}#token={half}\r\n> {rest}\r\n> If it wasn't you, do nothing.",
    "{page}#tok\r\nen={half} {rest}",
    "Verify your email: {page}#token={token}\n\nIt works once, for 24 hours.\n",
    "\ufeff{page}#token={half}\u00ad{rest}",
)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("left", LEFT)
def test_the_token_is_found_in_what_became_of_its_link(left: str, token: str) -> None:
    text = left.format(page=PAGE, token=token, half=token[:20], rest=token[20:])
    assert read_token(text) == token


@pytest.mark.parametrize("token", TOKENS)
def test_the_token_is_found_in_the_link_of_a_gateway(token: str) -> None:
    link = quote(f"{PAGE}#token={token}", safe="")
    for gateway in (
        f"https://eur01.safelinks.example/?url={link}&data=05%7C02%7Cmina%40northwind.dev&reserved=0",
        f"https://links.example/url?q={link}&source=gmail&ust=1700000000&usg=AOvVaw0",
        f"https://links.example/v2/url?u={quote(link, safe='')}&d=DwMF",
    ):
        assert read_token(gateway) == token


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#token=",
        PAGE,
        f"{PAGE}#token={PLAIN[:42]}",
        PLAIN[:42],
        PLAIN + "A",
        "é" * 43,
        "%" * 43,
        "x" * 100_000,
        f"{PAGE}#token={'.' * 9000}{PLAIN}",
    ],
)
def test_where_there_is_no_token_none_is_found(text: str) -> None:
    with pytest.raises(LinkUnknown):
        read_token(text)


def test_what_was_drawn_to_a_token_is_cut_off() -> None:
    assert read_token(f"{PAGE}#token={PLAIN}{string.ascii_letters}") == PLAIN
