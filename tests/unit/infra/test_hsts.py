"""The value of `Strict-Transport-Security`, and where it is not sent."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.services.factories import make_settings

NAMED = "https://id.northwind.dev"


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("off", ""),
        (" OFF ", ""),
        ("max-age=0", "max-age=0"),
        ("max-age=300", "max-age=300"),
        ("Max-Age = 31536000 ;includesubdomains", "max-age=31536000; includeSubDomains"),
        (
            "max-age=63072000; preload; includeSubDomains",
            "max-age=63072000; includeSubDomains; preload",
        ),
    ],
)
def test_the_operator_chooses(tmp_path: Path, given: str, sent: str) -> None:
    assert make_settings(tmp_path, base_url=NAMED, hsts=given).strict_transport == sent


@pytest.mark.parametrize(
    "given",
    [
        *("", "on", "includeSubDomains", "max-age", "max-age=", "max-age=-1", "max-age=1y", "max-age=\u0661"),
        *("max-age=1; max-age=2", "max-age=1;", "max-age=1; nonsense", "max-age=1\r\nX: y"),
        *("max-age=31536000; preload", "max-age=300; includeSubDomains; preload"),
    ],
)
def test_what_browsers_would_not_understand_is_refused(tmp_path: Path, given: str) -> None:
    with pytest.raises(ValidationError):
        make_settings(tmp_path, hsts=given)


@pytest.mark.parametrize(
    ("base_url", "sent"),
    [
        (NAMED, "max-age=31536000"),
        ("http://id.northwind.dev", ""),
        ("https://localhost:8443", ""),
        ("https://auth.localhost", ""),
        ("https://127.0.0.1:8443", ""),
        ("https://203.0.113.9", ""),
        ("https://[2001:db8::1]:8443", ""),
    ],
)
def test_by_default_a_year_for_this_name_and_never_for_an_address(
    tmp_path: Path, base_url: str, sent: str
) -> None:
    assert make_settings(tmp_path, base_url=base_url).strict_transport == sent
