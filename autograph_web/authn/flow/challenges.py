"""Sign-ins waiting for a second factor: kept for five minutes in Redis only, before any session exists."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import normalize_email
from autograph_web.authn.flow.errors import ChallengeExpired
from autograph_web.authn.ports import FirstFactor
from autograph_web.infra.context import RequestContext
from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import Randomness, random_token
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.sessions.assurance import MethodId, Shown

CHALLENGE_SECONDS = 300

_KEEP = """
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
"""
# The pointer may already name a newer challenge of the same client, which must stay open.
_CLOSE = """
local mine = redis.call('DEL', KEYS[1])
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
return mine
"""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A sign-in whose first factor succeeded; `id` names it in Redis and does not reveal its token.

    `method` is the method of that factor, and `amr` its RFC 8176 values.
    """

    id: str
    user_id: UUID
    email: str
    epoch: int
    remember: bool
    pointer: str
    password_changed_at: datetime
    method: MethodId
    amr: tuple[str, ...]

    @property
    def shown(self) -> Shown:
        """The methods verified so far."""
        return Shown((self.method,), self.amr)


@dataclass(frozen=True, slots=True)
class ChallengeRequired:
    """The first factor succeeded and a code is required; `token` identifies this sign-in for five minutes.

    `may_trust` tells whether the browser may be remembered as trusted, and `methods` lists the second factors
    whose codes are accepted.
    """

    email: str
    token: str
    may_trust: bool
    methods: tuple[MethodId, ...]
    expires_in: int = CHALLENGE_SECONDS


class Challenges:
    """Stores challenges under the hash of their token, plus a pointer for clients that keep no token."""

    def __init__(self, redis: RedisClient, randomness: Randomness) -> None:
        self._redis, self._randomness = redis, randomness
        self._keep: Any = redis.script(_KEEP)
        self._close: Any = redis.script(_CLOSE)

    async def open(
        self,
        context: RequestContext,
        account: Account,
        *,
        remember: bool,
        first: FirstFactor,
    ) -> str:
        """Store a challenge for an account and return its token.

        Raises:
            Unavailable: Redis is unavailable.
        """
        token = random_token(self._randomness)
        pointer = _pointer(context, normalize_email(account.email))
        challenge = Challenge(
            id=token_hash(token),
            user_id=account.id,
            email=account.email,
            epoch=account.session_epoch,
            remember=remember,
            pointer=pointer,
            password_changed_at=account.password_changed_at,
            method=first.id,
            amr=first.amr,
        )
        try:
            await self._redis.call(
                self._keep(
                    keys=[_key(challenge.id), pointer],
                    args=[_encode(challenge), challenge.id, CHALLENGE_SECONDS],
                )
            )
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return token

    async def of_token(self, token: str) -> Challenge:
        """Return the challenge of a token.

        Raises:
            ChallengeExpired: There is no such challenge.
            Unavailable: Redis is unavailable.
        """
        return await self._load(token_hash(token))

    async def of_client(self, context: RequestContext, email: str) -> Challenge:
        """Return the pending challenge of the same email, client address and user agent.

        Raises:
            ChallengeExpired, Unavailable: As for `of_token`.
        """
        identity = await self._value(_pointer(context, normalize_email(email)))
        if identity is None:
            raise ChallengeExpired
        return await self._load(identity.decode("ascii"))

    async def close(self, challenge: Challenge) -> bool:
        """Close a challenge; of any number of concurrent requests only one gets True.

        Raises:
            Unavailable: Redis is unavailable.
        """
        try:
            closed = self._close(keys=[_key(challenge.id), challenge.pointer], args=[challenge.id])
            return bool(await self._redis.call(closed))
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error

    async def abandon(self, token: str) -> None:
        """Close the challenge of a token; an expired one is ignored.

        Raises:
            Unavailable: Redis is unavailable.
        """
        with suppress(ChallengeExpired):
            await self.close(await self.of_token(token))

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
    changed = challenge.password_changed_at.isoformat()
    plain = {"user_id": challenge.user_id.hex, "id": "", "password_changed_at": changed}
    return json.dumps(asdict(challenge) | plain)


def _decode(identity: str, value: bytes) -> Challenge:
    fields = json.loads(value)
    if "amr" not in fields:  # opened by the previous version
        fields |= {"method": "password", "amr": ["pwd"]}
    return Challenge(
        id=identity,
        user_id=UUID(hex=fields["user_id"]),
        email=fields["email"],
        epoch=fields["epoch"],
        remember=fields["remember"],
        pointer=fields["pointer"],
        password_changed_at=datetime.fromisoformat(fields["password_changed_at"]),
        method=MethodId(fields["method"]),
        amr=tuple(fields["amr"]),
    )
