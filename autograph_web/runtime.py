"""Builds, opens and closes the services of one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, cast

import structlog

from autograph_web import __version__
from autograph_web.accounts.errors import SessionEnded
from autograph_web.accounts.links import Links
from autograph_web.accounts.verification import Verification
from autograph_web.admin.admin_policy import AdminPolicy
from autograph_web.admin.audit_search import AuditSearch
from autograph_web.admin.feature_flags import FeatureFlags
from autograph_web.admin.limits import Limits
from autograph_web.admin.statistics.statistics import Statistics
from autograph_web.admin.user_actions import UserActions
from autograph_web.admin.user_directory import UserDirectory
from autograph_web.admin.user_provisioning import UserProvisioning
from autograph_web.api_keys.keys import ApiKeys
from autograph_web.api_keys.throttle import ApiKeyThrottle
from autograph_web.audit.chain.keeper import ChainKeeper
from autograph_web.audit.log import AuditLog
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.device_cookies import DeviceCookies
from autograph_web.authn.flow.challenges import Challenges
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.flow.login import SignIn
from autograph_web.authn.flow.new_device_alerts import NewDeviceAlerts
from autograph_web.authn.flow.reauthentication import Reauthentication
from autograph_web.authn.flow.registration import Registration
from autograph_web.authn.flow.second_factor_step import SecondFactorStep
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.methods.password.hashing import PasswordHasher
from autograph_web.authn.methods.password.method import PasswordMethod
from autograph_web.authn.methods.password.policy import PasswordPolicy
from autograph_web.authn.methods.recovery_codes.method import RecoveryCodes
from autograph_web.authn.methods.totp.enrolment import Enrolment
from autograph_web.authn.methods.totp.method import TotpMethod
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedDevices
from autograph_web.authn.ports import FirstFactor, SecondFactor
from autograph_web.authn.revocation import Revocable, Revocations
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import FLAGS
from autograph_web.infra.background import end
from autograph_web.infra.clock import Clock, SystemClock
from autograph_web.infra.crypto.encryption import Encryptor
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.db.database import Database
from autograph_web.infra.flash import FlashStore
from autograph_web.infra.one_time_secrets import OneTimeSecrets
from autograph_web.infra.randomness import Randomness, SystemRandomness
from autograph_web.infra.ratelimit.limiter import Limiter
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.telemetry import tracing
from autograph_web.infra.telemetry.log_throttle import LONG_S, LogThrottle
from autograph_web.infra.telemetry.metrics import MetricsExposition
from autograph_web.mail.courier import Courier
from autograph_web.mail.file_transport import FileTransport
from autograph_web.mail.outbox import Outbox
from autograph_web.mail.transport import MailTransport
from autograph_web.monitoring.figures import Figures
from autograph_web.monitoring.health import Health
from autograph_web.parts import carrier_of, chain_keeper_of, encryptor_of, folder_of, outbox_of
from autograph_web.profile.activity import Activity
from autograph_web.profile.deletion import Deletion
from autograph_web.profile.email_change import EmailChange
from autograph_web.profile.export import DataExport
from autograph_web.profile.password_change import PasswordChange
from autograph_web.profile.profiles import Profiles
from autograph_web.recovery.first_proof import FirstProof
from autograph_web.recovery.password_reset import PasswordReset, ResetRules
from autograph_web.recovery.reclaiming import Reclaiming
from autograph_web.recovery.sign_in_disavowal import SignInDisavowal
from autograph_web.recovery.undo import EmailUndo
from autograph_web.schema import newest_revision
from autograph_web.sessions.access_tokens import TokenSigner
from autograph_web.sessions.cache import SessionCache
from autograph_web.sessions.devices import Devices
from autograph_web.sessions.login_tickets import LoginTickets
from autograph_web.sessions.revocation_bus import RevocationBus
from autograph_web.sessions.sessions import Lifetimes, Sessions
from autograph_web.sessions.tokens import TokenLifetimes, Tokens
from autograph_web.settings import Settings

# Nobody is kept waiting longer by a database that says nothing. Commands of operators may take their time.
_ANSWER_SECONDS = 5.0


class Life:
    """Whether services are still open: what ends with the process may outlive them for a moment."""

    is_open = True


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a page or a route may call."""

    settings: Settings
    database: Database
    redis: RedisClient
    encryptor: Encryptor
    hasher: PasswordHasher
    policy: PasswordPolicy
    audit_log: AuditLog
    outbox: Outbox
    mail_folder: FileTransport
    courier: Courier
    audit_chain: ChainKeeper
    flags: Flags
    registration: Registration
    links: Links
    password_reset: PasswordReset
    sign_in_disavowal: SignInDisavowal
    first_proof: FirstProof
    email_undo: EmailUndo
    new_device_alerts: NewDeviceAlerts
    sign_in: SignIn
    second_factor_step: SecondFactorStep
    reauthentication: Reauthentication
    profiles: Profiles
    password_change: PasswordChange
    activity: Activity
    verification: Verification
    email_change: EmailChange
    data_export: DataExport
    deletion: Deletion
    api_keys: ApiKeys
    device_cookies: DeviceCookies
    trusted_devices: TrustedDevices
    second_factors: SecondFactors
    totp: TotpMethod
    enrolment: Enrolment
    sessions: Sessions
    revocation_bus: RevocationBus
    devices: Devices
    tokens: Tokens
    login_tickets: LoginTickets
    flash: FlashStore
    one_time_secrets: OneTimeSecrets
    user_directory: UserDirectory
    user_provisioning: UserProvisioning
    user_actions: UserActions
    admin_policy: AdminPolicy
    limits: Limits
    audit_search: AuditSearch
    statistics: Statistics
    feature_flags: FeatureFlags
    health: Health
    figures: Figures
    log_throttle: LogThrottle
    clock: Clock
    randomness: Randomness
    life: Life

    async def redis_answers(self) -> bool:
        """Return True if Redis answers."""
        try:
            await self.redis.ping()
        except RedisDown:
            return False
        return True

    async def close(self) -> None:
        """Give everything back."""
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
    more_methods: Callable[[UseCaseContext], Sequence[object]] = lambda _: (),
) -> Services:
    """Wire the services up; nothing is connected yet.

    `more_methods` returns authentication methods (authn/ports.py) besides those of the product.
    """
    clock, randomness = clock or SystemClock(), randomness or SystemRandomness()
    secrets = settings.master_secrets
    database = Database(settings.sqlalchemy_url, settings.database_pool, _ANSWER_SECONDS, SessionEnded)
    redis = RedisClient(settings.redis_url, clock, settings.redis_pool, settings.redis_prefix)
    outbox = outbox_of(settings, database, clock, randomness)
    carrier = carrier or carrier_of(settings)
    deps = UseCaseContext(
        database=database,
        audit_log=AuditLog(database, clock),
        limiter=Limiter(redis, clock, randomness, settings.workers, settings.rates),
        outbox=outbox,
        clock=clock,
        randomness=randomness,
        reserved_domains=settings.reserved_email_domains,
    )
    hasher = PasswordHasher(settings.bcrypt_cost, settings.hash_threads)
    policy = PasswordPolicy(settings.password_min_length, settings.password_min_score)
    signer = TokenSigner(Keyring(secrets, "access and refresh tokens"), settings.base_url, clock, randomness)
    cache = SessionCache(redis, settings.session_absolute_ttl, Keyring(secrets, "session copies"))
    revocation_bus = RevocationBus(redis)
    sessions = Sessions(deps, cache, revocation_bus, signer, _lifetimes(settings))
    lives = TokenLifetimes(settings.access_token_ttl, settings.refresh_token_ttl)
    [key_uses], [wrong_keys] = settings.rates[Limit.API_KEY], settings.rates[Limit.API_KEY_WRONG]
    encryptor = encryptor_of(settings, randomness)
    links = Links(deps, Encryptor(Keyring(secrets, "sealed links"), randomness), settings.base_url)
    flags = Flags(deps, {flag.name: getattr(settings, flag.name) for flag in FLAGS}, redis)
    verification = Verification(deps, flags, links)
    device_cookies = DeviceCookies(Keyring(secrets, "device cookies"), randomness)
    passwords = PasswordMethod(database, hasher, policy, device_cookies, deps.limiter)
    totp, recovery_codes = TotpMethod(deps, encryptor), RecoveryCodes(deps)
    trusted = TrustedDevices(deps, flags)
    methods: list[object] = [passwords, totp, recovery_codes, trusted, *more_methods(deps)]
    first_factors = [one for one in methods if isinstance(one, FirstFactor)]
    second_factors = SecondFactors(deps, [one for one in methods if isinstance(one, SecondFactor)])
    grants, challenges = Grants(deps), Challenges(redis, randomness)
    notices = NewDeviceAlerts(deps, flags, redis, links, device_cookies)
    second_step = SecondFactorStep(deps, second_factors, challenges, grants, trusted, notices)
    api_keys = ApiKeys(deps, ApiKeyThrottle(redis, clock, key_uses, wrong_keys, settings.workers), links)
    revocables = [one for one in (*methods, api_keys) if isinstance(one, Revocable)]
    revocations = Revocations(clock, sessions, links, revocables, first=[totp])
    reclaiming = Reclaiming(deps, links, revocations)
    devices, administrators = Devices(deps, sessions), AdminPolicy(deps)
    chain = chain_keeper_of(settings, database, clock, randomness)
    health = Health(database, redis, outbox, newest_revision())
    built = Services(
        settings=settings,
        database=database,
        redis=redis,
        encryptor=encryptor,
        hasher=hasher,
        policy=policy,
        audit_log=deps.audit_log,
        outbox=outbox,
        mail_folder=folder_of(settings),
        courier=Courier(database, outbox, carrier, clock, randomness),
        audit_chain=chain,
        flags=flags,
        registration=Registration(deps, flags, passwords, verification),
        links=links,
        password_reset=PasswordReset(
            *(deps, links, passwords, reclaiming),
            _reset_rules(settings, verification),
        ),
        first_proof=FirstProof(deps, links, verification, passwords, reclaiming),
        email_undo=EmailUndo(deps, links, reclaiming),
        sign_in_disavowal=SignInDisavowal(deps, links, reclaiming, settings.password_reset_ttl),
        new_device_alerts=notices,
        sign_in=SignIn(deps, first_factors, second_step, grants, trusted, notices, verification),
        second_factor_step=second_step,
        reauthentication=Reauthentication(deps, first_factors, second_factors, grants),
        profiles=Profiles(deps),
        password_change=PasswordChange(deps, passwords, revocations, grants),
        activity=Activity(deps),
        verification=verification,
        email_change=EmailChange(deps, links, sessions, revocations),
        data_export=DataExport(deps),
        deletion=Deletion(deps, revocations),
        api_keys=api_keys,
        device_cookies=device_cookies,
        trusted_devices=trusted,
        second_factors=second_factors,
        totp=totp,
        enrolment=Enrolment(
            *(deps, totp, recovery_codes, encryptor, sessions, revocations, settings.issuer_label)
        ),
        sessions=sessions,
        revocation_bus=revocation_bus,
        devices=devices,
        tokens=Tokens(deps, sessions, signer, lives),
        login_tickets=LoginTickets(redis, randomness),
        flash=FlashStore(redis, randomness),
        one_time_secrets=OneTimeSecrets(redis, encryptor, randomness),
        user_directory=UserDirectory(deps, sessions, devices),
        user_provisioning=UserProvisioning(deps, passwords, links, administrators),
        user_actions=UserActions(deps, revocations, administrators),
        admin_policy=administrators,
        limits=Limits(deps, administrators),
        audit_search=AuditSearch(deps),
        statistics=Statistics(deps, settings.audit_retention_days),
        feature_flags=FeatureFlags(deps, flags),
        health=health,
        figures=Figures(MetricsExposition(settings.metrics_dir), health, outbox, chain),
        log_throttle=LogThrottle(clock.seconds, LONG_S),
        clock=clock,
        randomness=randomness,
        life=Life(),
    )
    return traced(built) if settings.traces else built


