"""All settings, read once from the environment; nothing else reads it."""

import os
from functools import lru_cache
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast
from urllib.parse import urlsplit

from pydantic import (
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as UnreadableSource

from autograph_web.infra.crypto.secret_file import SecretError, check_secret, secrets_of_data_dir
from autograph_web.infra.db.postgres_url import spelled_for_sqlalchemy
from autograph_web.infra.hsts import hsts_header
from autograph_web.infra.ip_addresses import parse_address
from autograph_web.infra.mail_addresses import RESERVED_DOMAINS, sender_address
from autograph_web.infra.ratelimit.table import Limit, Rate, parse_rates
from autograph_web.infra.redis.embedded import is_embedded
from autograph_web.infra.redis.url import parse_redis_url
from autograph_web.infra.service_urls import check_sqlite_url, plain
from autograph_web.infra.smtp_url import SmtpServer, parse_smtp_url
from autograph_web.infra.startup_error import SettingsError

_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}
SECRETS_DIR = "AUTOGRAPH_SECRETS_DIR"
"""Names a folder whose files are settings too, each called like its variable: so containers get secrets."""
_NO_INSTANCE = "off"
KEEP_LETTERS = "folder"
"""What `SMTP_URL` says when letters are to stay in the data folder on purpose."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_SHORTEST_TOKEN = 32
_LONGEST_ISSUER = 48


def _rates(value: object) -> object:
    return parse_rates(value) if isinstance(value, str) else value


_Rates = Annotated[tuple[Rate, ...], NoDecode, BeforeValidator(_rates)]
_LimitSettings = create_model(
    "_LimitSettings",
    __base__=BaseSettings,
    **cast(Any, {limit.setting: (_Rates, limit.default) for limit in Limit}),
)
"""A setting for each row of the table of limits."""
_OLD_LIMITS = {
    "login": (Limit.LOGIN, Limit.LOGIN_ACCOUNT),
    "registration": (Limit.REGISTER,),
    "password_reset": (Limit.RESET,),
    "api_key": (Limit.API_KEY,),
}
"""Settings of version 2 and what they set: `<name>_limit` and `<name>_window_seconds`."""


class Settings(_LimitSettings):
    """What an operator can choose. Every name has the prefix `AUTOGRAPH_` save those with a usual one."""

    model_config = SettingsConfigDict(
        env_prefix="AUTOGRAPH_", frozen=True, extra="ignore", populate_by_name=True
    )

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Path("data")
    secrets_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "port"))
    workers: int = Field(2, ge=1, le=64)
    worker_silence_seconds: int = Field(30, ge=5, le=600)
    base_url: str = ""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxy_hops: int = Field(0, ge=0, le=10)
    instance: str = Field("", pattern=r"^[A-Za-z0-9.-]{0,64}$")
    hsts: str = "max-age=31536000"
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"

    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    redis_url: str = Field("", validation_alias=AliasChoices("REDIS_URL", "redis_url"))
    database_pool: int = Field(10, ge=1, le=200)
    redis_pool: int = Field(6, ge=1, le=200)
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()

    smtp_url: str = Field("", validation_alias=AliasChoices("SMTP_URL", "smtp_url"))
    mail_from: str = ""

    bcrypt_cost: int = Field(12, ge=4, le=16)
    hash_threads: int = Field(2, ge=1, le=32)
    password_min_length: int = Field(8, ge=8, le=64)
    password_min_score: int = Field(3, ge=0, le=4)

    access_token_seconds: int = Field(_HOUR, ge=60, le=_DAY)
    refresh_token_seconds: int = Field(30 * _DAY, ge=_HOUR, le=90 * _DAY)
    # A use may go unnoted for six minutes: a shorter limit would sign people out who are at it.
    session_idle_seconds: int = Field(_DAY, ge=10 * _MINUTE)
    remembered_idle_seconds: int = Field(30 * _DAY, ge=10 * _MINUTE)
    session_absolute_seconds: int = Field(30 * _DAY, ge=60)

    email_verification: Literal["off", "banner", "required"] = "banner"
    reserved_email_domains: Annotated[tuple[str, ...], NoDecode] = ()
    issuer: str = "AutoGraph v3"
    password_reset_seconds: int = Field(_HOUR, ge=60, le=_DAY)
    password_grant: bool = True
    registration_open: bool = True
    trusted_devices: bool = True
    sign_in_notices: bool = True
    audit_retention_days: int = Field(0, ge=0, le=36_500)

    # Until the next version, in which limits are named `limit_…` alone.
    login_limit: int | None = Field(None, ge=1)
    login_window_seconds: int | None = Field(None, ge=1)
    registration_limit: int | None = Field(None, ge=1)
    registration_window_seconds: int | None = Field(None, ge=1)
    password_reset_limit: int | None = Field(None, ge=1)
    password_reset_window_seconds: int | None = Field(None, ge=1)
    api_key_limit: int | None = Field(None, ge=1)

    otel_sdk_disabled: bool = Field(
        False, validation_alias=AliasChoices("OTEL_SDK_DISABLED", "otel_sdk_disabled")
    )
    otel_traces_exporter: Literal["", "otlp", "none"] = Field(
        "", validation_alias=AliasChoices("OTEL_TRACES_EXPORTER", "otel_traces_exporter")
    )
    otel_exporter_otlp_endpoint: str = Field(
        "", validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint")
    )
    otel_exporter_otlp_traces_endpoint: str = Field(
        "",
        validation_alias=AliasChoices(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "otel_exporter_otlp_traces_endpoint"
        ),
    )
    metrics_token: str = ""
    access_log: bool = True
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("allowed_origins", "secret_keys", "reserved_email_domains", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(plain(part) for part in value.split(",") if part.strip())
        return value

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object, about: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return plain(value, quoted_inside=about.field_name == "mail_from")

    @field_validator("allowed_origins")
    @classmethod
    def _check_allowed_origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(value) for value in values)

    @field_validator("forwarded_header", mode="before")
    @classmethod
    def _lower_header(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("hsts")
    @classmethod
    def _check_hsts(cls, value: str) -> str:
        return "" if value.lower() == "off" else hsts_header(value)

    @field_validator("reserved_email_domains")
    @classmethod
    def _check_reserved_domains(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        names = tuple(value.lower().strip(".") for value in values)
        if any(name.rpartition(".")[2] not in RESERVED_DOMAINS for name in names):
            raise ValueError(f"must be of {', '.join(sorted(RESERVED_DOMAINS))}, such as home.arpa")
        return names

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        if not 0 < len(value) <= _LONGEST_ISSUER or ":" in value or not value.isprintable():
            raise ValueError(f"must be a name of up to {_LONGEST_ISSUER} characters without a colon")
        return value

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        return _origin(value) if value else value

    @field_validator("secret_keys")
    @classmethod
    def _check_secrets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for secret in value:
            check_secret(secret)
        return value

    @field_validator("otel_exporter_otlp_endpoint", "otel_exporter_otlp_traces_endpoint")
    @classmethod
    def _check_collector(cls, value: str) -> str:
        return _with_scheme(value, ("http", "https"))

    @field_validator("metrics_token")
    @classmethod
    def _check_metrics_token(cls, value: str) -> str:
        if value and (len(value) < _SHORTEST_TOKEN or not value.isascii() or not value.isprintable()):
            raise ValueError(f"must have {_SHORTEST_TOKEN} letters or more (openssl rand -hex 32)")
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        schemes = ("postgresql", "postgres", "postgresql+asyncpg", "sqlite", "sqlite+aiosqlite")
        if _with_scheme(value, schemes).startswith("sqlite"):
            check_sqlite_url(value)
        return spelled_for_sqlalchemy(value)

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: str) -> str:
        if value:
            parse_redis_url(value)
        return value

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp_url(cls, value: str) -> str:
        if value not in ("", KEEP_LETTERS):
            parse_smtp_url(value)
        return value

    @field_validator("mail_from")
    @classmethod
    def _check_mail_from(cls, value: str) -> str:
        if value:
            sender_address(value)
        return value

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        if self.environment == "production":
            self._require_production_values()
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://localhost:{self.port}")
        if not self.mail_from:
            object.__setattr__(self, "mail_from", f"AutoGraph v3 <no-reply@{self._mail_domain}>")
        return self

    @field_validator(Limit.API_KEY.setting, Limit.API_KEY_WRONG.setting)
    @classmethod
    def _check_one_rate(cls, rates: tuple[Rate, ...]) -> tuple[Rate, ...]:
        if len(rates) > 1:
            raise ValueError("must be one rate")
        return rates

    @property
    def rates(self) -> dict[Limit, tuple[Rate, ...]]:
        """How often each limit of the table allows what it counts."""
        return {limit: getattr(self, limit.setting) for limit in Limit} | self._old_rates

    @property
    def deprecated(self) -> list[str]:
        """A line for each setting that is named as in the version before, with its name now."""
        told: list[str] = []
        for name, limits in _OLD_LIMITS.items():
            for old in (f"{name}_limit", f"{name}_window_seconds"):
                if getattr(self, old, None) is not None:
                    now = " and ".join(
                        f"AUTOGRAPH_{limit.setting.upper()}={','.join(map(str, self.rates[limit]))}"
                        for limit in limits
                    )
                    told.append(f"AUTOGRAPH_{old.upper()} is an old name: set {now}")
        return told

    @property
    def _old_rates(self) -> dict[Limit, tuple[Rate, ...]]:
        found: dict[Limit, tuple[Rate, ...]] = {}
        for name, limits in _OLD_LIMITS.items():
            most = getattr(self, f"{name}_limit", None)
            window = getattr(self, f"{name}_window_seconds", None)
            if most is not None or window is not None:
                for limit in limits:
                    [usual] = limit.default
                    found[limit] = (Rate(most or usual.limit, window or usual.window),)
        return found

    @property
    def issuer_label(self) -> str:
        """What an authenticator app files its entry under: the name and, of several servers, this one."""
        host = urlsplit(self.base_url).hostname or "localhost"
        if host == "localhost" or host in self.issuer or ":" in host:
            return self.issuer
        return f"{self.issuer} ({host})"

    def _require_production_values(self) -> None:
        if not self.base_url:
            raise ValueError("AUTOGRAPH_BASE_URL must name the public https address in production")
        if not self.secure and urlsplit(self.base_url).hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("AUTOGRAPH_BASE_URL must start with https:// in production")
        if not self.secret_keys:
            raise ValueError("AUTOGRAPH_SECRET_KEYS must be set in production (openssl rand -base64 32)")
        if not self.smtp_url:
            raise ValueError(
                "SMTP_URL must name a mail server in production (smtp://user:password@host:587),"
                f" or be `{KEEP_LETTERS}` to keep letters in the data folder, where nobody gets them"
            )

    @property
    def secure(self) -> bool:
        """Whether browsers reach us over https."""
        return self.base_url.startswith("https://")

    @property
    def redis_prefix(self) -> str:
        """What every key and channel of ours in Redis begins with: two installations may share a server.

        Nothing in the embedded one, which a command finds by its data folder alone, whatever the address is.
        """
        if self.instance == _NO_INSTANCE or is_embedded(self.redis_url, self.data_dir):
            return ""
        return f"{self.instance or _place(self.base_url)}:"

    @property
    def cookie_suffix(self) -> str:
        """What the names of cookies end with: they know hosts but no ports (RFC 6265 section 8.5)."""
        port = urlsplit(self.base_url).port
        return "" if port is None or self.instance == _NO_INSTANCE else f"_{port}"

    @property
    def strict_transport(self) -> str:
        """What `Strict-Transport-Security` says, nothing where browsers must not keep it.

        Not for `localhost`, where it would break every other server of that machine, nor for an address, for
        which RFC 6797 (section 8.1.1) knows no such thing.
        """
        host = urlsplit(self.base_url).hostname or ""
        named = not (host == "localhost" or host.endswith(".localhost") or parse_address(host))
        return self.hsts if self.secure and named else ""

    @property
    def traces(self) -> bool:
        """Whether spans are sent: when a collector is named, or OTLP is asked for by name."""
        named = self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint
        wanted = self.otel_traces_exporter == "otlp" or (bool(named) and not self.otel_traces_exporter)
        return wanted and not self.otel_sdk_disabled

    @property
    def traces_endpoint(self) -> str | None:
        """Where spans go, None for the collector of this machine (OpenTelemetry's OTLP exporter)."""
        whole, base = self.otel_exporter_otlp_traces_endpoint, self.otel_exporter_otlp_endpoint
        return whole or (f"{base.rstrip('/')}/v1/traces" if base else None)

    @property
    def metrics_dir(self) -> Path:
        """Where the workers of this server keep their figures."""
        return self.data_dir.resolve() / "metrics" / str(self.port)

    @property
    def smtp_server(self) -> SmtpServer | None:
        """The server that letters go to, or None when they stay in the data folder."""
        return None if self.smtp_url in ("", KEEP_LETTERS) else parse_smtp_url(self.smtp_url)

    @property
    def shows_letters(self) -> bool:
        """Whether kept letters may be read at /dev/mail: only where somebody develops, without SMTP.

        A server that people reach over https has people's accounts, whatever its environment is called.
        """
        return self.environment == "development" and self.smtp_server is None and not self.secure

    @property
    def _mail_domain(self) -> str:
        # RFC 5321 section 4.1.3: an address takes the place of a name in brackets.
        host = urlsplit(self.base_url).hostname or "localhost"
        try:
            address = ip_address(host)
        except ValueError:
            return host
        return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"

    @property
    def origins(self) -> frozenset[str]:
        """The exact origins (RFC 6454) whose pages may act on our behalf."""
        own = {self.base_url, *self.allowed_origins}
        if self.environment == "development":
            own |= {f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]")}
        return frozenset(own)

    @property
    def sqlalchemy_url(self) -> str:
        """The database address in SQLAlchemy's spelling; SQLite in the data folder when none was given."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'autograph.sqlite3'}"
        scheme, separator, rest = self.database_url.partition("://")
        return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"

    @property
    def master_secrets(self) -> tuple[str, ...]:
        """The secrets everything is derived from, newest first; made once in the data folder by default.

        Raises:
            SecretError: The secrets file exists but cannot be used.
        """
        return self.secret_keys or secrets_of_data_dir(self.data_dir)


def _origin(value: str) -> str:
    # In the spelling browsers use for Origin, or no form of theirs would ever match it.
    parts = urlsplit(value)
    beside = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or beside:
        raise ValueError("must be an origin such as https://accounts.example.com")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{'' if default else f':{parts.port}'}"


def _place(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = (parts.hostname or "").replace(":", ".")
    return host if parts.port is None else f"{host}-{parts.port}"


def _with_scheme(url: str, schemes: tuple[str, ...]) -> str:
    # The address itself is not repeated: it usually holds a password.
    if url and url.partition("://")[0] not in schemes:
        raise ValueError(f"must start with {schemes[0]}://")
    return url


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: One line that names the variable at fault and what it should be.
    """
    folder = os.environ.get(SECRETS_DIR, "").strip()
    if folder and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_DIR}: there is no folder {folder!a}")
    try:
        # The values come from the environment, and after it from files.
        return Settings(_secrets_dir=folder or None)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from None
    except (UnicodeDecodeError, UnreadableSource) as error:
        if not isinstance(error.__cause__ or error, UnicodeDecodeError):
            raise
        raise SettingsError(f"{SECRETS_DIR}: a file there is not UTF-8") from None
    except SecretError as error:
        raise SettingsError(str(error)) from None


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    name = str(first["loc"][0]).upper() if first["loc"] else ""
    usual = name in ("PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL") or name.startswith("OTEL_")
    return message if not name else f"{name if usual else f'AUTOGRAPH_{name}'}: {message}"
