"""Builds the services of one application, package by package in the order of their imports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from autograph_web.accounts import module as accounts_module
from autograph_web.accounts.errors import SessionEnded
from autograph_web.admin import module as admin_module
from autograph_web.api_keys import module as api_keys_module
from autograph_web.audit import module as audit_module
from autograph_web.authn import module as authn_module
from autograph_web.flags import module as flags_module
from autograph_web.infra import module as infra_module
from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.infra.redis.client import RedisDown
from autograph_web.infra.services import merged, use_cases_of
from autograph_web.infra.telemetry import tracing
from autograph_web.mail import module as mail_module
from autograph_web.mail.transport import MailTransport
from autograph_web.monitoring import module as monitoring_module
from autograph_web.profile import module as profile_module
from autograph_web.recovery import module as recovery_module
from autograph_web.schema import newest_revision
from autograph_web.sessions import module as sessions_module
from autograph_web.settings import Settings


class Life:
    """Whether services are open, which a websocket that ends with the process may outlive for a moment."""

    is_open = True


@dataclass(frozen=True, kw_only=True)
class Services(
    infra_module.InfraServices,
    mail_module.MailServices,
    audit_module.AuditServices,
    flags_module.FlagServices,
    accounts_module.AccountServices,
    sessions_module.SessionServices,
    authn_module.AuthnServices,
    api_keys_module.ApiKeyServices,
    profile_module.ProfileServices,
    recovery_module.RecoveryServices,
    admin_module.AdminServices,
    monitoring_module.MonitoringServices,
):
    """What a page, a route or a command may call, as each package declares them (module.py)."""

    life: Life = field(default_factory=Life)

    async def redis_answers(self) -> bool:
        """Return True if Redis answers."""
        try:
            await self.redis.ping()
        except RedisDown:
            return False
        return True

    async def close(self) -> None:
        """Stop what runs in the background, then close Redis and the database."""
        await self.courier.close()
        await self.audit_chain.close()
        self.hasher.close()
        await self.sessions.close()
        await self.new_device_alerts.close()
        await self.redis.close()
        await self.database.close()


def build_services(
    settings: Settings,
    clock: Clock | None = None,
    randomness: Randomness | None = None,
    carrier: MailTransport | None = None,
    more_methods: authn_module.MoreMethods = lambda _: (),
) -> Services:
    """Build the services of one application; nothing is connected yet.

    `more_methods` returns authentication methods (authn/ports.py) besides those of the product.
    """
    infra = infra_module.build(
        settings, clock or SystemClock(), randomness or SystemRandomness(), SessionEnded
    )
    mail = mail_module.build(infra, carrier)
    audit = audit_module.build(infra, mail)
    deps = audit.deps
    flag = flags_module.build(infra, deps)
    flags = flag.flags
    account = accounts_module.build(infra, deps, flags)
    session = sessions_module.build(infra, deps)
    sessions, links = session.sessions, account.links
    api_key = api_keys_module.build(infra, deps, links, sessions)
    authn = authn_module.build(infra, deps, flags, account, sessions, [api_key.api_keys], more_methods)
    parts = (
        *(infra, mail, audit, flag, account, session, authn, api_key),
        profile_module.build(deps, links, sessions, authn, api_key.api_keys),
        recovery_module.build(settings, deps, account, authn),
        admin_module.build(settings, deps, flags, links, session, authn),
        monitoring_module.build(infra, mail, audit, newest_revision()),
    )
    built = Services(**merged(*parts))
    return traced(built) if settings.traces else built


def traced(built: Services) -> Services:
    """Return the services with a span for each call of a use case."""
    cases = {name: tracing.UseCases(getattr(built, name)) for name in use_cases_of(built)}
    return replace(built, **cast(Any, cases))
