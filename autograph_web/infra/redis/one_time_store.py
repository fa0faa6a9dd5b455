"""Values that are fetched once: kept in Redis under the hash of a token, for seconds or minutes."""

from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from autograph_web.infra.crypto.encryption import DecryptionError, Encryptor
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import TicketExpired, Unavailable
from autograph_web.infra.randomness import Randomness, random_token
from autograph_web.infra.redis.client import RedisClient, RedisDown

T = TypeVar("T")
_LONGEST_TOKEN = 128


class OneTimeStore(Generic[T]):
    """Gives out a token for a value, and the value for the token: to one of any number of racers (GETDEL).

    Redis holds neither the token nor, with an `encryptor`, the value in the clear; what was encrypted
    for one owner opens for no other.
    """

    def __init__(
        self,
        redis: RedisClient,
        randomness: Randomness,
        kind: type[T],
        *,
        prefix: str,
        ttl: int,
        encryptor: Encryptor | None = None,
        token_bytes: int = 32,
    ) -> None:
        """Take the parts.

        Args:
            redis: Where values are kept.
            randomness: What tokens are drawn from.
            kind: The type of the values, which pydantic can write as JSON.
            prefix: What keys begin with.
            ttl: How long a value is kept, in seconds.
            encryptor: What values are encrypted with, if they are.
            token_bytes: How many random bytes a token has.
        """
        self._redis, self._randomness, self._encryptor = redis, randomness, encryptor
        self._codec = TypeAdapter[T](kind)
        self._prefix, self._ttl, self._token_bytes = prefix, ttl, token_bytes

    async def put(self, value: T, owner: str = "") -> str:
        """Keep `value` and return the token that fetches it once.

        Raises:
            Unavailable: Redis is away.
        """
        token = random_token(self._randomness, self._token_bytes)
        plain = self._codec.dump_json(value)
        kept = self._encryptor.encrypt(plain, self._bound_to(owner)) if self._encryptor else plain.decode()
        try:
            await self._redis.put(self._key(token), kept, self._ttl)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return token

    async def pop(self, token: str, owner: str = "", *, anyway: bool = True) -> T:
        """Use `token` up and return its value; `anyway` even if Redis gave no answer within the last second.

        Raises:
            TicketExpired: It is unknown, used, too old, somebody else's, or of another version of the server.
            Unavailable: Redis is away.
        """
        if len(token) > _LONGEST_TOKEN:
            raise TicketExpired
        try:
            kept = await self._redis.take(self._key(token), anyway=anyway)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        if kept is None:
            raise TicketExpired
        try:
            return self._codec.validate_json(self._opened(kept, owner))
        except (DecryptionError, ValidationError):
            raise TicketExpired from None

    def _opened(self, kept: bytes, owner: str) -> bytes:
        if self._encryptor is None:
            return kept
        return self._encryptor.decrypt(kept.decode("ascii"), self._bound_to(owner))

    def _bound_to(self, owner: str) -> str:
        return f"{self._prefix}\n{owner}"

    def _key(self, token: str) -> str:
        return f"{self._prefix}:{token_hash(token)}"
