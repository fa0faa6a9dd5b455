"""Browsers that are trusted for thirty days, on both databases."""

from collections.abc import Awaitable, Callable

import pytest

from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.methods.trusted_device.store import DEVICES
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import NotFound
from autograph_web.sessions.principal import AuthenticationGrant, SessionPrincipal
from tests.support.services.clock import FakeClock
from tests.support.services.factories import AGENT, audited, context, how_many, rows
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    principal_of,
    set_up,
    start,
    verify,
)

OTHER = "theo@northwind.dev"
MONTH = 30 * 86_400

Change = Callable[[Services, FakeClock, SessionPrincipal], Awaitable[None]]


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


@pytest.fixture
async def cookie(services: Services, mina: Enrolled) -> str:
    """The cookie of a browser that Mina trusts."""
    return await services.trusted_devices.trust(context("192.0.2.5"), mina.user_id)


async def is_skipped(services: Services, cookie: str | None, email: str) -> bool:
    return isinstance(await start(services, email=email, trusted=cookie), AuthenticationGrant)


async def test_a_trusted_browser_skips_the_second_step(
    services: Services, mina: Enrolled, cookie: str
) -> None:
    grant = await start(services, trusted=cookie)

    assert isinstance(grant, AuthenticationGrant)
    assert (grant.user_id, grant.method) == (mina.user_id, "password+trusted_device")
    assert [row.details["method"] for row in await audited(services, "login_success")][-1] == grant.method


async def test_trust_lasts_thirty_days(
    services: Services, clock: FakeClock, mina: Enrolled, cookie: str
) -> None:
    clock.advance(MONTH - 1)
    assert await is_skipped(services, cookie, mina.email)

    clock.advance(1)  # using it does not extend it
    assert not await is_skipped(services, cookie, mina.email)
    assert await services.trusted_devices.of(mina.user_id) == []


async def test_only_a_hash_of_the_cookie_is_kept(services: Services, clock: FakeClock, cookie: str) -> None:
    [row] = await rows(services, DEVICES)

    assert row.token_hash == token_hash(cookie)
    assert cookie not in str(row)
    assert len(cookie) == 43
    assert (row.expires_at - clock.now()).total_seconds() == MONTH


@pytest.mark.parametrize("made_up", [None, "", "x", "A" * 43, "A" * 5000, "é", "\0", "%"])
async def test_a_made_up_cookie_counts_for_nothing(
    services: Services, mina: Enrolled, cookie: str, made_up: str | None
) -> None:
    assert not await is_skipped(services, made_up, mina.email)


async def test_what_is_kept_of_a_cookie_is_no_cookie(services: Services, mina: Enrolled, cookie: str) -> None:
    assert not await is_skipped(services, token_hash(cookie), mina.email)


async def test_a_browser_is_trusted_by_one_account_only(
    services: Services, clock: FakeClock, mina: Enrolled, cookie: str
) -> None:
    await enrol(services, clock, OTHER)

    assert not await is_skipped(services, cookie, OTHER)
    assert await is_skipped(services, cookie, mina.email)


async def test_trusting_is_asked_for_and_carried_by_the_proof(services: Services, mina: Enrolled) -> None:
    plain = await verify(services, mina.paper[0], await challenge(services))
    trusting = await verify(services, mina.paper[1], await challenge(services), trust=True)

    assert (plain.trust_device, trusting.trust_device) == (False, True)
    assert await services.login_tickets.redeem(await services.login_tickets.issue(trusting)) == trusting
    assert await how_many(services, DEVICES) == 0


async def test_trusted_browsers_are_listed_with_their_circumstances(
    services: Services, clock: FakeClock, mina: Enrolled, cookie: str
) -> None:
    clock.advance(60)
    await services.trusted_devices.trust(context("192.0.2.6", "curl/8.0"), mina.user_id)
    clock.advance(60)
    await is_skipped(services, cookie, mina.email)

    first, second = await services.trusted_devices.of(mina.user_id)
    assert (first.ip, first.user_agent, first.last_used_at) == ("192.0.2.5", AGENT, clock.now())
    assert (second.ip, second.user_agent) == ("192.0.2.6", "curl/8.0")
    assert (clock.now() - first.created_at).total_seconds() == 120


async def test_one_browser_can_be_trusted_no_longer(services: Services, mina: Enrolled, cookie: str) -> None:
    kept = await services.trusted_devices.trust(context(), mina.user_id)
    [device] = [one for one in await services.trusted_devices.of(mina.user_id) if one.ip == "192.0.2.5"]
    principal = await principal_of(services, mina.access_token)
    await services.trusted_devices.forget(context(), principal, device.id)

    assert not await is_skipped(services, cookie, mina.email)
    assert await is_skipped(services, kept, mina.email)
    [row] = await audited(services, "trusted_device_revoked")
    assert (row.user_id, row.session_id) == (mina.user_id, principal.session_id)
    with pytest.raises(NotFound):
        await services.trusted_devices.forget(context(), principal, device.id)


async def test_nobody_revokes_the_browser_of_another(
    services: Services, clock: FakeClock, mina: Enrolled, cookie: str
) -> None:
    theo = await enrol(services, clock, OTHER)
    [device] = await services.trusted_devices.of(mina.user_id)

    with pytest.raises(NotFound):
        await services.trusted_devices.forget(
            context(), await principal_of(services, theo.access_token), device.id
        )
    assert await services.trusted_devices.of(theo.user_id) == []
    assert await is_skipped(services, cookie, mina.email)
    assert await audited(services, "trusted_device_revoked") == []


async def replace_authenticator(services: Services, clock: FakeClock, principal: SessionPrincipal) -> None:
    phone = await set_up(services, principal)
    await services.enrolment.enable(context(), principal, phone.code(clock.seconds()))


async def turn_off_and_on(services: Services, clock: FakeClock, principal: SessionPrincipal) -> None:
    await services.enrolment.disable(context(), principal)
    await replace_authenticator(services, clock, principal)


@pytest.mark.parametrize("change", [replace_authenticator, turn_off_and_on])
async def test_a_change_of_the_factor_forgets_every_trusted_browser(
    services: Services, clock: FakeClock, mina: Enrolled, cookie: str, change: Change
) -> None:
    theo = await enrol(services, clock, OTHER)
    theirs = await services.trusted_devices.trust(context(), theo.user_id)
    principal = await fresh_viewer(services, clock, mina)
    await change(services, clock, principal)

    assert await services.trusted_devices.of(mina.user_id) == []
    assert isinstance(await start(services, trusted=cookie), ChallengeRequired)
    assert await is_skipped(services, theirs, OTHER)


async def test_trusting_is_audited(services: Services, mina: Enrolled, cookie: str) -> None:
    [row] = await audited(services, "device_trusted")

    assert (row.user_id, row.ip, row.details) == (mina.user_id, "192.0.2.5", {})