def _reset_rules(settings: Settings, verification: Verification) -> ResetRules:
    return ResetRules(settings.password_reset_ttl, verification.is_wanted)


def _lifetimes(settings: Settings) -> Lifetimes:
    return Lifetimes(
        idle=settings.session_idle_ttl,
        remembered_idle=settings.session_idle_remembered_ttl,
        absolute=settings.session_absolute_ttl,
    )


_log = structlog.get_logger(__name__)
_HOUR = 3600
# What else there is are parts that use cases are made of.
_USE_CASES = (
    *(
        "registration",
        "password_reset",
        "sign_in_disavowal",
        "sign_in",
        "second_factor_step",
        "reauthentication",
    ),
    *("password_change", "activity", "verification", "email_change", "data_export", "deletion"),
    *(
        "api_keys",
        "enrolment",
        "sessions",
        "devices",
        "tokens",
        "login_tickets",
        "user_directory",
        "user_provisioning",
    ),
    *("user_actions", "admin_policy", "first_proof", "email_undo"),
)
_current = ContextVar[Services]("services")


def services() -> Services:
    """Return the services that the current request, page event or command belongs to.

    Raises:
        RuntimeError: It belongs to none, which is a fault of ours: see `bound` and `opened`.
    """
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError("nothing here was bound to services") from None


