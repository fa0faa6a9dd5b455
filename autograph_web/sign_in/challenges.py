"""Sign-ins that wait for their second factor: five minutes, in Redis, and nothing else exists of them yet."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from uuid import UUID

from autograph_web.accounts.emails import fold_email
from autograph_web.core.context import RequestContext
from autograph_web.core.entropy import Entropy, random_token
from autograph_web.core.errors import ChallengeExpired, Unavailable
from autograph_web.core.keyring import token_hash
from autograph_web.core.redis import RedisClient, RedisDown

CHALLENGE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Challenge:
    """A password step that succeeded; `id` names it in Redis and tells nothing about its token."""

    id: str
    user_id: UUID
    email: str
    epoch: int
    remember: bool
    pointer: str


@dataclass(frozen=True, slots=True)
class ChallengeRequired:
    """The password was right and a code is asked for; `token` names this sign-in for five minutes.

    `may_trust` is whether the browser may be trusted from then on.
    """

    email: str
    token: str
    may_trust: bool
    methods: tuple[str, ...] = ("totp", "recovery_code")
    expires_in: int = CHALLENGE_SECONDS


class Challenges:
    """Keeps challenges under the hash of their token, and one pointer for clients that keep no token."""

    def __init__(self, redis: RedisClient, entropy: Entropy) -> None:
        self._redis, self._entropy = redis, entropy

    async def open(
        self, context: RequestContext, *, user_id: UUID, email: str, epoch: int, remember: bool
    ) -> str:
        """Keep a challenge for five minutes and return its token.

        Raises:
            Unavailable: Redis is away.
        """
        token = random_token(self._entropy)
        pointer = _pointer(context, fold_email(email))
        challenge = Challenge(token_hash(token), user_id, email, epoch, remember, pointer)
        try:
            await self._redis.put(_key(challenge.id), _encode(challenge), CHALLENGE_SECONDS)
            await self._redis.put(pointer, challenge.id, CHALLENGE_SECONDS)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return token

    async def of_token(self, token: str) -> Challenge:
        """Return the challenge of a token.

        Raises:
            ChallengeExpired: There is none.
            Unavailable: Redis is away.
        """
        return await self._load(token_hash(token))

    async def of_client(self, context: RequestContext, email: str) -> Challenge:
        """Return the pending challenge of the same email, client address and user agent.

        Raises:
            ChallengeExpired, Unavailable: As for `of_token`.
        """
        identity = await self._value(_pointer(context, fold_email(email)))
        if identity is None:
            raise ChallengeExpired
        return await self._load(identity.decode("ascii"))

    async def close(self, challenge: Challenge) -> bool:
        """End a challenge; only one of any number of racers gets True.

        Raises:
            Unavailable: Redis is away.
        """
        return await self._end(challenge.id)

    async def abandon(self, token: str) -> None:
        """Forget the challenge of a token; that it has expired is fine too.

        Raises:
            Unavailable: Redis is away.
        """
        await self._end(token_hash(token))

    async def _end(self, identity: str) -> bool:
        try:
            value = await self._redis.take(_key(identity))
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        if value is None:
            return False
        with suppress(RedisDown):  # it points to nothing now, and runs out by itself
            await self._redis.drop_if(_decode(identity, value).pointer, identity.encode("ascii"))
        return True

    async def _load(self, identity: str) -> Challenge:
        value = await self._value(_key(identity))
        if value is None:
            raise ChallengeExpired
        return _decode(identity, value)

    async def _value(self, key: str) -> bytes | None:
        try:
            [value] = await self._redis.get_many([key])
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return value


def _key(identity: str) -> str:
    return f"mfa_challenge:{identity}"


def _pointer(context: RequestContext, email_key: str) -> str:
    told = f"{email_key}\n{context.ip}\n{context.user_agent}"
    return f"mfa_pending:{sha256(told.encode('utf-8', 'replace')).hexdigest()}"


def _encode(challenge: Challenge) -> str:
    return json.dumps(asdict(challenge) | {"user_id": challenge.user_id.hex, "id": ""})


def _decode(identity: str, value: bytes) -> Challenge:
    fields = json.loads(value)
    return Challenge(
        id=identity,
        user_id=UUID(hex=fields["user_id"]),
        email=fields["email"],
        epoch=fields["epoch"],
        remember=fields["remember"],
        pointer=fields["pointer"],
    )
