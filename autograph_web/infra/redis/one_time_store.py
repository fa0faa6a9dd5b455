"""Values that can be retrieved once: stored in Redis under the hash of a token, for seconds or minutes."""

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
    """Exchanges a value for a token, and a token for its value, for one of concurrent callers (GETDEL).

    Redis contains neither the token nor, with an `encryptor`, the value in plain text; a value encrypted for
    one owner cannot be decrypted for another.
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
        """Store the dependencies and parameters.

        Args:
            redis: The Redis that stores the values.
            randomness: The source of the tokens.
            kind: The type of the values, which pydantic must be able to serialize as JSON.
            prefix: The prefix of the keys.
            ttl: The lifetime of a value in seconds.
            encryptor: Encrypts the values, if given.
            token_bytes: The number of random bytes of a token.
        """
        self._redis, self._randomness, self._encryptor = redis, randomness, encryptor
        self._codec = TypeAdapter[T](kind)
        self._prefix, self._ttl, self._token_bytes = prefix, ttl, token_bytes

    async def put(self, value: T, owner: str = "") -> str:
        """Store `value` and return the token that retrieves it once.

        Raises:
            Unavailable: Redis is unavailable.
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
        """Consume `token` and return its value; with `anyway` even if the circuit breaker is open.

        Raises:
            TicketExpired: It is unknown, used, expired, of another owner, or from another version of the
                server.
            Unavailable: Redis is unavailable.
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
