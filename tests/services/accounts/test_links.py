"""One-time links: one purpose, one account, one use."""

import asyncio
from collections import Counter
from uuid import UUID

import pytest

from autograph_web.accounts.errors import LinkExpired, LinkReplaced, LinkUnknown, LinkUsed
from autograph_web.accounts.link_encryption import link_encryptor_of, reencrypt_links
from autograph_web.accounts.links import Link, Purpose
from autograph_web.accounts.store import LINKS
from autograph_web.container import Services
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import OLDER_SECRET, SECRET, change, how_many, register, rows

RACERS = 20
LIFE = 600
RESET, VERIFY = Purpose.PASSWORD_RESET, Purpose.EMAIL_VERIFICATION
UNDO = Purpose.EMAIL_CHANGE_UNDO


@pytest.fixture
async def mina(services: Services) -> UUID:
    return (await register(services)).id


async def issue(
    services: Services,
    user_id: UUID | None,
    purpose: Purpose = RESET,
    payload: str | None = None,
    *,
    alone: bool = False,
) -> str:
    async with services.database.unit() as connection:
        return await services.links.issue(connection, purpose, user_id, LIFE, payload, alone=alone)


async def consume(services: Services, token: str, purpose: Purpose = RESET) -> Link:
    async with services.database.unit() as connection:
        return await services.links.consume(connection, purpose, token)


async def test_a_link_gives_back_what_was_put_into_it(
    services: Services, clock: FakeClock, mina: UUID
) -> None:
    token = await issue(services, mina, payload="mina@elsewhere.dev")
    link = Link(mina, "mina@elsewhere.dev", LIFE, clock.now())

    assert await services.links.peek(RESET, token) == link
    assert await consume(services, token) == link


async def test_a_token_has_256_bits_and_is_not_kept(services: Services, mina: UUID) -> None:
    token = await issue(services, mina, payload="mina@elsewhere.dev")
    [row] = await rows(services, LINKS)

    assert len(token) == 43
    assert token not in str(row)
    assert "elsewhere" not in str(row)


async def test_looking_uses_nothing_up(services: Services, mina: UUID) -> None:
    token = await issue(services, mina)
    for _ in range(3):
        await services.links.peek(RESET, token)

    assert await consume(services, token)


async def test_a_link_works_once(services: Services, mina: UUID) -> None:
    token = await issue(services, mina)
    await consume(services, token)

    with pytest.raises(LinkUsed):
        await consume(services, token)
    with pytest.raises(LinkUsed):
        await services.links.peek(RESET, token)


async def test_of_twenty_that_use_a_link_one_does(services: Services, mina: UUID) -> None:
    token = await issue(services, mina)
    outcomes = await asyncio.gather(
        *(consume(services, token) for _ in range(RACERS)), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {Link: 1, LinkUsed: RACERS - 1}


async def test_a_unit_of_work_that_fails_uses_nothing_up(services: Services, mina: UUID) -> None:
    token = await issue(services, mina)

    async def fail() -> None:
        async with services.database.unit() as connection:
            await services.links.consume(connection, RESET, token)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()

    assert await consume(services, token)


async def test_a_link_expires_to_the_second(services: Services, mina: UUID, clock: FakeClock) -> None:
    token = await issue(services, mina)
    clock.advance(LIFE - 1)
    assert (await services.links.peek(RESET, token)).seconds_left == 1
    clock.advance(1)

    with pytest.raises(LinkExpired):
        await services.links.peek(RESET, token)
    with pytest.raises(LinkExpired):
        await consume(services, token)


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not RESET])
async def test_a_link_of_one_purpose_is_unknown_to_every_other(
    services: Services, mina: UUID, purpose: Purpose
) -> None:
    token = await issue(services, mina)

    with pytest.raises(LinkUnknown):
        await services.links.peek(purpose, token)
    with pytest.raises(LinkUnknown):
        await consume(services, token, purpose)
    assert await consume(services, token)


@pytest.mark.parametrize("token", ["", "x" * 43, "\0", "é" * 43, "a" * 100_000, "\ud800"])
async def test_nonsense_is_unknown(services: Services, mina: UUID, token: str) -> None:
    await issue(services, mina)

    with pytest.raises(LinkUnknown):
        await services.links.peek(RESET, token)
    with pytest.raises(LinkUnknown):
        await consume(services, token)


async def test_a_decoy_opens_nothing(services: Services) -> None:
    token = await issue(services, None, payload="nobody@northwind.dev")

    assert await how_many(services, LINKS) == 1
    with pytest.raises(LinkUnknown):
        await services.links.peek(RESET, token)
    with pytest.raises(LinkUnknown):
        await consume(services, token)


