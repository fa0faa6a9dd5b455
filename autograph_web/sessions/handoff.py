"""One-use tickets: from a websocket, which cannot set cookies, to a form post, which can."""

import json
from datetime import datetime
from uuid import UUID

from autograph_web.infra.crypto.keyring import token_hash
from autograph_web.infra.errors import TicketExpired, Unavailable
from autograph_web.infra.randomness import Entropy, random_token
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.sessions.viewer import SignedIn

_LIFE_S = 30


class Handoff:
    """Exchanges a proof of sign-in for a ticket and the ticket, once, for the proof.

    No session exists until the ticket is claimed, so a ticket that is lost leaves nothing behind.
    """

    def __init__(self, redis: RedisClient, entropy: Entropy) -> None:
        self._redis, self._entropy = redis, entropy

    async def issue(self, proof: SignedIn) -> str:
        """Return a ticket for `proof`, good once within 30 seconds.

        Raises:
            Unavailable: Redis is away.
        """
        ticket = random_token(self._entropy)
        try:
            await self._redis.put(_key(ticket), _encode(proof), _LIFE_S)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        return ticket

    async def claim(self, ticket: str) -> SignedIn:
        """Use `ticket` up and return its proof.

        Raises:
            TicketExpired: It is unknown, used or over 30 seconds old.
            Unavailable: Redis is away.
        """
        try:
            value = await self._redis.take(_key(ticket), anyway=True)
        except RedisDown as error:
            raise Unavailable(retry_after=1) from error
        if value is None:
            raise TicketExpired
        return _decode(value)


def _key(ticket: str) -> str:
    return f"handoff:{token_hash(ticket)}"


def _encode(proof: SignedIn) -> str:
    return json.dumps(
        {
            "session_id": proof.session_id.hex,
            "user_id": proof.user_id.hex,
            "email": proof.email,
            "epoch": proof.epoch,
            "remember": proof.remember,
            "method": proof.method,
            "authenticated_at": proof.authenticated_at.isoformat(),
            "password_changed_at": proof.password_changed_at.isoformat(),
            "trust_device": proof.trust_device,
            "replaces": proof.replaces.hex if proof.replaces else None,
        }
    )


def _decode(value: bytes) -> SignedIn:
    fields = json.loads(value)
    if "password_changed_at" not in fields:  # issued by the version before
        raise TicketExpired
    return SignedIn(
        session_id=UUID(hex=fields["session_id"]),
        user_id=UUID(hex=fields["user_id"]),
        email=fields["email"],
        epoch=fields["epoch"],
        remember=fields["remember"],
        method=fields["method"],
        authenticated_at=datetime.fromisoformat(fields["authenticated_at"]),
        password_changed_at=datetime.fromisoformat(fields["password_changed_at"]),
        trust_device=fields["trust_device"],
        replaces=UUID(hex=fields["replaces"]) if fields["replaces"] else None,
    )
