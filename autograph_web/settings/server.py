"""The listening address, the public URL, and the proxies in front of the server."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode

from autograph_web.infra.hsts import hsts_header
from autograph_web.infra.ip_addresses import parse_address
from autograph_web.settings.section import Seconds, Section, origin, renamed, split_commas

NO_INSTANCE = "off"
_LONGEST_ISSUER = 48


class ServerSettings(Section):
    """Server settings."""

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Path("data")
    secrets_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535, validation_alias=AliasChoices("PORT", "port"))
    workers: int = Field(2, ge=1, le=64)
    worker_heartbeat_timeout: Seconds = renamed(
        "worker_heartbeat_timeout", "worker_silence_seconds", 30, ge=5, le=600
    )
    base_url: str = ""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    trusted_proxy_hops: int = Field(0, ge=0, le=10)
    instance: str = Field("", pattern=r"^[A-Za-z0-9.-]{0,64}$")
    hsts: str = "max-age=31536000"
    forwarded_header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"
    issuer: str = "AutoGraph v3"

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        return split_commas(value)

    @field_validator("allowed_origins")
    @classmethod
    def _check_allowed_origins(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin(value) for value in values)

    @field_validator("forwarded_header", mode="before")
    @classmethod
    def _lower_header(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("hsts")
    @classmethod
    def _check_hsts(cls, value: str) -> str:
        return "" if value.lower() == "off" else hsts_header(value)

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, value: str) -> str:
        if not 0 < len(value) <= _LONGEST_ISSUER or ":" in value or not value.isprintable():
            raise ValueError(f"must be a name of up to {_LONGEST_ISSUER} characters without a colon")
        return value

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        return origin(value) if value else value

    @property
    def issuer_label(self) -> str:
        """The issuer name in authenticator apps, with the host if the name does not already contain it."""
        host = urlsplit(self.base_url).hostname or "localhost"
        if host == "localhost" or host in self.issuer or ":" in host:
            return self.issuer
        return f"{self.issuer} ({host})"

    @property
    def secure(self) -> bool:
        """Whether browsers connect over https."""
        return self.base_url.startswith("https://")

    @property
    def cookie_suffix(self) -> str:
        """The suffix of cookie names, since cookies do not distinguish ports (RFC 6265 section 8.5)."""
        port = urlsplit(self.base_url).port
        return "" if port is None or self.instance == NO_INSTANCE else f"_{port}"

    @property
    def strict_transport(self) -> str:
        """The value of `Strict-Transport-Security`, or "" if the header must not be sent.

        Not sent for `localhost`, where it would affect every other server on that machine, nor for an IP
        address, to which HSTS does not apply (RFC 6797 section 8.1.1).
        """
        host = urlsplit(self.base_url).hostname or ""
        named = not (host == "localhost" or host.endswith(".localhost") or parse_address(host))
        return self.hsts if self.secure and named else ""

    @property
    def mail_domain(self) -> str:
        """The host of the base URL as the domain of an email address."""
        # RFC 5321 section 4.1.3: an IP address is written in brackets.
        host = urlsplit(self.base_url).hostname or "localhost"
        try:
            address = ip_address(host)
        except ValueError:
            return host
        return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"

    @property
    def origins(self) -> frozenset[str]:
        """The exact origins (RFC 6454) whose pages may send requests on a user's behalf."""
        own = {self.base_url, *self.allowed_origins}
        if self.environment == "development":
            own |= {f"http://{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]")}
        return frozenset(own)
