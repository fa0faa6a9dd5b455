"""Refreshing: each token works once, a second use revokes the token family, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import jwt
import pytest

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError
from autograph_web.mail.rendering import as_text
from autograph_web.sessions.errors import InvalidToken, TokenReused
from autograph_web.sessions.store import REFRESH_TOKENS, SESSIONS
from autograph_web.sessions.tokens import GRACE, TokenPair
from tests.support.mail.mailbox import Mailbox
from tests.support.services.app import OpenServices
from tests.support.services.clock import FakeClock
from tests.support.services.factories import (
    EMAIL,
    OLDER_SECRET,
    SECRET,
    STRANGERS_SECRET,
    audited,
    change,
    context,
    how_many,
    open_pair,
    register,
    rows,
)


@pytest.fixture
async def pair(services: Services) -> TokenPair:
    await register(services)
    return await open_pair(services)


async def test_a_refresh_gives_a_new_pair_of_the_same_session(services: Services, pair: TokenPair) -> None:
    new = await services.tokens.refresh(context(), pair.refresh_token)
    before = await services.sessions.authenticate_token(pair.access_token)
    after = await services.sessions.authenticate_token(new.access_token)

    assert new.refresh_token != pair.refresh_token
    assert new.access_token != pair.access_token
    assert (after.user_id, after.session_id) == (before.user_id, before.session_id)


async def test_a_refresh_is_audited(services: Services, pair: TokenPair) -> None:
    await services.tokens.refresh(context("192.0.2.5"), pair.refresh_token)

    [row] = await audited(services, "token_refreshed")
    assert row.ip == "192.0.2.5"
    assert row.session_id == (await rows(services, SESSIONS))[0].id


async def test_refreshing_goes_on_and_on(services: Services, pair: TokenPair) -> None:
    for _ in range(5):
        pair = await services.tokens.refresh(context(), pair.refresh_token)

    assert (await services.sessions.authenticate_token(pair.access_token)).email == EMAIL
    assert await how_many(services, REFRESH_TOKENS) == 6


async def test_refreshing_keeps_a_session_from_idling_out(
    services: Services, pair: TokenPair, clock: FakeClock
) -> None:
    for _ in range(5):
        clock.advance(20 * 3600)
        pair = await services.tokens.refresh(context(), pair.refresh_token)


async def test_the_same_client_gets_the_same_successor_again(
    services: Services, pair: TokenPair, clock: FakeClock, mailbox: Mailbox
) -> None:
    clock.advance(0.75)
    new = await services.tokens.refresh(context(), pair.refresh_token)
    clock.advance(GRACE.total_seconds())
    again = await services.tokens.refresh(context(), pair.refresh_token)

    assert again.refresh_token == new.refresh_token
    for one in (new, again):
        assert await services.sessions.authenticate_token(one.access_token)
    assert await services.tokens.refresh(context(), again.refresh_token)
    assert await how_many(services, REFRESH_TOKENS) == 3
    told = [row.details for row in await audited(services, "token_refreshed")]
    assert told == [{}, {"repeated": True}, {}]
    assert mailbox.letters == []


async def test_a_successor_is_given_again_after_a_rotation_of_the_secrets(
    services: Services, pair: TokenPair, open_services: OpenServices
) -> None:
    new = await services.tokens.refresh(context(), pair.refresh_token)
    secrets = (OLDER_SECRET, SECRET)
    rotated = await open_services(services.settings.model_copy(update={"secret_keys": secrets}))

    again = await rotated.tokens.refresh(context(), pair.refresh_token)
    assert again.refresh_token == new.refresh_token


async def _another_address(services: Services, clock: FakeClock, new: TokenPair) -> RequestContext:
    return context("192.0.2.66")


async def _another_program(services: Services, clock: FakeClock, new: TokenPair) -> RequestContext:
    return context(agent="curl/8")


async def _too_late(services: Services, clock: FakeClock, new: TokenPair) -> RequestContext:
    clock.advance(GRACE.total_seconds() + 0.001)
    return context()


async def _the_successor_is_used(services: Services, clock: FakeClock, new: TokenPair) -> RequestContext:
    await services.tokens.refresh(context(), new.refresh_token)
    return context()


@pytest.mark.parametrize("how", [_another_address, _another_program, _too_late, _the_successor_is_used])
async def test_any_other_second_use_ends_the_family(
    services: Services,
    pair: TokenPair,
    clock: FakeClock,
    how: Callable[[Services, FakeClock, TokenPair], Awaitable[RequestContext]],
) -> None:
    new = await services.tokens.refresh(context(), pair.refresh_token)
    await services.sessions.authenticate_token(new.access_token)
    copier = await how(services, clock, new)

    with pytest.raises(TokenReused):
        await services.tokens.refresh(copier, pair.refresh_token)

    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_token(new.access_token)
    with pytest.raises((SessionEnded, TokenReused)):
        await services.tokens.refresh(context(), new.refresh_token)


async def test_a_second_use_leaves_other_sessions_alone(services: Services, pair: TokenPair) -> None:
    other = await open_pair(services)
    await services.tokens.refresh(context(), pair.refresh_token)
    with pytest.raises(TokenReused):
        await services.tokens.refresh(context("192.0.2.66"), pair.refresh_token)

    assert await services.sessions.authenticate_token(other.access_token)
    assert await services.tokens.refresh(context(), other.refresh_token)


async def test_a_second_use_is_audited_and_told_once(
    services: Services, pair: TokenPair, mailbox: Mailbox
) -> None:
    await services.tokens.refresh(context(), pair.refresh_token)
    for _ in range(3):
        with pytest.raises(TokenReused):
            await services.tokens.refresh(context("192.0.2.66"), pair.refresh_token)

    [row] = await audited(services, "token_reuse_detected")
    assert row.ip == "192.0.2.66"
    [letter] = mailbox.letters
    assert letter.to == EMAIL
    assert "192.0.2.66" in as_text(letter)
    assert pair.refresh_token not in as_text(letter)


async def test_twenty_racers_of_one_client_get_one_successor(
    services: Services, pair: TokenPair, mailbox: Mailbox
) -> None:
    racers = (services.tokens.refresh(context(), pair.refresh_token) for _ in range(20))
    pairs = await asyncio.gather(*racers)

    assert len({one.refresh_token for one in pairs}) == 1
    assert await how_many(services, REFRESH_TOKENS) == 2
    for one in pairs:
        assert await services.sessions.authenticate_token(one.access_token)
    assert await services.tokens.refresh(context(), pairs[0].refresh_token)
    assert await audited(services, "token_reuse_detected") == []
    assert mailbox.letters == []


async def test_of_racers_with_a_copy_at_most_one_client_gets_a_pair_and_it_is_dead(
    services: Services, pair: TokenPair, mailbox: Mailbox
) -> None:
    copiers = [context(f"192.0.2.{number}") for number in range(20)]
    outcomes = await asyncio.gather(
        *(services.tokens.refresh(copier, pair.refresh_token) for copier in copiers), return_exceptions=True
    )

    winners = [outcome for outcome in outcomes if isinstance(outcome, TokenPair)]
    losers = [type(outcome) for outcome in outcomes if not isinstance(outcome, TokenPair)]
    assert len(winners) <= 1
    assert set(losers) == {TokenReused}
    for winner in winners:
        with pytest.raises(SessionEnded):
            await services.sessions.authenticate_token(winner.access_token)
        with pytest.raises(SessionEnded):
            await services.tokens.refresh(context(), winner.refresh_token)
    assert len(await audited(services, "token_reuse_detected")) == 1
    assert len(mailbox.letters) == 1


async def test_a_reuse_after_the_session_ended_is_no_news(
    services: Services, pair: TokenPair, mailbox: Mailbox
) -> None:
    new = await services.tokens.refresh(context(), pair.refresh_token)
    await services.sessions.end(context(), await services.sessions.authenticate_token(new.access_token))

    with pytest.raises(TokenReused):
        await services.tokens.refresh(context(), pair.refresh_token)

    assert await audited(services, "token_reuse_detected") == []
    assert mailbox.letters == []


async def test_a_refresh_token_lasts_thirty_days(
    services: Services, pair: TokenPair, clock: FakeClock
) -> None:
    await change(services, SESSIONS, idle_expires_at=clock.now().replace(year=clock.now().year + 1))
    clock.advance(30 * 86_400)

    with pytest.raises(InvalidToken):
        await services.tokens.refresh(context(), pair.refresh_token)


async def test_an_access_token_refreshes_nothing(services: Services, pair: TokenPair) -> None:
    with pytest.raises(InvalidToken):
        await services.tokens.refresh(context(), pair.access_token)


async def test_a_refresh_token_is_no_access_token(services: Services, pair: TokenPair) -> None:
    with pytest.raises(InvalidToken):
        await services.sessions.authenticate_token(pair.refresh_token)


async def test_a_token_we_never_issued_refreshes_nothing_and_ends_nothing(
    services: Services, pair: TokenPair
) -> None:
    header = jwt.get_unverified_header(pair.refresh_token)
    payload = jwt.decode(pair.refresh_token, options={"verify_signature": False})
    forged = jwt.encode(payload, STRANGERS_SECRET, "HS256", header)

    with pytest.raises(InvalidToken):
        await services.tokens.refresh(context(), forged)
    assert await services.tokens.refresh(context(), pair.refresh_token)


async def test_a_refused_refresh_uses_nothing_up(services: Services, pair: TokenPair) -> None:
    await services.sessions.end(context(), await services.sessions.authenticate_token(pair.access_token))
    with pytest.raises(SessionEnded):
        await services.tokens.refresh(context(), pair.refresh_token)

    [row] = await rows(services, REFRESH_TOKENS)
    assert row.used_at is None


@pytest.mark.parametrize("kept", [True, False])
async def test_tokens_outlive_a_rotation_of_the_secrets_while_the_old_one_is_kept(
    services: Services, pair: TokenPair, open_services: OpenServices, kept: bool
) -> None:
    secrets = (OLDER_SECRET, SECRET) if kept else (OLDER_SECRET,)
    rotated = await open_services(services.settings.model_copy(update={"secret_keys": secrets}))

    async def use() -> DomainError | None:
        try:
            await rotated.sessions.authenticate_token(pair.access_token)
            await rotated.tokens.refresh(context(), pair.refresh_token)
        except InvalidToken as refusal:
            return refusal
        return None

    assert ((await use()) is None) is kept


async def test_tokens_are_stored_as_hashes_that_expire(
    services: Services, pair: TokenPair, clock: FakeClock
) -> None:
    [row] = await rows(services, REFRESH_TOKENS)
    claims = jwt.decode(pair.refresh_token, options={"verify_signature": False})

    assert row.id == UUID(claims["jti"])
    assert len(row.token_hash) == 64
    assert row.expires_at.timestamp() == claims["exp"] == clock.seconds() + 30 * 86_400
