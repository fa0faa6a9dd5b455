"""What the output of a start says about the address to open."""

from pathlib import Path
from typing import Any

import pytest

from autograph_web.serve import addresses_to_use
from tests.support.services.factories import make_settings


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "2001:db8::7"])  # noqa: S104
def test_a_server_that_others_reach_says_how_they_can_use_it(tmp_path: Path, host: str) -> None:
    _, advice = addresses_to_use(make_settings(tmp_path, host=host, port=4000))

    assert "AUTOGRAPH_BASE_URL=http://" in advice
    assert ":4000 " in advice
    assert "0.0.0.0" not in advice  # noqa: S104
    assert host in ("0.0.0.0", "::") or host in advice  # noqa: S104


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"host": "::1"},
        {"host": "0.0.0.0", "base_url": "http://192.168.1.20:3000"},  # noqa: S104
        {"host": "0.0.0.0", "base_url": "https://id.northwind.dev"},  # noqa: S104
    ],
)
def test_others_have_nothing_to_say(tmp_path: Path, given: dict[str, Any]) -> None:
    assert addresses_to_use(make_settings(tmp_path, **given)) == []