def bind(built: Services) -> None:
    """Make `built` what `services()` returns until the current task ends."""
    _current.set(built)


class bound:  # noqa: N801  (a context manager; a generator for one takes three times as long)
    """Make some services what `services()` returns in this block, and in the tasks that begin in it."""

    __slots__ = ("_before", "_built")

    def __init__(self, built: Services) -> None:
        self._built = built

    def __enter__(self) -> None:
        self._before = _current.set(self._built)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)


def are_open() -> bool:
    """Return True while `services()` are open, which what ends with the process may outlive for a moment."""
    built = _current.get(None)
    return built is not None and built.life.is_open


async def _tidy_up(built: Services) -> None:
    """Delete what has expired, once an hour for as long as the process lives."""
    while True:
        await asyncio.sleep(_HOUR)
        try:
            await built.sessions.forget_expired()
            await built.trusted_devices.forget_expired()
            await built.totp.forget_replaced()
            await built.email_change.forget_expired()
            await built.links.forget_expired()
            await built.api_keys.forget_old()
            await built.outbox.forget_old()
            await built.statistics.count_settled()
            await forget_old_events(built)
        except Exception:  # noqa: BLE001  (whatever it was, the next hour deserves a try)
            _log.exception("tidying_up_failed")


async def forget_old_events(built: Services) -> None:
    """Take away the days of the audit log that are older than the operator wants to keep."""
    days = built.settings.audit_retention_days
    if days:
        taken = await built.audit_chain.forget_before((SystemClock().now() - timedelta(days=days)).date())
        if taken:
            _log.info("audit_rows_taken_away", rows=taken, older_than_days=days)


