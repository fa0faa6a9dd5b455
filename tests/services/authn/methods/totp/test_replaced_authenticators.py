"""A code from a replaced authenticator is refused with a message that says so, on both databases."""

import pytest

from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.totp.errors import CodeOfReplaced, SetupCodeOfOther
from autograph_web.authn.methods.totp.store import REPLACED
from autograph_web.container import Services
from autograph_web.infra.errors import RateLimited
from autograph_web.sessions.principal import SessionPrincipal
from tests.support.clients.authenticator import PERIOD_S, Authenticator
from tests.support.services.clock import FakeClock
from tests.support.services.factories import audited, context, how_many
from tests.support.services.two_step import (
    Enrolled,
    challenge,
    enrol,
    fresh_viewer,
    open_browser,
    principal_of,
    reauthenticate,
    set_up,
    sign_in,
    verify,
)

MONTH = 30 * 86_400


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def replace(
    services: Services, clock: FakeClock, mina: Enrolled
) -> tuple[Authenticator, SessionPrincipal]:
    """Replace the current authenticator with another one."""
    fresh = await fresh_viewer(services, clock, mina)
    new = await set_up(services, fresh)
    await services.enrolment.enable(context(), fresh, new.code(clock.seconds()))
    clock.advance(PERIOD_S)
    return new, fresh


def words(refusal: InvalidCode, day: str) -> None:
    assert isinstance(refusal, CodeOfReplaced)
    assert (refusal.code, refusal.status, refusal.field) == ("invalid_code", 401, "code")
    assert refusal.detail == (
        "That code is from an authenticator app you've replaced. "
        f"Use the newer entry in your app, the one with {day} in its name."
    )


async def test_signing_in_with_the_old_entry_names_the_new_one(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    new, _ = await replace(services, clock, mina)
    token = await challenge(services)
    with pytest.raises(InvalidCode) as refused:
        await verify(services, mina.phone.code(clock.seconds()), token)

    words(refused.value, f"{clock.now():%Y-%m-%d}")
    assert f"({clock.now():%Y-%m-%d})" in new.account
    with pytest.raises(InvalidCode) as refused:
        await verify(services, new.wrong_code(clock.seconds()), token)
    assert not isinstance(refused.value, CodeOfReplaced)
    assert await verify(services, new.code(clock.seconds()), token)
    assert len(await audited(services, "mfa_verify_failed")) == 2


async def test_confirming_who_one_is_with_the_old_entry_does_so_too(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    new, _ = await replace(services, clock, mina)
    grant = await sign_in(services, new.code(clock.seconds()))
    principal = await principal_of(services, await open_browser(services, grant))
    clock.advance(PERIOD_S)
    with pytest.raises(InvalidCode) as refused:
        await reauthenticate(services, principal, mina.phone.code(clock.seconds()))
    words(refused.value, f"{clock.now():%Y-%m-%d}")
    assert await reauthenticate(services, principal, new.code(clock.seconds()))


async def test_each_counts_as_a_failed_try(services: Services, clock: FakeClock, mina: Enrolled) -> None:
    new, _ = await replace(services, clock, mina)
    token = await challenge(services)
    for _ in range(5):
        with pytest.raises(CodeOfReplaced):
            await verify(services, mina.phone.code(clock.seconds()), token)
    with pytest.raises(RateLimited):
        await verify(services, new.code(clock.seconds()), token)


async def test_a_month_later_it_is_a_wrong_code_like_any_other(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    await replace(services, clock, mina)
    clock.advance(MONTH - 2 * PERIOD_S)
    assert await services.totp.purge_expired() == 0
    with pytest.raises(CodeOfReplaced):
        await verify(services, mina.phone.code(clock.seconds()), await challenge(services))
    clock.advance(2 * PERIOD_S)
    with pytest.raises(InvalidCode) as refused:
        await verify(services, mina.phone.code(clock.seconds()), await challenge(services))
    assert not isinstance(refused.value, CodeOfReplaced)
    assert await services.totp.purge_expired() == 1
    assert await how_many(services, REPLACED) == 0


async def test_only_the_one_replaced_last_is_kept_and_turning_off_forgets_it(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    second, _ = await replace(services, clock, mina)
    now_second = Enrolled(mina.user_id, mina.email, mina.access_token, second, [])
    third, principal = await replace(services, clock, now_second)
    with pytest.raises(CodeOfReplaced):
        await sign_in(services, second.code(clock.seconds()))
    with pytest.raises(InvalidCode) as refused:
        await sign_in(services, mina.phone.code(clock.seconds()))
    assert not isinstance(refused.value, CodeOfReplaced)
    assert await how_many(services, REPLACED) == 1

    await services.enrolment.disable(context(), principal)
    assert await how_many(services, REPLACED) == 0
    assert third


async def test_a_secret_that_was_dropped_costs_no_more_than_the_words(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    new, _ = await replace(services, clock, mina)
    async with services.database.unit() as connection:
        await connection.execute(REPLACED.update().values(sealed_secret="v1.gone.AAAA"))
    with pytest.raises(InvalidCode) as refused:
        await sign_in(services, mina.phone.code(clock.seconds()))
    assert not isinstance(refused.value, CodeOfReplaced)
    assert await sign_in(services, new.code(clock.seconds()))


async def test_while_replacing_a_code_of_the_entry_so_far_is_told_apart(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    fresh = await fresh_viewer(services, clock, mina)
    new = await set_up(services, fresh)
    with pytest.raises(SetupCodeOfOther) as refused:
        await services.enrolment.enable(context(), fresh, mina.phone.code(clock.seconds()))
    assert refused.value.code == "setup_code_invalid"
    assert f"{clock.now():%Y-%m-%d}" in refused.value.detail
    assert await services.enrolment.enable(context(), fresh, new.code(clock.seconds()))
