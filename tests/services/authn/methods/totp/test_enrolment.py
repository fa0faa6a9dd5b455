"""Enabling and disabling two-step verification, new authenticators, recovery codes, on both databases."""

from base64 import b64decode

import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.store import USERS
from autograph_web.authn.errors import CodeMalformed, InvalidCode, MfaNotEnabled
from autograph_web.authn.methods.recovery_codes.codes import recovery_hash
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.errors import AuthenticatorClockWrong, NoPendingSetup, SetupCodeInvalid
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    audited,
    context,
    how_many,
    open_cookie,
    open_pair,
    prove,
    register,
    rows,
)
from tests.support.services.two_step import (
    Enrolled,
    enrol,
    fresh_viewer,
    principal_of,
    set_up,
    sign_in,
    start,
)


@pytest.fixture
async def principal(services: Services) -> SessionPrincipal:
    """A user without two-step verification."""
    await register(services)
    return await principal_of(services, (await open_pair(services)).access_token)


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


@pytest.fixture
async def fresh(services: Services, clock: FakeClock, mina: Enrolled) -> SessionPrincipal:
    """A user who has just signed in with both steps."""
    return await fresh_viewer(services, clock, mina)


async def enabled(services: Services) -> list[bool]:
    return [row.mfa_enabled for row in await rows(services, USERS)]


async def test_a_setup_shows_one_key_in_three_ways(services: Services, principal: SessionPrincipal) -> None:
    setup = await services.enrolment.begin(context(), principal)

    scanned = Authenticator.scan(b64decode(setup.qr_code, validate=True))
    assert scanned == Authenticator.open(setup.provisioning_uri)
    assert scanned == Authenticator(setup.secret, EMAIL, "AutoGraph v3")


async def test_a_setup_protects_nothing_yet(services: Services, principal: SessionPrincipal) -> None:
    await set_up(services, principal)

    [factor] = await rows(services, FACTORS)
    assert factor.activated_at is None
    assert await enabled(services) == [False]
    assert await how_many(services, CODES) == 0
    assert isinstance(await start(services), AuthenticationGrant)
    assert not (await services.second_factors.status(principal.user_id)).enabled


