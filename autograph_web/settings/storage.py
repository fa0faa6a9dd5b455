"""Storage: the database, Redis, and the master secrets."""

from typing import Annotated

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from autograph_web.infra.crypto.secret_file import check_secret
from autograph_web.infra.db.postgres_url import spelled_for_sqlalchemy
from autograph_web.infra.redis.url import parse_redis_url
from autograph_web.infra.service_urls import check_sqlite_url
from autograph_web.settings.section import Section, split_commas, with_scheme


class StorageSettings(Section):
    """Storage settings."""

    database_url: str = Field("", validation_alias=AliasChoices("DATABASE_URL", "database_url"))
    redis_url: str = Field("", validation_alias=AliasChoices("REDIS_URL", "redis_url"))
    database_pool: int = Field(10, ge=1, le=200)
    redis_pool: int = Field(6, ge=1, le=200)
    secret_keys: Annotated[tuple[str, ...], NoDecode] = ()

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_secrets(cls, value: object) -> object:
        return split_commas(value)

    @field_validator("secret_keys")
    @classmethod
    def _check_secrets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for secret in value:
            check_secret(secret)
        return value

    @field_validator("database_url")
    @classmethod
    def _check_database_url(cls, value: str) -> str:
        schemes = ("postgresql", "postgres", "postgresql+asyncpg", "sqlite", "sqlite+aiosqlite")
        if with_scheme(value, schemes).startswith("sqlite"):
            check_sqlite_url(value)
        return spelled_for_sqlalchemy(value)

    @field_validator("redis_url")
    @classmethod
    def _check_redis_url(cls, value: str) -> str:
        if value:
            parse_redis_url(value)
        return value
