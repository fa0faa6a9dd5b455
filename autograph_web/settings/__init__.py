"""All settings, in sections, loaded once from the environment; no other code reads it."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, ValidationError, model_validator
from pydantic_settings.exceptions import SettingsError as UnreadableSource

from autograph_web.infra.crypto.secret_file import SecretError, secrets_of_data_dir
from autograph_web.infra.redis.embedded import is_embedded
from autograph_web.infra.startup_error import SettingsError
from autograph_web.settings.flags import FlagSettings
from autograph_web.settings.limits import LimitSettings
from autograph_web.settings.mail import KEEP_LETTERS, MailSettings
from autograph_web.settings.passwords import PasswordSettings
from autograph_web.settings.server import NO_INSTANCE, ServerSettings
from autograph_web.settings.sessions import SessionSettings
from autograph_web.settings.storage import StorageSettings
from autograph_web.settings.telemetry import TelemetrySettings

__all__ = ["KEEP_LETTERS", "SECRETS_DIR", "Settings", "SettingsError", "load_settings", "renamed_settings"]

_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
SECRETS_DIR = "AUTOGRAPH_SECRETS_DIR"
"""Names a folder whose files are settings too, each named like its variable, for secrets in containers."""


class Settings(
    ServerSettings,
    StorageSettings,
    MailSettings,
    PasswordSettings,
    SessionSettings,
    LimitSettings,
    FlagSettings,
    TelemetrySettings,
):
    """The configuration of the server."""

    @model_validator(mode="after")
    def _fill_in(self) -> Self:
        if self.environment == "production":
            self._require_production_values()
        if not self.base_url:
            object.__setattr__(self, "base_url", f"http://localhost:{self.port}")
        if not self.mail_from:
            object.__setattr__(self, "mail_from", f"AutoGraph <no-reply@{self.mail_domain}>")
        return self

    def _require_production_values(self) -> None:
        if not self.base_url:
            raise ValueError("AUTOGRAPH_BASE_URL must be the public https URL in production")
        if not self.secure and urlsplit(self.base_url).hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("AUTOGRAPH_BASE_URL must start with https:// in production")
        if not self.secret_keys:
            raise ValueError("AUTOGRAPH_SECRET_KEYS must be set in production (openssl rand -base64 32)")
        if not self.smtp_url:
            raise ValueError(
                "SMTP_URL must be a mail server in production (smtp://user:password@host:587),"
                f" or `{KEEP_LETTERS}` to keep email in the data folder, where no one receives it"
            )

    @property
    def redis_prefix(self) -> str:
        """The prefix of all our keys and channels in Redis, since two installations may share a server.

        Empty for the embedded server, which commands find by its data folder alone, regardless of the base
        URL.
        """
        if self.instance == NO_INSTANCE or is_embedded(self.redis_url, self.data_dir):
            return ""
        return f"{self.instance or _place(self.base_url)}:"

    @property
    def metrics_dir(self) -> Path:
        """The folder in which the workers of this server store their metrics."""
        return self.data_dir.resolve() / "metrics" / str(self.port)

    @property
    def shows_letters(self) -> bool:
        """Whether stored emails may be read at /dev/mail: only in development, and without SMTP.

        A server reached over https may have real accounts, regardless of its `environment`.
        """
        return self.environment == "development" and self.smtp_server is None and not self.secure

    @property
    def sqlalchemy_url(self) -> str:
        """The database URL in the form of SQLAlchemy; by default SQLite in the data folder."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'autograph.sqlite3'}"
        scheme, separator, rest = self.database_url.partition("://")
        return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"

    @property
    def master_secrets(self) -> tuple[str, ...]:
        """The master secrets, newest first; by default created once in the data folder.

        Raises:
            SecretError: The secrets file exists but cannot be used.
        """
        return self.secret_keys or secrets_of_data_dir(self.data_dir)

    @property
    def deprecated(self) -> list[str]:
        """One line for each setting that is set by its deprecated name, with its current name."""
        folder = self.secrets_dir
        told = [
            f"{old} is deprecated: use {new}"
            for old, new in renamed_settings().items()
            if old in os.environ or (folder is not None and (folder / old).is_file())
        ]
        return [*told, *self.deprecated_limits]


def renamed_settings() -> dict[str, str]:
    """Return the settings that were renamed since the previous version, by their old names."""
    found: dict[str, str] = {}
    for field in Settings.model_fields.values():
        if isinstance(field.validation_alias, AliasChoices):
            now, *others = [str(name) for name in field.validation_alias.choices]
            found |= {old: now for old in others if old.startswith("AUTOGRAPH_")}
    return found


def _place(base_url: str) -> str:
    parts = urlsplit(base_url)
    host = (parts.hostname or "").replace(":", ".")
    return host if parts.port is None else f"{host}-{parts.port}"


@lru_cache(maxsize=1)
def load_settings() -> Settings:
    """Return the settings of this process.

    Raises:
        SettingsError: A setting is invalid; the message is one line with the variable and the expected value.
    """
    folder = os.environ.get(SECRETS_DIR, "").strip()
    if folder and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS_DIR}: folder {folder!a} doesn't exist")
    try:
        # The values come from the environment, then from files.
        return Settings(_secrets_dir=folder or None)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise SettingsError(_first_line(error)) from None
    except (UnicodeDecodeError, UnreadableSource) as error:
        if not isinstance(error.__cause__ or error, UnicodeDecodeError):
            raise
        raise SettingsError(f"{SECRETS_DIR}: it contains a file that is not UTF-8") from None
    except SecretError as error:
        raise SettingsError(str(error)) from None


def _first_line(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    name = str(first["loc"][0]).upper() if first["loc"] else ""
    usual = ("PORT", "DATABASE_URL", "REDIS_URL", "SMTP_URL", "OTEL_", "AUTOGRAPH_")
    whole = name if name.startswith(usual) else f"AUTOGRAPH_{name}"
    return f"{whole}: {message}" if name else message
