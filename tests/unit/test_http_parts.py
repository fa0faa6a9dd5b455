"""Redirect targets, client addresses, and reading cookies."""

from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.http import cookies
from autograph_web.http.forwarded import client_of
from autograph_web.http.redirects import HOME_OF_THE_SIGNED_IN, safe_next
from tests.support.factories import make_settings

SETTINGS = make_settings(Path("nowhere"))
SECURE = make_settings(Path("nowhere"), base_url="https://accounts.northwind.dev")


@pytest.mark.parametrize(
    "target",
    ["/", "/dashboard", "/dashboard?tab=1&x=y#z", "/a/b/../c", "/search?q=https://x.dev", "/caf\u00e9"],
)
def test_a_page_of_ours_is_a_way_on(target: str) -> None:
    assert safe_next(target) == target


ATTACKS = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\\/evil.example",
    "https://evil.example",
    "https:evil.example",
    "http:/evil.example",
    "//evil.example/%2f..",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "evil.example",
    "@evil.example",
    ".evil.example",
    "/\t/evil.example",
    "/\r/evil.example",
    "/\n/evil.example",
    "\t//evil.example",
    "\n//evil.example",
    " //evil.example",
    "/ /evil.example",
    "\x00//evil.example",
    "/\x00/evil.example",
    "/\x0b/evil.example",
    "\u200b//evil.example",
    "/\u2028/evil.example",
    "\u3000//evil.example",
    "/dashboard\r\nSet-Cookie: x=y",
    "/a\\b",
    "/\\\t/evil.example",
    "?next=//x",
    "#x",
    "",
    "/login",
    "/login?next=/login",
    "/register",
    "/session/end",
    "/" + "a" * 512,
    "//[::1]/",
    "/\ud800",
]


@pytest.mark.parametrize("target", ATTACKS)
def test_anything_else_leads_home(target: str) -> None:
    assert safe_next(target) == HOME_OF_THE_SIGNED_IN


@pytest.mark.parametrize("target", [None, 7, b"/dashboard", ["/dashboard"], {}])
def test_what_is_no_text_leads_home(target: object) -> None:
    assert safe_next(target) == HOME_OF_THE_SIGNED_IN


@given(st.text() | st.text("/\\.:@?#\t\n\r aeijlv%0\u2044\uff0f", max_size=20).map(lambda tail: f"/{tail}"))
def test_a_way_on_never_leaves_the_site(target: str) -> None:
    chosen = safe_next(target)
    seen = urlsplit(urljoin("https://accounts.northwind.dev/login", chosen))

    assert chosen[0] == "/"
    assert chosen[1:2] not in ("/", "\\")
    assert (seen.scheme, seen.netloc) == ("https", "accounts.northwind.dev")
    assert chosen.isprintable()


@pytest.mark.parametrize(
    ("peer", "forwarded", "hops", "address"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("192.0.2.1", "198.51.100.1", 0, "192.0.2.1"),
        ("[2001:db8::1]", "", 0, "2001:db8::1"),
        ("2001:DB8:0::1", "", 0, "2001:db8::1"),
        ("", "198.51.100.1", 0, "unknown"),
        ("unix:", "", 0, "unknown"),
        ("10.0.0.1", "198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", 1, "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.9, 198.51.100.1, 10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", " 198.51.100.1 ,10.0.0.2", 2, "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::2]", 1, "2001:db8::2"),
        ("10.0.0.1", "", 1, "unknown"),
        ("10.0.0.1", "198.51.100.1", 2, "unknown"),
        ("10.0.0.1", "198.51.100.1, nonsense", 1, "unknown"),
        ("10.0.0.1", "198.51.100.1,", 1, "unknown"),
    ],
)
def test_only_what_trusted_proxies_added_counts(peer: str, forwarded: str, hops: int, address: str) -> None:
    assert client_of(peer, [forwarded] if forwarded else [], hops).ip == address


HEADERS = st.sampled_from(["x-forwarded-for", "forwarded"])
GARBAGE = st.text() | st.text(',;="\\ :[]%for1.', max_size=60)


@given(st.text(), GARBAGE, st.integers(0, 3), HEADERS)
def test_there_is_an_address_for_everything(peer: str, forwarded: str, hops: int, header: str) -> None:
    assert client_of(peer, [forwarded], hops, header).ip


@given(GARBAGE, st.sampled_from(["192.0.2.1", "2001:db8::1"]), HEADERS)
def test_without_proxies_a_header_changes_nothing(forwarded: str, peer: str, header: str) -> None:
    assert client_of(peer, [forwarded], 0, header).ip == peer


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("autograph_session=abc", "abc"),
        ("a=b; autograph_session=abc; c=d", "abc"),
        ('autograph_session="abc"', "abc"),
        ("autograph_session=", ""),
        ("", None),
        ("autograph_sessio=abc", None),
        ("__Host-autograph_session=abc", None),
        ("a" * 16_385, None),
    ],
)
def test_a_session_cookie_is_found_under_its_name(header: str, value: str | None) -> None:
    assert cookies.session_cookie(SETTINGS, header) == value


def test_on_https_a_cookie_is_found_under_its_prefixed_name_only() -> None:
    assert cookies.session_cookie(SECURE, "__Host-autograph_session=abc") == "abc"
    assert cookies.session_cookie(SECURE, "autograph_session=abc") is None


@given(st.text() | st.text('autogrph_sein=;", \\\t', max_size=60))
def test_no_cookie_header_breaks_the_reader(header: str) -> None:
    value = cookies.session_cookie(SETTINGS, header)
    assert value is None or "autograph_session" in header
