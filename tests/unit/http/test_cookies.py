"""Reading the Cookie header."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.http import cookies
from tests.support.services.factories import make_settings

SETTINGS = make_settings(Path("nowhere"))


SECURE = make_settings(Path("nowhere"), base_url="https://accounts.northwind.dev")


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