def begin_traces(built: Services) -> None:
    """Have this process tell the operator's collector what it does."""
    tracing.begin(built.settings.traces_endpoint, __version__)
    built.database.trace_statements()
    built.redis.trace_commands()


def traced(built: Services) -> Services:
    """Return the services with a span for each use case."""
    cases = {name: tracing.UseCases(getattr(built, name)) for name in _USE_CASES}
    return replace(built, **cast(Any, cases))


@asynccontextmanager
async def opened(built: Services) -> AsyncGenerator[Services]:
    """Hold the services open and make them `services()` until the block ends."""
    before = _current.get(None)
    _current.set(built)
    tidying = asyncio.create_task(_tidy_up(built))
    built.figures.begin()
    built.database.count_connections()
    if built.settings.traces and tracing.is_installed():
        begin_traces(built)
    try:
        # Learns which Redis process this is before the first request needs to know.
        await built.health.look()
        built.courier.start()
        built.audit_chain.start(built.audit_log.written)
        async with built.flags.kept_fresh():
            yield built
    finally:
        built.life.is_open = False
        if before is not None:  # no reset: a fixture of tests may end in another context than it began in
            _current.set(before)
        await end([tidying])
        await built.close()
        built.figures.end()
        await asyncio.to_thread(tracing.end)
