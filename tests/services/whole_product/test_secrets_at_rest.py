"""What is stored: no plain secrets in the database, nothing readable or without expiry in Redis."""

import asyncio
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from autograph_web.accounts.errors import SessionEnded
from autograph_web.container import Services
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.flash import Flash
from autograph_web.schema import metadata
from autograph_web.sessions.errors import TokenReused
from tests.support.servers.inspection import RedisWindow
from tests.support.services.factories import (
    EMAIL,
    PASSWORD,
    SECRET,
    WRONG,
    context,
    device_cookie,
    open_pair,
    prove,
    register,
)
from tests.support.services.randomness import RecordedEntropy

OTHER = "theo@northwind.dev"
_FILLED = {"users", "sessions", "refresh_tokens", "audit_log"}


@dataclass
class Used:
    """Every secret that was handed out during a full journey."""

    secrets: list[str]


async def journey(services: Services) -> Used:
    """Do everything that stores something."""
    for email in (EMAIL, OTHER):
        await register(services, email)
    for password in (WRONG, WRONG, PASSWORD):
        await asyncio.gather(prove(services, password=password), return_exceptions=True)
    first = await open_pair(services)
    second = await services.tokens.refresh(context(), first.refresh_token)
    with pytest.raises(TokenReused):
        await services.tokens.refresh(context("192.0.2.66"), first.refresh_token)
    third = await open_pair(services, OTHER)
    await services.sessions.end(context(), await services.sessions.authenticate_token(third.access_token))
    grant = await prove(services, remember=True)
    device, ticket = device_cookie(services, grant), await services.login_tickets.issue(grant)
    cookie = (await services.sessions.open_for_browser(context(), grant)).cookie
    principal = await services.sessions.authenticate_cookie(cookie)
    for _ in range(7):
        await asyncio.gather(
            prove(services, OTHER, WRONG, ip="192.0.2.66", device=device), return_exceptions=True
        )
    await services.sessions.end_all(context(), principal)
    with pytest.raises(SessionEnded):
        await services.sessions.authenticate_cookie(cookie)
    last = await open_pair(services)
    await services.sessions.authenticate_token(last.access_token)
    flash = await services.flash.put(Flash("rate_limited", values={"email": EMAIL}))
    pairs = [
        token for pair in (first, second, third, last) for token in (pair.access_token, pair.refresh_token)
    ]
    return Used([PASSWORD, WRONG, SECRET, *pairs, device, ticket, cookie, flash or ""])


async def test_nothing_secret_rests_in_the_database(services: Services, randomness: RecordedEntropy) -> None:
    used = await journey(services)
    kept: list[str] = []
    async with services.database.read() as connection:
        for table in metadata().sorted_tables:
            found = list(await connection.execute(select(table)))
            assert found or table.name not in _FILLED, f"the journey left nothing in {table.name}"
            kept += [str(value) for row in found for value in row]

    text = "\n".join(kept)
    assert [secret for secret in used.secrets if secret in text] == []
    signatures = [secret.rpartition(".")[2] for secret in used.secrets if secret.startswith("eyJ")]
    assert [signature for signature in signatures if signature in text] == []
    secret_bytes = [drawn for drawn in randomness.drawn if len(drawn) >= 18]
    assert secret_bytes
    assert [drawn for drawn in secret_bytes if drawn.hex() in text] == []


async def test_tokens_can_be_found_by_hash_only(services: Services) -> None:
    await register(services)
    pair = await open_pair(services)
    async with services.database.read() as connection:
        table = metadata().tables["refresh_tokens"]
        [row] = list(await connection.execute(select(table)))

    assert row.token_hash == token_hash(pair.refresh_token)


async def test_every_redis_key_runs_out(services: Services, redis_window: RedisWindow) -> None:
    await journey(services)
    lifetimes = redis_window.lifetimes()

    kinds = {key.partition(":")[0] for key in lifetimes}
    own = {"session", "user_blacklist", "blacklist", "rate_limit", "handoff", "flash", "sign_in_notice"}
    assert kinds == own
    assert [key for key, left in lifetimes.items() if left <= 0] == []
    assert max(lifetimes.values()) <= 30 * 86_400 * 1000


async def test_no_redis_key_spells_out_a_token_or_an_address(
    services: Services, redis_window: RedisWindow
) -> None:
    used = await journey(services)
    keys = "\n".join(redis_window.keys())

    assert "@" not in keys
    assert "northwind" not in keys
    assert [secret for secret in used.secrets if secret in keys] == []


async def test_no_redis_value_holds_a_credential(services: Services, redis_window: RedisWindow) -> None:
    used = await journey(services)
    text = redis_window.text()

    assert EMAIL in text, "nothing was read"
    assert [secret for secret in used.secrets if secret in text] == []
