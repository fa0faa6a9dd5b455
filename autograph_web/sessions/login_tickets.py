"""One-time tickets that carry a sign-in from a WebSocket, which cannot set cookies, to a form post."""

from autograph_web.infra.randomness import Randomness
from autograph_web.infra.redis.client import RedisClient
from autograph_web.infra.redis.one_time_store import OneTimeStore
from autograph_web.sessions.principal import AuthenticationGrant

_LIFE_S = 30


class LoginTickets:
    """Exchanges a completed sign-in for a ticket, and the ticket, once, for its grant.

    No session exists until the ticket is redeemed, so a lost ticket leaves no session behind.
    """

    def __init__(self, redis: RedisClient, randomness: Randomness) -> None:
        self._kept = OneTimeStore(redis, randomness, AuthenticationGrant, prefix="handoff", ttl=_LIFE_S)

    async def issue(self, grant: AuthenticationGrant) -> str:
        """Return a ticket for `grant`, valid once within 30 seconds.

        Raises:
            Unavailable: Redis is unavailable.
        """
        return await self._kept.put(grant)

    async def redeem(self, ticket: str) -> AuthenticationGrant:
        """Consume `ticket` and return its grant.

        Raises:
            TicketExpired: It is unknown, used or over 30 seconds old.
            Unavailable: Redis is unavailable.
        """
        return await self._kept.pop(ticket)
