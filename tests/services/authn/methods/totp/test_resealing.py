"""Authenticators encrypted with other keys, moved, damaged and re-encrypted; on both databases."""

import asyncio
from uuid import uuid4

import pytest

from autograph_web.accounts.models import User
from autograph_web.accounts.store import USERS
from autograph_web.authn.errors import InvalidCode
from autograph_web.authn.methods.recovery_codes.store import CODES
from autograph_web.authn.methods.totp.method import owner_of
from autograph_web.authn.methods.totp.models import TotpFactor
from autograph_web.authn.methods.totp.resealing import reseal_all
from autograph_web.authn.methods.totp.store import FACTORS
from autograph_web.container import Services
from autograph_web.infra.crypto.encryption import DecryptionError
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import OLDER_SECRET, SECRET, audited, change, rows
from tests.support.services.two_step import Enrolled, challenge, enrol, sign_in, verify


@pytest.fixture
async def mina(services: Services, clock: FakeClock) -> Enrolled:
    return await enrol(services, clock)


async def with_secrets(services: Services, open_services: OpenServices, *secrets: str) -> Services:
    return await open_services(services.settings.model_copy(update={"secret_keys": secrets}))


async def add_pending(services: Services, clock: FakeClock, number: int) -> None:
    """Add accounts that have started an enrolment, as they would be stored in the database."""
    now = clock.now()
    people = [
        User(
            id=uuid4(),
            email=f"person{place}@northwind.dev",
            email_key=f"person{place}@northwind.dev",
            password_hash="",
            created_at=now,
            password_changed_at=now,
        )
        for place in range(number)
    ]
    factors = [
        TotpFactor(
            id=uuid4(),
            user_id=one.id,
            sealed_secret=services.encryptor.encrypt(one.id.bytes, owner_of(one.id)),
            created_at=now,
        )
        for one in people
    ]
    async with services.database.unit() as connection:
        await connection.execute(USERS.insert(), [one.model_dump() for one in people])
        await connection.execute(FACTORS.insert(), [one.model_dump() for one in factors])


def nobody_listens(_seen: int, _total: int) -> None:
    pass


async def outdated(services: Services) -> int:
    return sum(services.encryptor.outdated(row.sealed_secret) for row in await rows(services, FACTORS))


async def test_codes_work_on_after_a_new_key_was_added(
    services: Services, clock: FakeClock, mina: Enrolled, open_services: OpenServices
) -> None:
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)

    assert await sign_in(rotated, mina.phone.code(clock.seconds()))
    assert await outdated(rotated) == 1


async def test_sealing_anew_lets_the_old_key_go(
    services: Services, clock: FakeClock, mina: Enrolled, open_services: OpenServices
) -> None:
    await add_pending(services, clock, 3)
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)
    steps: list[tuple[int, int]] = []

    def note(seen: int, total: int) -> None:
        steps.append((seen, total))

    assert await reseal_all(rotated.database, rotated.encryptor, note) == 4
    assert steps == [(4, 4)]
    assert await outdated(rotated) == 0
    retired = await with_secrets(services, open_services, OLDER_SECRET)
    assert await sign_in(retired, mina.phone.code(clock.seconds()))


async def test_a_second_run_finds_nothing_to_do(
    services: Services, mina: Enrolled, open_services: OpenServices
) -> None:
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)
    await reseal_all(rotated.database, rotated.encryptor, nobody_listens)
    before = [row.sealed_secret for row in await rows(services, FACTORS)]

    assert await reseal_all(rotated.database, rotated.encryptor, nobody_listens) == 0
    assert [row.sealed_secret for row in await rows(services, FACTORS)] == before


async def test_nothing_to_seal_is_fine(services: Services) -> None:
    assert await reseal_all(services.database, services.encryptor, nobody_listens) == 0


async def test_runs_at_once_share_the_work(
    services: Services, clock: FakeClock, mina: Enrolled, open_services: OpenServices
) -> None:
    await add_pending(services, clock, 250)
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)
    changed = await asyncio.gather(
        *(reseal_all(rotated.database, rotated.encryptor, nobody_listens) for _ in range(4))
    )

    assert sum(changed) == 251
    assert await outdated(rotated) == 0


async def test_people_sign_in_while_it_runs(
    services: Services, clock: FakeClock, mina: Enrolled, open_services: OpenServices
) -> None:
    await add_pending(services, clock, 250)
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)
    code, token = mina.phone.code(clock.seconds()), await challenge(rotated)
    _, grant = await asyncio.gather(
        reseal_all(rotated.database, rotated.encryptor, nobody_listens), verify(rotated, code, token)
    )

    assert grant.user_id == mina.user_id
    assert await outdated(rotated) == 0
    with pytest.raises(InvalidCode):
        await sign_in(rotated, code)


async def test_a_run_that_was_stopped_is_finished_by_the_next(
    services: Services, clock: FakeClock, open_services: OpenServices
) -> None:
    await add_pending(services, clock, 250)
    rotated = await with_secrets(services, open_services, OLDER_SECRET, SECRET)

    def stop(seen: int, total: int) -> None:
        assert (seen, total) == (200, 250)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await reseal_all(rotated.database, rotated.encryptor, stop)
    assert await outdated(rotated) == 50  # the ones it reported are done
    assert await reseal_all(rotated.database, rotated.encryptor, nobody_listens) == 50
    assert await outdated(rotated) == 0
    for row in await rows(services, FACTORS):
        assert rotated.encryptor.decrypt(row.sealed_secret, owner_of(row.user_id)) == row.user_id.bytes


async def test_a_key_that_was_dropped_too_early_is_noticed(
    services: Services, clock: FakeClock, mina: Enrolled, open_services: OpenServices
) -> None:
    before = [row.sealed_secret for row in await rows(services, FACTORS)]
    hasty = await with_secrets(services, open_services, OLDER_SECRET)
    with pytest.raises(DecryptionError):
        await reseal_all(hasty.database, hasty.encryptor, nobody_listens)

    assert [row.sealed_secret for row in await rows(services, FACTORS)] == before
    mended = await with_secrets(services, open_services, OLDER_SECRET, SECRET)
    assert await reseal_all(mended.database, mended.encryptor, nobody_listens) == 1
    assert await sign_in(mended, mina.phone.code(clock.seconds()))


async def test_a_secret_moved_to_another_account_opens_nothing(
    services: Services, clock: FakeClock, mina: Enrolled
) -> None:
    """Write access to the database does not allow giving an account the authenticator of another one."""
    theo = await enrol(services, clock, "theo@northwind.dev")
    [his] = [row.sealed_secret for row in await rows(services, FACTORS) if row.user_id == theo.user_id]
    await change(services, FACTORS, sealed_secret=his)
    code = theo.phone.code(clock.seconds())

    with pytest.raises(DecryptionError):
        await sign_in(services, code)
    token = await challenge(services, email=theo.email)
    assert await verify(services, code, token, email=theo.email)


async def test_a_secret_that_cannot_be_opened_counts_no_try_and_leaves_the_recovery_codes(
    services: Services, clock: FakeClock, mina: Enrolled, redis_window: RedisWindow
) -> None:
    await change(services, FACTORS, sealed_secret="0123456789ab.AAAA")
    token = await challenge(services)
    for _ in range(6):
        with pytest.raises(DecryptionError):
            await verify(services, mina.phone.code(clock.seconds()), token)

    assert redis_window.keys("rate_limit:mfa*") == []
    assert await audited(services, "mfa_verify_failed") == []
    assert (await verify(services, mina.paper[0], token)).user_id == mina.user_id
    assert sum(row.used_at is not None for row in await rows(services, CODES)) == 1
