"""Where a page may redirect to."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.http.redirects import HOME_OF_THE_SIGNED_IN, safe_next


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