async def test_a_second_setup_replaces_the_first(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    first = await set_up(services, principal)
    second = await set_up(services, principal)
    assert await how_many(services, FACTORS) == 1
    assert first.key != second.key

    with pytest.raises(SetupCodeInvalid):
        await services.enrolment.enable(context(), principal, first.code(clock.seconds()))
    assert await services.enrolment.enable(context(), principal, second.code(clock.seconds()))


async def test_turning_on_without_a_setup_is_refused(services: Services, principal: SessionPrincipal) -> None:
    with pytest.raises(NoPendingSetup):
        await services.enrolment.enable(context(), principal, "123456")
    assert await enabled(services) == [False]


async def test_a_wrong_code_lets_the_setup_go_on(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    phone = await set_up(services, principal)
    for wrong in (phone.wrong_code(clock.seconds()), "0000-0000-0000-0000"):
        with pytest.raises(SetupCodeInvalid):
            await services.enrolment.enable(context(), principal, wrong)
    assert await enabled(services) == [False]

    assert await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    assert await enabled(services) == [True]


@pytest.mark.parametrize(("apart", "told"), [(-240, "4 minutes"), (60, "1 minute"), (590, "10 minutes")])
async def test_a_phone_whose_clock_is_wrong_is_told_by_how_much(
    services: Services, clock: FakeClock, principal: SessionPrincipal, apart: int, told: str
) -> None:
    phone = await set_up(services, principal)
    code = phone.code(clock.seconds() + apart)
    with pytest.raises(AuthenticatorClockWrong) as refused:
        await services.enrolment.enable(context(), principal, code)
    assert f"is off by about {told}." in refused.value.detail
    assert await enabled(services) == [False]

    # It counts as an attempt like any other, and is logged as a failure like any other.
    for _ in range(4):
        with pytest.raises(AuthenticatorClockWrong):
            await services.enrolment.enable(context(), principal, code)
    with pytest.raises(RateLimited):
        await services.enrolment.enable(context(), principal, code)


async def test_at_sign_in_nothing_is_told_of_the_time_of_a_code(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))
    with pytest.raises(InvalidCode) as refused:
        await sign_in(services, phone.code(clock.seconds() + 240))
    assert refused.value.detail == InvalidCode().detail


async def test_what_is_no_code_is_not_tried(services: Services, principal: SessionPrincipal) -> None:
    await set_up(services, principal)

    for _ in range(6):
        with pytest.raises(CodeMalformed):
            await services.enrolment.enable(context(), principal, "12345")


async def test_turning_on_gives_ten_recovery_codes_kept_as_hashes(services: Services, mina: Enrolled) -> None:
    kept = await rows(services, CODES)

    assert len(set(mina.paper)) == 10
    assert {row.code_hash for row in kept} == {recovery_hash(mina.user_id, code) for code in mina.paper}
    assert {(row.user_id, row.used_at) for row in kept} == {(mina.user_id, None)}
    assert all(len(code.replace("-", "")) * 5 >= 64 for code in mina.paper)
    status = await services.second_factors.status(mina.user_id)
    assert (status.enabled, status.recovery_codes_left) == (True, 10)


async def test_it_cannot_be_turned_on_twice_with_one_setup(
    services: Services, clock: FakeClock, fresh: SessionPrincipal, mina: Enrolled
) -> None:
    with pytest.raises(NoPendingSetup):
        await services.enrolment.enable(context(), fresh, mina.phone.code(clock.seconds()))


async def test_a_setup_while_it_is_on_leaves_the_authenticator_alone(
    services: Services, clock: FakeClock, fresh: SessionPrincipal, mina: Enrolled
) -> None:
    new = await set_up(services, fresh)

    with pytest.raises(InvalidCode):
        await sign_in(services, new.code(clock.seconds()))
    assert await sign_in(services, mina.phone.code(clock.seconds()))
    assert await sign_in(services, mina.paper[0])


async def test_replacing_swaps_authenticator_and_recovery_codes(
    services: Services, clock: FakeClock, fresh: SessionPrincipal, mina: Enrolled
) -> None:
    new = await set_up(services, fresh)
    assert new.account == f"{EMAIL} ({clock.now():%Y-%m-%d})"
    paper = await services.enrolment.enable(context(), fresh, new.code(clock.seconds()))
    clock.advance(PERIOD_S)

    for old in (mina.phone.code(clock.seconds()), mina.paper[0]):
        with pytest.raises(InvalidCode):
            await sign_in(services, old)
    assert await sign_in(services, new.code(clock.seconds()))
    assert await sign_in(services, paper[0])
    assert await how_many(services, FACTORS) == 1


async def test_new_recovery_codes_invalidate_the_old(
    services: Services, fresh: SessionPrincipal, mina: Enrolled
) -> None:
    await sign_in(services, mina.paper[0])
    new = await services.enrolment.regenerate_codes(context(), fresh)

    assert len(set(new) - set(mina.paper)) == 10
    with pytest.raises(InvalidCode):
        await sign_in(services, mina.paper[1])
    assert await sign_in(services, new[0])
    assert (await services.second_factors.status(mina.user_id)).recovery_codes_left == 9


async def test_turning_off_removes_everything(
    services: Services, fresh: SessionPrincipal, mina: Enrolled
) -> None:
    await services.trusted_devices.trust(context(), mina.user_id)
    await set_up(services, fresh)
    await services.enrolment.disable(context(), fresh)

    assert [await how_many(services, table) for table in (FACTORS, CODES, DEVICES)] == [0, 0, 0]
    assert await enabled(services) == [False]
    assert isinstance(await start(services), AuthenticationGrant)


async def test_turning_off_leaves_other_accounts_alone(
    services: Services, clock: FakeClock, fresh: SessionPrincipal
) -> None:
    theo = await enrol(services, clock, "theo@northwind.dev")
    await services.enrolment.disable(context(), fresh)

    status = await services.second_factors.status(theo.user_id)
    assert (status.enabled, status.recovery_codes_left) == (True, 10)


@pytest.mark.parametrize("what", ["disable", "regenerate_codes"])
async def test_what_is_off_cannot_be_changed(
    services: Services, principal: SessionPrincipal, what: str
) -> None:
    await set_up(services, principal)

    with pytest.raises(MfaNotEnabled):
        await getattr(services.enrolment, what)(context(), principal)
    assert await how_many(services, CODES) == 0


async def test_a_pending_setup_survives_an_attempt_to_turn_off_what_is_not_on(
    services: Services, clock: FakeClock, principal: SessionPrincipal
) -> None:
    phone = await set_up(services, principal)
    with pytest.raises(MfaNotEnabled):
        await services.enrolment.disable(context(), principal)

    assert await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))


async def test_turning_it_on_ends_every_other_session(services: Services, clock: FakeClock) -> None:
    await register(services)
    other, this, ticket = await open_cookie(services), await open_pair(services), await prove(services)
    principal = await principal_of(services, this.access_token)
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))

    with pytest.raises(SessionEnded):
        await principal_of(services, other)
    for opening in (services.sessions.open_for_browser, services.tokens.open_for_client):
        with pytest.raises(SessionEnded):  # only the password was verified
            await opening(context(), ticket)
    assert (await principal_of(services, this.access_token)).mfa_enabled
    assert await services.tokens.refresh(context(), this.refresh_token)
    [event] = await audited(services, "session_revoked")
    assert event.details == {"revoked": 1}


async def test_every_session_shows_the_change_at_once(services: Services, clock: FakeClock) -> None:
    await register(services)
    open_ones = [await open_cookie(services), (await open_pair(services)).access_token]
    assert [(await principal_of(services, one)).mfa_enabled for one in open_ones] == [False, False]

    phone = await set_up(services, await principal_of(services, open_ones[1]))
    paper = await services.enrolment.enable(
        context(), await principal_of(services, open_ones[1]), phone.code(clock.seconds()), end_others=False
    )
    assert [(await principal_of(services, one)).mfa_enabled for one in open_ones] == [True, True]

    grant = await sign_in(services, paper[0])
    pair = await services.tokens.open_for_client(context(), grant)
    await services.enrolment.disable(context(), await principal_of(services, pair.access_token))
    open_ones.append(pair.access_token)
    assert [(await principal_of(services, one)).mfa_enabled for one in open_ones] == [False, False, False]
