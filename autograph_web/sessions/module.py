"""Sessions, their tokens, and the revocations that all processes hear of."""

from dataclasses import dataclass

from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.module import InfraServices
from autograph_web.infra.services import use_case
from autograph_web.sessions.access_tokens import TokenSigner
from autograph_web.sessions.cache import SessionCache
from autograph_web.sessions.devices import Devices
from autograph_web.sessions.login_tickets import LoginTickets
from autograph_web.sessions.revocation_bus import RevocationBus
from autograph_web.sessions.sessions import Lifetimes, Sessions
from autograph_web.sessions.tokens import TokenLifetimes, Tokens


@dataclass(frozen=True, kw_only=True)
class SessionServices:
    """The services of `sessions`."""

    revocation_bus: RevocationBus
    sessions: Sessions = use_case()
    devices: Devices = use_case()
    tokens: Tokens = use_case()
    login_tickets: LoginTickets = use_case()


def build(infra: InfraServices, deps: UseCaseContext) -> SessionServices:
    """Build them."""
    settings, redis = infra.settings, infra.redis
    secrets = settings.master_secrets
    keys = Keyring(secrets, "access and refresh tokens")
    signer = TokenSigner(keys, settings.base_url, infra.clock, infra.randomness)
    cache = SessionCache(redis, settings.session_absolute_ttl, Keyring(secrets, "session copies"))
    lifetimes = Lifetimes(
        idle=settings.session_idle_ttl,
        remembered_idle=settings.session_idle_remembered_ttl,
        absolute=settings.session_absolute_ttl,
    )
    revocation_bus = RevocationBus(redis)
    sessions = Sessions(deps, cache, revocation_bus, signer, lifetimes)
    token_lifetimes = TokenLifetimes(settings.access_token_ttl, settings.refresh_token_ttl)
    return SessionServices(
        revocation_bus=revocation_bus,
        sessions=sessions,
        devices=Devices(deps, sessions),
        tokens=Tokens(deps, sessions, signer, token_lifetimes),
        login_tickets=LoginTickets(redis, infra.randomness),
    )