async def test_what_is_sealed_belongs_to_its_account(services: Services, mina: UUID) -> None:
    noor = (await register(services, "noor@northwind.dev")).id
    token = await issue(services, mina, payload="mina@elsewhere.dev")
    await change(services, LINKS, user_id=noor)

    with pytest.raises(LinkUnknown):
        await services.links.peek(RESET, token)


async def test_a_link_that_stands_alone_ends_those_before_it(services: Services, mina: UUID) -> None:
    noor = (await register(services, "noor@northwind.dev")).id
    first, other = await issue(services, mina), await issue(services, mina, VERIFY)
    somebody_elses = await issue(services, noor)
    second = await issue(services, mina, alone=True)

    with pytest.raises(LinkReplaced):
        await consume(services, first)
    for token, purpose in ((other, VERIFY), (somebody_elses, RESET), (second, RESET)):
        assert await consume(services, token, purpose)


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_of_links_issued_at_once_one_is_good(services: Services, mina: UUID, purpose: Purpose) -> None:
    tokens = await asyncio.gather(*(issue(services, mina, purpose, alone=True) for _ in range(6)))
    outcomes = await asyncio.gather(
        *(consume(services, token, purpose) for token in tokens), return_exceptions=True
    )

    assert Counter(map(type, outcomes)) == {Link: 1, LinkReplaced: 5}


async def test_links_can_be_revoked_by_purpose(services: Services, mina: UUID) -> None:
    tokens = {purpose: await issue(services, mina, purpose) for purpose in Purpose}
    async with services.database.unit() as connection:
        await services.links.revoke(connection, mina, RESET, VERIFY)

    for purpose, token in tokens.items():
        if purpose in (RESET, VERIFY):
            with pytest.raises(LinkReplaced):
                await consume(services, token, purpose)
        else:
            assert await consume(services, token, purpose)


async def test_old_links_are_forgotten_and_decoys_first(
    services: Services, mina: UUID, clock: FakeClock
) -> None:
    token = await issue(services, mina)
    await issue(services, None)
    assert await services.links.purge_expired() == 0
    clock.advance(LIFE)
    assert await services.links.purge_expired() == 1
    with pytest.raises(LinkExpired):
        await services.links.peek(RESET, token)
    clock.advance(30 * 86_400)
    assert await services.links.purge_expired() == 1
    assert await how_many(services, LINKS) == 0


@pytest.mark.parametrize("settings_changes", [{"base_url": "https://accounts.northwind.dev"}])
async def test_the_address_is_ours_and_hides_the_token_in_its_fragment(services: Services) -> None:
    address = services.links.url(RESET, "a-token")

    assert address == "https://accounts.northwind.dev/password-reset/confirm#token=a-token"


@pytest.fixture
async def rotated(services: Services, open_services: OpenServices) -> Services:
    both = {"secret_keys": (OLDER_SECRET, SECRET)}
    return await open_services(services.settings.model_copy(update=both))


async def reencrypt(services: Services) -> int:
    return await reencrypt_links(services.database, link_encryptor_of(services.settings.master_secrets))


async def test_links_outlive_the_secret_they_were_encrypted_with(
    services: Services, mina: UUID, rotated: Services, open_services: OpenServices
) -> None:
    token = await issue(services, mina)
    async with services.database.unit() as connection:
        undo = await services.links.issue(
            connection, Purpose.EMAIL_CHANGE_UNDO, mina, 900, "old@northwind.dev"
        )
    assert (await reencrypt(rotated), await reencrypt(rotated)) == (1, 0)

    later = await open_services(services.settings.model_copy(update={"secret_keys": (OLDER_SECRET,)}))
    assert (await later.links.peek(UNDO, undo)).payload == "old@northwind.dev"
    assert await later.links.peek(RESET, token)


async def test_a_link_whose_secret_was_dropped_too_early_is_unknown(
    services: Services, mina: UUID, open_services: OpenServices
) -> None:
    async with services.database.unit() as connection:
        undo = await services.links.issue(
            connection, Purpose.EMAIL_CHANGE_UNDO, mina, 900, "old@northwind.dev"
        )
    later = await open_services(services.settings.model_copy(update={"secret_keys": (OLDER_SECRET,)}))
    with pytest.raises(LinkUnknown):
        await later.links.peek(UNDO, undo)
    assert await reencrypt(later) == 0
