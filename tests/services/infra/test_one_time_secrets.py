"""Secrets on their way to a single screen."""

import asyncio
from uuid import UUID

import pytest

from autograph_web.container import Services
from autograph_web.infra.errors import TicketExpired
from autograph_web.infra.one_time_secrets import OneTimeSecret
from tests.support.servers.inspection import RedisWindow
from tests.support.services.app import OpenServices
from tests.support.services.factories import OLDER_SECRET, SECRET, STRANGERS_SECRET

MINE, THEIRS = UUID(int=1), UUID(int=2)
NOTE: OneTimeSecret = {
    "secret": "GEZDGNBVGY3TQOJQ",
    "recovery_codes": ["0123-4567-89ab-cdef", "ghjk-mnpq-rstv-wxyz"],
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what is tested here happens in Redis."""
    return sqlite_url


@pytest.fixture
async def ticket(services: Services) -> str:
    return await services.one_time_secrets.put(MINE, NOTE)


async def test_a_note_is_handed_over_once(services: Services, ticket: str) -> None:
    assert await services.one_time_secrets.pop(MINE, ticket) == NOTE

    with pytest.raises(TicketExpired):
        await services.one_time_secrets.pop(MINE, ticket)


async def test_of_twenty_racers_one_gets_the_note(services: Services, ticket: str) -> None:
    outcomes = await asyncio.gather(
        *(services.one_time_secrets.pop(MINE, ticket) for _ in range(20)), return_exceptions=True
    )

    assert outcomes.count(NOTE) == 1
    assert sum(isinstance(outcome, TicketExpired) for outcome in outcomes) == 19


async def test_nobody_but_its_owner_gets_a_note(services: Services, ticket: str) -> None:
    with pytest.raises(TicketExpired):
        await services.one_time_secrets.pop(THEIRS, ticket)
    with pytest.raises(TicketExpired):  # a ticket that another principal has tried is void
        await services.one_time_secrets.pop(MINE, ticket)


@pytest.mark.parametrize("made_up", ["", "x", "A" * 43, "*", "é", "\0"])
async def test_a_made_up_ticket_fetches_nothing(services: Services, ticket: str, made_up: str) -> None:
    with pytest.raises(TicketExpired):
        await services.one_time_secrets.pop(MINE, made_up)
    assert await services.one_time_secrets.pop(MINE, ticket) == NOTE


async def test_a_note_is_kept_for_two_minutes(
    services: Services, ticket: str, redis_window: RedisWindow
) -> None:
    [(key, left)] = redis_window.lifetimes().items()
    assert key.startswith("note:")
    assert 110_000 < left <= 120_000

    redis_window.client.pexpire(key, 1)
    await asyncio.sleep(0.02)
    with pytest.raises(TicketExpired):
        await services.one_time_secrets.pop(MINE, ticket)


async def test_a_note_lies_sealed(services: Services, ticket: str, redis_window: RedisWindow) -> None:
    [key] = redis_window.keys()
    value = redis_window.client.get(key).decode()

    assert ticket not in key + value
    for text in ("GEZDGNBVGY3TQOJQ", "0123", "recovery", "secret", MINE.hex):
        assert text not in value


async def test_a_note_altered_on_its_way_is_refused(
    services: Services, ticket: str, redis_window: RedisWindow
) -> None:
    [key] = redis_window.keys()
    kid, _, body = redis_window.client.get(key).decode().partition(".")
    redis_window.client.set(key, f"{kid}.{'B' if body[0] == 'A' else 'A'}{body[1:]}", keepttl=True)

    with pytest.raises(TicketExpired):
        await services.one_time_secrets.pop(MINE, ticket)


@pytest.mark.parametrize(("secrets", "found"), [((OLDER_SECRET, SECRET), True), ((STRANGERS_SECRET,), False)])
async def test_a_rotation_of_the_secrets_keeps_the_notes_of_keys_that_are_kept(
    services: Services, ticket: str, open_services: OpenServices, secrets: tuple[str, ...], found: bool
) -> None:
    rotated = await open_services(services.settings.model_copy(update={"secret_keys": secrets}))
    if found:
        assert await rotated.one_time_secrets.pop(MINE, ticket) == NOTE
    else:
        with pytest.raises(TicketExpired):
            await rotated.one_time_secrets.pop(MINE, ticket)
