"""Session cookies: composed and parsed."""

from base64 import urlsafe_b64encode
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograph_web.infra.randomness import SystemRandomness
from autograph_web.sessions.cookies import CookieParts, new_cookie, read_cookie


def test_a_cookie_can_be_taken_apart() -> None:
    user, session = uuid4(), uuid4()
    value, digest = new_cookie(user, session, SystemRandomness())

    assert read_cookie(value) == CookieParts(user.hex, session.hex, digest)


@pytest.mark.parametrize(
    "value", ["", "A" * 85, "A" * 87, "A" * 85 + "=", "A" * 85 + "B", "é" * 86, "+" * 86]
)
def test_what_is_no_cookie_of_ours_has_no_parts(value: str) -> None:
    assert read_cookie(value) is None


@given(st.text(max_size=100) | st.text("ABCabc_-=09", min_size=86, max_size=86))
def test_a_cookie_has_one_spelling_only(value: str) -> None:
    parts = read_cookie(value)
    if parts is not None:
        raw = UUID(parts.user_id).bytes + UUID(parts.session_id).bytes
        assert value.startswith(urlsafe_b64encode(raw[:30]).decode())
