"""A page that is left while it loads never blocks the tab's next page (reflex_patches/state_manager.py)."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from redis.asyncio import Redis
from reflex.istate.manager.token import StateToken

from autograph_web.reflex_patches.state_manager import SteadyStateManager

# Far below the ten seconds that a lost lock would cost, far above what these steps take on a busy machine.
PATIENCE_S = 5


@pytest.fixture
async def manager(redis_url: str) -> AsyncGenerator[SteadyStateManager]:
    redis: Redis = Redis.from_url(redis_url)  # pyright: ignore[reportUnknownMemberType]
    manager = SteadyStateManager(redis=redis)
    yield manager
    await manager.close()


def token_of(tab: str) -> StateToken[Counter[str]]:
    return StateToken(ident=tab, cls=Counter)


async def work(manager: SteadyStateManager, tab: str) -> None:
    token = token_of(tab)
    await manager.redis.set(str(token), token.serialize(Counter()))
    async with manager.modify_state(token):
        await asyncio.sleep(0.002)


async def run_for(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize("cancels", [1, 2, 3])
async def test_work_cancelled_at_any_moment_gives_the_lock_back(
    manager: SteadyStateManager, cancels: int
) -> None:
    for turns in range(60):
        page = asyncio.create_task(work(manager, f"left-{cancels}-{turns}"))
        await run_for(turns)
        for _ in range(cancels):
            page.cancel()
            await run_for(1)
        with suppress(asyncio.CancelledError):
            await page
        await asyncio.wait_for(work(manager, f"left-{cancels}-{turns}"), PATIENCE_S)


async def test_who_gives_up_while_waiting_leaves_the_lock_to_its_holder(manager: SteadyStateManager) -> None:
    token, lock = token_of("held"), b"held_lock"
    await manager.redis.set(str(token), token.serialize(Counter()))
    async with manager.modify_state(token):
        held = await manager.redis.get(lock)
        waiting = asyncio.create_task(work(manager, "held"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0.05)
        assert held is not None
        assert await manager.redis.get(lock) == held
    await asyncio.wait_for(work(manager, "held"), PATIENCE_S)
