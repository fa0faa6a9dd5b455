"""`doctor`: check the configuration of this server, and report how to fix it."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer

from autograph_web.audit.event_filter import EventFilter
from autograph_web.commands import later
from autograph_web.commands.checks import CheckResult, CheckStatus, doubtful, failed, good
from autograph_web.commands.clocks import clock_finding
from autograph_web.commands.common import AsJson, print_json, redis_url, refuse_a_cluster
from autograph_web.frontend.build import is_built
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.crypto.secret_file import SecretError
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.health.failures import Trouble
from autograph_web.infra.health.remedies import mend
from autograph_web.infra.ip_addresses import UNKNOWN_ADDRESS, is_private
from autograph_web.infra.startup_error import SettingsError, StartupError
from autograph_web.infra.telemetry.logs import configure_logging

_OLDEST_REDIS = (6, 2)  # GETDEL, with which one-time tickets are consumed
_DISK_DOUBT_BYTES = 500_000_000
_GREETING_S = 10.0
_RECENT, _MOST_EVENTS = timedelta(days=7), 200


def doctor(as_json: AsJson = False) -> None:
    """Check settings, secrets, disk, database, Redis, mail and pages; one line each.

    Exit code 1 if something keeps the server from working. Nothing is changed and no email is sent.
    """
    configure_logging("CRITICAL", "text")
    findings = _examine()
    if as_json:
        print_json([_as_object(finding) for finding in findings])
    else:
        for finding in findings:
            print(finding, flush=True)  # noqa: T201
    raise typer.Exit(1 if any(finding.mark is CheckStatus.FAILED for finding in findings) else 0)


def _examine() -> list[CheckResult]:
    try:
        settings = later.load_settings()
    except (SettingsError, SecretError) as error:
        return [failed("settings", str(error), "see docs/configuration.md; the rest was not checked")]
    database, database_ahead = _database(settings)
    redis, redis_ahead = _redis(settings)
    clock = clock_finding(database_ahead, redis_ahead)
    return [
        _settings(settings),
        _base_url(settings),
        _secrets(settings),
        _disk(settings),
        _pages(),
        *database,
        *_clients(settings),
        *redis,
        *([clock] if clock else []),
        asyncio.run(_mail(settings)),
    ]


def _settings(settings: later.Settings) -> CheckResult:
    if settings.environment == "development" and not _is_local(settings):
        return doubtful(
            "settings", "development mode at a public URL", "set AUTOGRAPH_ENVIRONMENT=production"
        )
    if settings.deprecated:
        return doubtful("settings", settings.deprecated[0], "see docs/configuration.md")
    return good("settings", settings.environment)


def _base_url(settings: later.Settings) -> CheckResult:
    url = settings.base_url
    if not settings.secure and not _is_local(settings):
        advice = "put a TLS proxy in front and set AUTOGRAPH_BASE_URL=https://…"
        return doubtful("base_url", f"{url} without TLS", advice)
    if settings.secure and settings.trusted_proxy_hops == 0:
        advice = (
            "set AUTOGRAPH_TRUSTED_PROXY_HOPS to the number of proxies, or limits apply to the proxy's IP"
        )
        return doubtful("base_url", f"{url} but no proxy is trusted", advice)
    return good("base_url", url)


def _is_local(settings: later.Settings) -> bool:
    return urlsplit(settings.base_url).hostname in ("localhost", "127.0.0.1", "::1")


def _secrets(settings: later.Settings) -> CheckResult:
    if settings.secret_keys:
        return good("secrets", f"{len(settings.secret_keys)} from AUTOGRAPH_SECRET_KEYS")
    path = settings.data_dir / "secret_keys"
    if not path.exists():
        return doubtful(
            "secrets", f"{path} doesn't exist yet", "created on first start; back it up afterwards"
        )
    try:
        count, mode = len(settings.master_secrets), path.stat().st_mode & 0o777
    except (SecretError, OSError) as error:
        return failed("secrets", str(error), "only the server's user may have access to the file")
    if mode & 0o077:
        return failed("secrets", f"others can read {path} (mode {mode:o})", f"chmod 600 {path}")
    return good("secrets", f"{count} in {path}, mode {mode:o}")


def _disk(settings: later.Settings) -> CheckResult:
    folder = _nearest(settings.data_dir.resolve())
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
    except OSError as error:
        advice = "let the server's user write there, or set another folder in AUTOGRAPH_DATA_DIR"
        return failed("disk", f"{folder} is not writable ({error.strerror})", advice)
    free = shutil.disk_usage(folder).free
    told = f"{folder} is writable, {free / 1e9:.1f} GB free"
    return good("disk", told) if free >= _DISK_DOUBT_BYTES else doubtful("disk", told, "free up disk space")


def _nearest(folder: Path) -> Path:
    """Return the folder, or its nearest existing parent if it has not been created yet."""
    return next(place for place in (folder, *folder.parents) if place.exists())


def _pages() -> CheckResult:
    if is_built():
        return good("pages", "built and up to date")
    advice = "built on next start; or run `build` now"
    return doubtful("pages", "not built or out of date", advice)


def _database(settings: later.Settings) -> tuple[list[CheckResult], float | None]:
    """Return the findings on the database, and how far its clock is ahead of ours in seconds."""
    url = settings.sqlalchemy_url
    file = later.sqlite_file(url)
    if file is not None and not file.exists():
        return [doubtful("database", f"{file} doesn't exist yet", "created on first start")], None
    current = later.is_current(url)
    try:
        found = asyncio.run(later.shortcomings(url, migrates=not current))
        difference = asyncio.run(_clock_difference(url))
    except (Unavailable, later.SQLAlchemyError) as error:  # the latter if the file is not a database
        return [_failed("database", later.trouble_of(error))], None
    if found:
        told = [
            failed("database", f"{trouble}: {words}", mend("database", trouble)) for trouble, words in found
        ]
        return told, difference
    kind = "SQLite" if file else "PostgreSQL"
    if current:
        return [good("database", f"{kind} is reachable and its schema is current")], difference
    advice = "migrated on next start; or run `migrate` now"
    return [doubtful("database", f"{kind} is reachable but its schema is out of date", advice)], difference


def _failed(part: str, trouble: Trouble, more: str = "", advice: str = "") -> CheckResult:
    return failed(part, f"{trouble}: {more or trouble.sentence}", advice or mend(part, trouble))


def _clients(settings: later.Settings) -> list[CheckResult]:
    """Return the finding on client addresses in the events of the last days; empty without a proxy."""
    file = later.sqlite_file(settings.sqlalchemy_url)
    if (file is not None and not file.exists()) or not (settings.trusted_proxy_hops or settings.secure):
        return []
    try:
        addresses = asyncio.run(_recent_addresses(settings.sqlalchemy_url))
    except (Unavailable, later.SQLAlchemyError):  # reported already
        return []
    header = settings.forwarded_header
    if UNKNOWN_ADDRESS in addresses:
        told = f"unknown in the last {_RECENT.days} days: {header} has fewer entries than trusted proxies"
        advice = "set AUTOGRAPH_TRUSTED_PROXY_HOPS and AUTOGRAPH_FORWARDED_HEADER to match the proxy"
        return [doubtful("client addresses", told, advice)]
    if settings.secure and len(addresses) == 1 and all(is_private(one) for one in addresses):
        told = f"everyone has {addresses.pop()}, which is a proxy's IP address"
        advice = "set AUTOGRAPH_TRUSTED_PROXY_HOPS to the number of proxies in front"
        return [doubtful("client addresses", told, advice)]
    return [good("client addresses", "readable" if addresses else "none seen yet")]


async def _recent_addresses(url: str) -> set[str]:
    """Return the addresses of the most recent events caused by clients."""
    database, clock = later.Database(url, pool_size=1), SystemClock()
    try:
        wanted = EventFilter(since=clock.now() - _RECENT)
        events = await later.AuditLog(database, clock).searched(None, wanted, None, _MOST_EVENTS)
        return {event.ip for event in events if event.ip and later.ACTOR not in event.details}
    finally:
        await database.close()


async def _clock_difference(url: str) -> float | None:
    database = later.Database(url, pool_size=1)
    clock = SystemClock()
    try:
        await database.ping()  # so that the time to connect is not measured
        before = clock.seconds()
        theirs = await database.seconds()
        return None if theirs is None else theirs - (before + clock.seconds()) / 2
    finally:
        await database.close()


def _redis(settings: later.Settings) -> tuple[list[CheckResult], float | None]:
    """Return the findings on Redis, and how far its clock is ahead of ours in seconds."""
    if not settings.redis_url and not (settings.data_dir / "redis").exists():
        return [good("redis", "embedded (starts with the server)")], None
    try:
        with redis_url(settings) as url:
            info, failures, ahead = asyncio.run(_redis_standing(url))
    except later.RedisDown as down:
        more = f"the user is not allowed to run {down.command}" if down.command else ""
        return [_failed("redis", down.trouble, more)], None
    except (StartupError, OSError) as error:
        return [failed("redis", str(error), "see docs/configuration.md, REDIS_URL")], None
    # The embedded Redis uses the clock of this machine.
    return _judged_redis(settings, info, failures), ahead if settings.redis_url else None


def _judged_redis(
    settings: later.Settings, info: dict[str, Any], failures: list[later.Failure]
) -> list[CheckResult]:
    where = "REDIS_URL" if settings.redis_url else "embedded"
    version = str(info.get("redis_version", "0"))
    if _version(version) < _OLDEST_REDIS:
        return [failed("redis", f"{where}, version {version}", "upgrade to version 6.2 or newer")]
    if failures:
        return _refused(failures)
    return [good("redis", f"{where}, version {version}"), _eviction(info), _persistence(info)]


def _refused(failures: list[later.Failure]) -> list[CheckResult]:
    """Return one finding for each kind of refusal."""
    commands: dict[Trouble, set[str]] = {}
    for failure in failures:
        commands.setdefault(failure.trouble, set()).add(failure.command)
    return [
        _failed("redis", trouble, f"{trouble.sentence} (it refuses {', '.join(sorted(names))})")
        for trouble, names in commands.items()
    ]


async def _redis_standing(url: str) -> tuple[dict[str, Any], list[later.Failure], float | None]:
    """Return the server's INFO, the commands it refuses, and how far its clock is ahead of ours in seconds.

    Raises:
        later.RedisDown: It does not answer, or refuses every command.
        StartupError: It is a Redis Cluster.
    """
    clock = SystemClock()
    redis = later.RedisClient(url, clock)
    try:
        await refuse_a_cluster(redis)
        info, failures = await redis.info(), await later.what_fails(redis)
        before = clock.seconds()
        theirs = await redis.seconds()
        return info, failures, None if theirs is None else theirs - (before + clock.seconds()) / 2
    finally:
        await redis.close()


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _eviction(info: dict[str, Any]) -> CheckResult:
    policy = str(info.get("maxmemory_policy", "unknown"))
    if policy == "noeviction":
        return good("redis eviction", policy)
    advice = "set maxmemory-policy noeviction: evicted counters let attackers guess without limit"
    return doubtful("redis eviction", policy, advice)


def _persistence(info: dict[str, Any]) -> CheckResult:
    if info.get("aof_enabled"):
        return good("redis persistence", "append-only file")
    advice = "set appendonly yes, or failed-attempt counters are lost when Redis restarts"
    return doubtful("redis persistence", "no append-only file", advice)


async def _mail(settings: later.Settings) -> CheckResult:
    server = settings.smtp_server
    if server is None:
        text = f"email is kept in {settings.data_dir / 'mail'}"
        if settings.environment == "development" and _is_local(settings):
            return good("mail", text)
        return doubtful("mail", text, "set SMTP_URL, or no one receives email")
    try:
        await later.SmtpTransport(server, settings.mail_from, _GREETING_S).greet()
    except (later.TransientFailure, OSError) as error:  # the latter if the CA file does not exist
        reason = error.reason if isinstance(error, later.TransientFailure) else error.strerror
        advice = error.advice if isinstance(error, later.TransientFailure) else ""
        told = f"{server.host}:{server.port}: {reason}"
        return _failed("mail", later.trouble_of(error), told, advice)
    return good("mail", f"{server.host}:{server.port} is reachable ({server.encryption})")


def _as_object(finding: CheckResult) -> dict[str, str]:
    outcome = {CheckStatus.GOOD: "good", CheckStatus.DOUBTFUL: "doubtful", CheckStatus.FAILED: "failed"}[
        finding.mark
    ]
    return {"about": finding.about, "outcome": outcome, "text": finding.text, "advice": finding.advice}
