"""Shared definitions of the sections: how values are parsed."""

import re
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from pydantic import AliasChoices, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from autograph_web.infra.service_urls import plain

MINUTE, HOUR, DAY = 60, 3600, 86_400
_DEFAULT_PORTS = {"http": 80, "https": 443}
_DURATION = re.compile(r"([0-9]{1,9})([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": MINUTE, "h": HOUR, "d": DAY}


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    found = _DURATION.fullmatch(value)
    if found is None:
        raise ValueError("must be a duration such as 15m, 24h, 30d, or a number of seconds")
    return int(found[1]) * _UNITS[found[2]]


Seconds = Annotated[int, BeforeValidator(_seconds)]
"""A duration in seconds, which may be written as `15m`, `24h` or `30d`."""


def renamed(name: str, old: str, default: int, **bounds: int) -> Any:
    """Return a setting with a deprecated name `old`; until the next version both names are accepted."""
    names = AliasChoices(f"AUTOGRAPH_{name.upper()}", f"AUTOGRAPH_{old.upper()}", name)
    return Field(default, validation_alias=names, **cast(Any, bounds))


class Section(BaseSettings):
    """A group of settings. All names have the prefix `AUTOGRAPH_`, except those with an established name."""

    model_config = SettingsConfigDict(
        env_prefix="AUTOGRAPH_", frozen=True, extra="ignore", populate_by_name=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _trim(cls, value: object, about: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        return plain(value, quoted_inside=about.field_name == "mail_from")


def split_commas(value: object) -> object:
    """Return the parts of a comma-separated list."""
    if isinstance(value, str):
        return tuple(plain(part) for part in value.split(",") if part.strip())
    return value


def origin(value: str) -> str:
    """Return an origin (RFC 6454) in the form that browsers send, so that it can be compared.

    Raises:
        ValueError: It is not an origin.
    """
    parts = urlsplit(value)
    beside = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or beside:
        raise ValueError("must be an origin such as https://accounts.example.com")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = parts.port in (None, _DEFAULT_PORTS[parts.scheme])
    return f"{parts.scheme}://{host}{'' if default else f':{parts.port}'}"


def with_scheme(url: str, schemes: tuple[str, ...]) -> str:
    """Return a URL that has one of `schemes`, or is empty.

    Raises:
        ValueError: It has another scheme; the message does not contain it, as it may contain a password.
    """
    if url and url.partition("://")[0] not in schemes:
        raise ValueError(f"must start with {schemes[0]}://")
    return url
