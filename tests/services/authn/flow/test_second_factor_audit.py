"""The audit events of two-step verification, and the emails about it to the owner."""

import pytest
from sqlalchemy import Row

from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.totp.errors import SetupCodeInvalid
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.infra.wording import moment_in_words
from autograph_web.mail.rendering import as_text
from tests.support.clients.authenticator import PERIOD_S
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, EMAIL, audited, context, open_pair, register
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    principal_of,
    reauthenticate,
    set_up,
    sign_in,
    verify,
)

HERE = context("192.0.2.5", "Mozilla/5.0 Firefox/140.0")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: the statements are those of every event."""
    return sqlite_url


@pytest.fixture
async def mina(services: Services, clock: FakeClock, mailbox: Mailbox) -> Enrolled:
    enrolled = await enrol(services, clock)
    mailbox.empty()
    return enrolled


async def one(services: Services, kind: str) -> Row[tuple[object, ...]]:
    [row] = await audited(services, kind)
    return row


def subjects(mailbox: Mailbox) -> list[str]:
    return [letter.subject for letter in mailbox.letters]


async def test_turning_on_is_written_down_and_told(
    services: Services, clock: FakeClock, mailbox: Mailbox
) -> None:
    account = await register(services)
    principal = await principal_of(services, (await open_pair(services)).access_token)
    phone = await set_up(services, principal)
    assert subjects(mailbox) == []
    with pytest.raises(SetupCodeInvalid):
        await services.enrolment.enable(HERE, principal, phone.wrong_code(clock.seconds()))
    assert subjects(mailbox) == []
    await services.enrolment.enable(HERE, principal, phone.code(clock.seconds()))

    for kind in ("mfa_setup_initiated", "mfa_enable_failed", "mfa_enabled"):
        row = await one(services, kind)
        assert (row.user_id, row.session_id) == (account.id, principal.session_id)
        assert row.details == ({"replaced": False} if kind == "mfa_enabled" else {})
    [letter] = mailbox.letters
    assert (letter.to, letter.subject) == (EMAIL, "Two-step verification is on")
    assert "192.0.2.5" in as_text(letter)
    assert "Firefox" in as_text(letter)
    assert moment_in_words(clock.now()) in as_text(letter)


async def test_replacing_is_written_down_and_told(
    services: Services, clock: FakeClock, mina: Enrolled, mailbox: Mailbox
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    phone = await set_up(services, principal)
    await services.enrolment.enable(HERE, principal, phone.code(clock.seconds()))

    details = [row.details for row in await audited(services, "mfa_enabled")]
    assert details == [{"replaced": False}, {"replaced": True}]
    assert subjects(mailbox) == ["Your authenticator app was replaced"]


async def test_new_recovery_codes_are_written_down_and_told(
    services: Services, clock: FakeClock, mina: Enrolled, mailbox: Mailbox
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    codes = await services.enrolment.regenerate_codes(HERE, principal)

    row = await one(services, "recovery_codes_regenerated")
    assert (row.user_id, row.session_id, row.details) == (mina.user_id, principal.session_id, {})
    [letter] = mailbox.letters
    assert (letter.to, letter.subject) == (EMAIL, "You have new recovery codes")
    assert [code for code in codes if code in as_text(letter)] == []


async def test_turning_off_is_written_down_and_told(
    services: Services, clock: FakeClock, mina: Enrolled, mailbox: Mailbox
) -> None:
    principal = await fresh_viewer(services, clock, mina)
    await services.enrolment.disable(HERE, principal)

    row = await one(services, "mfa_disabled")
    assert (row.user_id, row.session_id, row.ip) == (mina.user_id, principal.session_id, "192.0.2.5")
    assert subjects(mailbox) == ["Two-step verification is off"]


async def test_a_sign_in_is_written_down_step_by_step(
    services: Services, clock: FakeClock, mina: Enrolled, mailbox: Mailbox
) -> None:
    opened = len(await audited(services, "login_success"))
    token = await challenge(services, HERE, remember=True)
    asked = await one(services, "login_mfa_required")
    assert (asked.user_id, asked.session_id, asked.ip) == (mina.user_id, None, "192.0.2.5")
    assert len(await audited(services, "login_success")) == opened

    with pytest.raises(InvalidCode):
        await verify(services, mina.phone.wrong_code(clock.seconds()), token, HERE)
    failed = await one(services, "mfa_verify_failed")
    assert (failed.user_id, failed.session_id, failed.details) == (mina.user_id, None, {})

    grant = await verify(services, mina.phone.code(clock.seconds()), token, HERE)
    passed, signed_in = (
        await one(services, "mfa_verify_success"),
        (await audited(services, "login_success"))[opened],
    )
    for row in (passed, signed_in):
        assert (row.user_id, row.session_id) == (mina.user_id, grant.session_id)
        assert row.request_id == HERE.request_id
    assert signed_in.details == {"method": "password+totp", "remember_me": True}
    assert subjects(mailbox) == []


async def test_the_use_of_a_recovery_code_is_written_down_and_told(
    services: Services, mina: Enrolled, mailbox: Mailbox
) -> None:
    grant = await sign_in(services, mina.paper[0], HERE)

    row = await one(services, "recovery_code_used")
    assert (row.user_id, row.session_id, row.details) == (mina.user_id, grant.session_id, {})
    assert (await audited(services, "login_success"))[-1].details["method"] == "password+recovery_code"
    [letter] = mailbox.letters
    assert (letter.to, letter.subject) == (EMAIL, "A recovery code was used")
    assert mina.paper[0] not in as_text(letter)


async def test_a_recovery_code_that_is_refused_is_no_use(
    services: Services, mina: Enrolled, mailbox: Mailbox
) -> None:
    with pytest.raises(InvalidCode):
        await sign_in(services, "0000-0000-0000-0000")

    assert await audited(services, "recovery_code_used") == []
    assert subjects(mailbox) == []


@pytest.mark.parametrize("kind", ["totp", "recovery_code"])
async def test_confirming_who_one_is_is_written_down(
    services: Services, clock: FakeClock, mina: Enrolled, mailbox: Mailbox, kind: str
) -> None:
    principal = await principal_of(services, mina.access_token)
    with pytest.raises(InvalidCode):
        await reauthenticate(services, principal, mina.phone.wrong_code(clock.seconds()))
    await reauthenticate(
        services, principal, mina.phone.code(clock.seconds()) if kind == "totp" else mina.paper[0]
    )

    failed, done = await one(services, "mfa_verify_failed"), await one(services, "reauthenticated")
    assert failed.details == {"reauthentication": True}
    assert (done.user_id, done.session_id) == (mina.user_id, principal.session_id)
    paper_used = kind == "recovery_code"
    assert len(await audited(services, "recovery_code_used")) == paper_used
    assert subjects(mailbox) == ["A recovery code was used"] * paper_used


async def test_a_pause_is_written_down(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    token = await challenge(services)
    for _ in range(5):
        with pytest.raises(InvalidCode):
            await verify(services, mina.phone.wrong_code(clock.seconds()), token)
    with pytest.raises(RateLimited):
        await verify(services, mina.phone.code(clock.seconds()), token)

    assert (await audited(services, "mfa_verify_failed"))[-1].details == {"rate_limited": True}


async def test_trusting_a_browser_is_written_down_when_it_is_trusted(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    token = await challenge(services)
    await verify(services, mina.phone.code(clock.seconds() + PERIOD_S), token, trust=True)
    assert await audited(services, "device_trusted") == []

    await services.trusted_devices.trust(HERE, mina.user_id)
    row = await one(services, "device_trusted")
    assert (row.user_id, row.ip, row.user_agent) == (mina.user_id, "192.0.2.5", HERE.user_agent)
    assert row.user_agent != AGENT
