"""Builds, opens and closes the services of one process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from autograph_web.accounts.hashing import PasswordHasher
from autograph_web.accounts.passwords import PasswordPolicy
from autograph_web.accounts.registration import Registration
from autograph_web.audit.trail import Trail
from autograph_web.core.clock import Clock, SystemClock
from autograph_web.core.database import Database
from autograph_web.core.entropy import Entropy, SystemEntropy
from autograph_web.core.errors import Unavailable
from autograph_web.core.flash import Flashes
from autograph_web.core.keyring import Keyring
from autograph_web.core.limits import Limiter
from autograph_web.core.mail import FolderMailer, Mailer
from autograph_web.core.redis import RedisClient, RedisDown
from autograph_web.sessions.access_tokens import TokenSigner
from autograph_web.sessions.cache import SessionCache
from autograph_web.sessions.handoff import Handoff
from autograph_web.sessions.sessions import Lifetimes, Sessions
from autograph_web.sessions.tokens import Tokens
from autograph_web.settings import Settings
from autograph_web.sign_in.known_devices import KnownDevices
from autograph_web.sign_in.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a page or a route may call."""

    settings: Settings
    clock: Clock
    entropy: Entropy
    database: Database
    redis: RedisClient
    hasher: PasswordHasher
    policy: PasswordPolicy
    trail: Trail
    registration: Registration
    sign_in: SignIn
    sessions: Sessions
    tokens: Tokens
    handoff: Handoff
    flash: Flashes

    async def health(self) -> dict[str, bool]:
        """Tell of each part we depend on whether it answers."""
        return {"database": await self._database_answers(), "redis": await self._redis_answers()}

    async def _database_answers(self) -> bool:
        try:
            await self.database.ping()
        except Unavailable:
            return False
        return True

    async def _redis_answers(self) -> bool:
        try:
            await self.redis.ping()
        except RedisDown:
            return False
        return True

    async def close(self) -> None:
        """Give everything back."""
        self.hasher.close()
        await self.redis.close()
        await self.database.close()


def build_services(
    settings: Settings,
    clock: Clock | None = None,
    entropy: Entropy | None = None,
    mailer: Mailer | None = None,
) -> Services:
    """Wire the services up; nothing is connected yet."""
    clock, entropy = clock or SystemClock(), entropy or SystemEntropy()
    secrets = settings.master_secrets
    database = Database(settings.sqlalchemy_url, settings.database_pool)
    redis = RedisClient(settings.redis_url, clock)
    trail, limiter = Trail(database, clock), Limiter(redis, clock, entropy)
    hasher = PasswordHasher(settings.bcrypt_cost, settings.hash_threads)
    policy = PasswordPolicy(settings.password_min_length, settings.password_min_score)
    signer = TokenSigner(Keyring(secrets, "access and refresh tokens"), settings.base_url, clock, entropy)
    sessions = Sessions(
        database=database,
        cache=SessionCache(redis, settings.session_absolute_seconds),
        signer=signer,
        trail=trail,
        clock=clock,
        entropy=entropy,
        lifetimes=Lifetimes(
            settings.session_idle_seconds, settings.remembered_idle_seconds, settings.session_absolute_seconds
        ),
    )
    return Services(
        settings=settings,
        clock=clock,
        entropy=entropy,
        database=database,
        redis=redis,
        hasher=hasher,
        policy=policy,
        trail=trail,
        registration=Registration(
            database=database,
            hasher=hasher,
            policy=policy,
            trail=trail,
            limiter=limiter,
            clock=clock,
            entropy=entropy,
            limit=settings.registration_limit,
            window=settings.registration_window_seconds,
        ),
        sign_in=SignIn(
            database=database,
            hasher=hasher,
            trail=trail,
            limiter=limiter,
            devices=KnownDevices(Keyring(secrets, "device cookies"), entropy),
            clock=clock,
            entropy=entropy,
            limit=settings.login_limit,
            window=settings.login_window_seconds,
        ),
        sessions=sessions,
        tokens=Tokens(
            database=database,
            sessions=sessions,
            signer=signer,
            trail=trail,
            mailer=mailer or FolderMailer(settings.data_dir / "mail", clock, entropy),
            clock=clock,
            access_seconds=settings.access_token_seconds,
            refresh_seconds=settings.refresh_token_seconds,
        ),
        handoff=Handoff(redis, entropy),
        flash=Flashes(redis, entropy),
    )


_open: list[Services] = []


def services() -> Services:
    """Return the open services of this process.

    Raises:
        RuntimeError: Called outside `opened`, which is a fault of ours.
    """
    if not _open:
        raise RuntimeError("the services are not open in this process")
    return _open[-1]


@asynccontextmanager
async def opened(built: Services) -> AsyncIterator[Services]:
    """Hold the services open and make them `services()` until the block ends."""
    _open.append(built)
    try:
        # Learns which Redis process this is before the first request needs to know.
        await built.health()
        yield built
    finally:
        _open.remove(built)
        await built.close()
