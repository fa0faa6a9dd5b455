"""Many accounts with a session each, written directly into PostgreSQL and Redis as months of use would."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from autograph_web.infra.clock import SystemClock
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.randomness import SystemRandomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.sessions.access_tokens import ACCESS, TokenSigner
from autograph_web.sessions.cache import COPY_TTL
from autograph_web.sessions.record import SessionRecord
from tests.benchmarks.exchanges import Reading
from tests.benchmarks.servers import Stack, base_url

_LIFE = timedelta(hours=12)
_AT_ONCE = 1_000
_DOMAIN = "crowd.example.com"


async def add_accounts(stack: Stack, count: int) -> list[Reading]:
    """Add this many accounts, each with a session used a moment ago; return the requests they send."""
    records = [_record(uuid4(), uuid4()) for _ in range(count)]
    await _into_postgres(stack.database_url, records)
    await _into_redis(stack, records)
    return _readings(stack, records)


def _record(session_id: UUID, user_id: UUID) -> SessionRecord:
    now = datetime.now(UTC)
    return SessionRecord(
        session_id=session_id.hex,
        user_id=user_id.hex,
        email=f"{user_id.hex}@{_DOMAIN}",
        role="user",
        mfa_enabled=False,
        epoch=0,
        remember=False,
        cookie_hash="",
        method="password",
        signed_in_at=int(now.timestamp()),
        expires_at=int((now + _LIFE).timestamp()),
        amr="pwd",
    )


async def _into_postgres(url: str, records: Sequence[SessionRecord]) -> None:
    now = datetime.now(UTC)
    same_user = {"password_hash": "none", "role": "user", "status": "active", "mfa_enabled": False}
    same_user |= {"session_epoch": 0, "created_at": now, "password_changed_at": now}
    same_session = {"cookie_hash": "", "epoch": 0, "remember": False, "method": "password", "ip": "192.0.2.1"}
    same_session |= {"user_agent": "", "revoked_reason": "", "idle_expires_at": now + _LIFE}
    same_session |= {"expires_at": now + _LIFE}
    same_session |= dict.fromkeys(("created_at", "authenticated_at", "last_seen_at"), now)
    users = [
        {"id": UUID(one.user_id), "email": one.email, "email_key": one.email, **same_user} for one in records
    ]
    sessions = [{"id": UUID(one.session_id), "user_id": UUID(one.user_id), **same_session} for one in records]
    engine = create_async_engine(make_url(url))
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for table, rows in (("users", users), ("sessions", sessions)):
            values = [tuple(row.values()) for row in rows]
            await driver.copy_records_to_table(table, records=values, columns=list(rows[0]))
        await driver.execute("ANALYZE users, sessions")
    await engine.dispose()


async def _into_redis(stack: Stack, records: Sequence[SessionRecord]) -> None:
    """Store the copies that checking each session would have left (`SessionCache.remember`)."""
    redis = RedisClient(stack.redis_url, SystemClock())
    await redis.ping()  # which sets `redis.run`
    kid = Keyring([stack.secret], "session copies").current.kid
    for first in range(0, len(records), _AT_ONCE):
        pipe = redis.raw.pipeline(transaction=False)
        for one in records[first : first + _AT_ONCE]:
            pipe.set(f"session:{redis.run}:{one.session_id}", f"{kid}/2.{one.encode()}", ex=COPY_TTL)
        await pipe.execute()
    await redis.close()


def _readings(stack: Stack, records: Sequence[SessionRecord]) -> list[Reading]:
    signer = TokenSigner(
        Keyring([stack.secret], "access and refresh tokens"),
        base_url(stack.ours.port),
        SystemClock(),
        SystemRandomness(),
    )

    def token(record: SessionRecord) -> str:
        claims = {"email": record.email, "role": record.role, "ver": record.epoch}
        ids = UUID(record.user_id), UUID(record.session_id)
        return signer.issue(ACCESS, *ids, int(_LIFE.total_seconds()), **claims)[0]

    return [Reading(token(record), f'@{_DOMAIN}"') for record in records]
