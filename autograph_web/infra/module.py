"""Clock, database, Redis, rate limits and encryption: what everything else is built on."""

from collections.abc import Callable
from dataclasses import dataclass

from autograph_web.infra.clock import Clock
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.module import encryptor_of
from autograph_web.infra.db.database import Database
from autograph_web.infra.flash import FlashStore
from autograph_web.infra.one_time_secrets import OneTimeSecrets
from autograph_web.infra.randomness import Randomness
from autograph_web.infra.ratelimit.limiter import Limiter
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.telemetry.log_throttle import LONG_S, LogThrottle
from autograph_web.settings import Settings

# The longest that a request waits for a database that does not answer. Commands may wait longer.
_ANSWER_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class InfraServices:
    """The services of `infra`."""

    settings: Settings
    clock: Clock
    randomness: Randomness
    database: Database
    redis: RedisClient
    limiter: Limiter
    encryptor: Encryptor
    flash: FlashStore
    one_time_secrets: OneTimeSecrets
    log_throttle: LogThrottle


def build(
    settings: Settings, clock: Clock, randomness: Randomness, reference_gone: Callable[[], Exception]
) -> InfraServices:
    """Build them; nothing is connected yet.

    `reference_gone` is raised when a statement refers to an account or session that has been deleted.
    """
    redis = RedisClient(settings.redis_url, clock, settings.redis_pool, settings.redis_prefix)
    encryptor = encryptor_of(settings, randomness)
    return InfraServices(
        settings=settings,
        clock=clock,
        randomness=randomness,
        database=Database(settings.sqlalchemy_url, settings.database_pool, _ANSWER_SECONDS, reference_gone),
        redis=redis,
        limiter=Limiter(redis, clock, randomness, settings.workers, settings.rates),
        encryptor=encryptor,
        flash=FlashStore(redis, randomness),
        one_time_secrets=OneTimeSecrets(redis, encryptor, randomness),
        log_throttle=LogThrottle(clock.seconds, LONG_S),
    )
