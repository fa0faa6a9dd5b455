"""Parses `SMTP_URL`, which selects the SMTP server."""

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from autograph_web.infra.service_urls import options_of, split_address

Encryption = Literal["tls", "starttls", "none"]
_IMPLICIT_PORT, _SUBMISSION_PORT, _PLAIN_PORT = 465, 587, 25  # RFC 8314, RFC 6409, RFC 5321
_STARTTLS: dict[str, Encryption] = {"required": "starttls", "never": "none"}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server and its connection parameters; `ca_file` holds a private authority for its certificate."""

    host: str
    port: int
    encryption: Encryption
    username: str | None = None
    password: str | None = None
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """Return what is safe to display: never the credentials."""
        return f"SmtpServer({self.host}:{self.port}, {self.encryption})"


def parse_smtp_url(url: str) -> SmtpServer:
    """Return the server in `url`.

    `smtps://` is TLS from the first byte. `smtp://` requires STARTTLS, except to this machine without
    credentials; `?starttls=never` and `?starttls=required` override this.

    Raises:
        ValueError: It is invalid; the message does not contain it, because it may contain a password.
    """
    parts = split_address(url)
    host, port = parts.hostname, parts.port
    if parts.scheme not in ("smtp", "smtps") or not host or parts.path.strip("/") or parts.fragment:
        raise ValueError("must look like smtp://user:password@host:587 or smtps://user:password@host:465")
    username, password = unquote(parts.username or "") or None, unquote(parts.password or "") or None
    if (username is None) != (password is None):
        raise ValueError("needs both a user and a password (percent-encoded), or neither")
    options = options_of(parts, ("starttls", "ca"))
    encryption = _encryption(parts.scheme, host, username, options)
    return SmtpServer(
        host=host,
        port=port or _port(encryption, parts.scheme),
        encryption=encryption,
        username=username,
        password=password,
        ca_file=_ca_file(options),
    )


def _encryption(scheme: str, host: str, username: str | None, options: dict[str, str]) -> Encryption:
    requested = options.get("starttls")
    if scheme == "smtps":
        if requested is not None:
            raise ValueError("smtps:// is encrypted from the start and doesn't accept ?starttls")
        return "tls"
    if requested is None:
        return "none" if username is None and _is_this_machine(host) else "starttls"
    if requested not in _STARTTLS:
        raise ValueError("starttls must be `required` or `never`")
    return _STARTTLS[requested]


def _port(encryption: Encryption, scheme: str) -> int:
    if scheme == "smtps":
        return _IMPLICIT_PORT
    return _SUBMISSION_PORT if encryption == "starttls" else _PLAIN_PORT


def _ca_file(options: dict[str, str]) -> Path | None:
    if "ca" not in options:
        return None
    file = Path(options["ca"])
    try:
        ssl.create_default_context(cafile=file)
    except OSError:
        raise ValueError("ca must be a PEM file with certificates") from None
    return file


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
