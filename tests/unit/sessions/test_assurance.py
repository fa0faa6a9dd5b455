"""How strong an authentication was, and how recent."""

from datetime import UTC, datetime, timedelta

import pytest

from autograph_web.sessions.assurance import (
    RECENT_S,
    TRUSTED_DEVICE,
    Assurance,
    Level,
    MethodId,
    amr_text,
    method_text,
)
from autograph_web.sessions.errors import ReauthenticationRequired
from tests.support.services.clock import FakeClock

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PASSWORD, TOTP = MethodId("password"), MethodId("totp")


@pytest.mark.parametrize(
    ("text", "amr", "level", "two_step"),
    [
        ("password", ("pwd",), Level.AAL1, False),
        ("password+totp", ("pwd", "otp", "mfa"), Level.AAL2, True),
        ("password+recovery_code", ("pwd", "otp", "mfa"), Level.AAL2, True),
        ("password+trusted_device", ("pwd",), Level.AAL1, True),
        ("something_newer", (), Level.AAL1, False),
        ("password+something_newer", ("pwd",), Level.AAL1, False),
        ("", (), Level.AAL1, False),
    ],
)
def test_a_session_of_the_version_before_has_its_names_and_its_level(
    text: str, amr: tuple[str, ...], level: Level, two_step: bool
) -> None:
    assurance = Assurance.of(text, None, NOW)
    assert (assurance.amr, assurance.level, assurance.is_two_step) == (amr, level, two_step)


@pytest.mark.parametrize(
    ("text", "amr", "level", "two_step"),
    [
        ("password", "pwd", Level.AAL1, False),
        ("passkey", "hwk user mfa", Level.AAL2, True),
        ("something_newer", "", Level.AAL1, False),
        ("password+something_newer", "pwd", Level.AAL1, False),
        ("password+trusted_device", "pwd", Level.AAL1, True),
    ],
)
def test_the_level_is_told_by_what_a_session_keeps_of_its_methods(
    text: str, amr: str, level: Level, two_step: bool
) -> None:
    assurance = Assurance.of(text, amr, NOW)
    assert (assurance.level, assurance.is_two_step) == (level, two_step)


@pytest.mark.parametrize("methods", [(PASSWORD,), (PASSWORD, TOTP), (PASSWORD, TRUSTED_DEVICE)])
def test_methods_read_as_they_are_written(methods: tuple[MethodId, ...]) -> None:
    amr = ("pwd", "otp", "mfa")
    read = Assurance.of(method_text(methods), amr_text(amr), NOW)
    assert (read.methods, read.amr) == (methods, amr)


@pytest.mark.parametrize(
    ("text", "mfa_enabled", "age_s", "recent"),
    [
        ("password", False, RECENT_S, True),
        ("password", False, RECENT_S + 1, False),
        ("password", True, 0, False),
        ("password+trusted_device", True, 0, False),
        ("password+totp", True, RECENT_S, True),
        ("password+totp", True, RECENT_S + 1, False),
        ("password+recovery_code", True, 0, True),
    ],
)
def test_a_change_requires_a_recent_authentication_with_the_factor_there_is(
    clock: FakeClock, text: str, mfa_enabled: bool, age_s: int, recent: bool
) -> None:
    assurance = Assurance.of(text, None, clock.now() - timedelta(seconds=age_s))
    assert assurance.is_recent(mfa_enabled, clock) is recent
    if not recent:
        with pytest.raises(ReauthenticationRequired):
            assurance.require_recent(mfa_enabled, clock)
