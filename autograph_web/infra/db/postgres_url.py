"""Parses the `DATABASE_URL` of a PostgreSQL: each libpq parameter is honoured or rejected, none ignored.

The reference is the section "Parameter Key Words" of libpq in the PostgreSQL documentation.
"""

import shlex
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from autograph_web.infra.service_urls import one_of, options_of, split_address

_PORT = 5432
_ENCRYPTED = ("require", "verify-ca", "verify-full")
_SSL_MODES = ("disable", "allow", "prefer", *_ENCRYPTED)
_WRITABLE = ("read-write", "primary", "any")
_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_TLS_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
_LONGEST_WAIT_S = 60
# Parameters that the driver does not support, and their values that have no effect.
_IDLE = {
    "client_encoding": ("utf8", "UTF8", "UTF-8", "utf-8", "auto"),
    "channel_binding": ("prefer", "disable"),
    "gssencmode": ("prefer", "disable"),
    "sslcompression": ("0",),
    "sslsni": ("1",),
    "load_balance_hosts": ("disable",),
}
_KNOWN = (
    *("host", "port", "user", "password", "dbname", "passfile", "connect_timeout", "target_session_attrs"),
    *("application_name", "fallback_application_name", "options", "sslmode", "sslnegotiation", *_FILES),
    *("sslpassword", "ssl_min_protocol_version", "ssl_max_protocol_version", "pgbouncer", *_IDLE),
)
OURS = {
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "row_security": "on",
    "TimeZone": "UTC",
}
"""Settings that the product relies on, which override the defaults of the role and the database."""
TIMEOUTS = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
}
"""The server's timeouts are disabled in favour of the driver's, unless `options` in the address sets them."""


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """The location of the server, the credentials, and the connection parameters.

    `tls` is the mode for the driver if no certificate is verified, or None for the driver's default.
    `context` is set if the connection must be encrypted. `settings` are sent with the startup message.
    """

    places: tuple[tuple[str, int], ...]
    database: str | None
    user: str | None
    password: str | None = field(repr=False)
    tls: str | None
    context: ssl.SSLContext | None
    direct_tls: bool
    settings: dict[str, str]
    wait: int | None
    target: str
    passfile: str | None
    pooled: bool

    def __str__(self) -> str:
        """Return what is safe to display: the hosts and the database."""
        hosts = ",".join(
            f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.places
        )
        return f"{hosts or 'localhost'}/{self.database or ''}"

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the driver for a connection, except the host and the settings."""
        given: dict[str, Any] = {
            "database": self.database,
            "user": self.user,
            "password": self.password,
            "ssl": self.context or self.tls,
            "passfile": self.passfile,
            "target_session_attrs": "any",  # the connector checks it, and why a server is read-only
        }
        if self.direct_tls:
            given["direct_tls"] = True
        return {name: value for name, value in given.items() if value is not None}

    @property
    def timeouts(self) -> dict[str, str]:
        """The entries of `TIMEOUTS` that the address does not set itself."""
        named = _names(self.settings.get("options", ""))
        return {name: value for name, value in TIMEOUTS.items() if name not in named}


def spelled_for_sqlalchemy(url: str) -> str:
    """Return an address with several hosts in the form of SQLAlchemy, and any other unchanged.

    Raises:
        ValueError: As for `parse_postgres_url`.
    """
    scheme, separator, rest = url.partition("://")
    if not scheme.startswith("postgres"):
        return url
    address = parse_postgres_url(url)
    netloc, slash, path = rest.partition("/")
    account, at, hosts = netloc.rpartition("@")
    if "," not in hosts:
        return url
    given = [f"host={quote(','.join(host for host, _ in address.places), safe=',:')}"]
    given.append(f"port={','.join(str(port) for _, port in address.places)}")
    if "target_session_attrs=" not in path:
        given.append(f"target_session_attrs={address.target}")
    mark = "&" if "?" in path else "?"
    return f"{scheme}{separator}{account}{at}{slash or '/'}{path}{mark}{'&'.join(given)}"


def parse_postgres_url(url: str) -> PostgresAddress:
    """Parse `url`.

    Raises:
        ValueError: It is invalid or unsupported; the one-line message does not contain the password.
    """
    parts = split_address(url, several=True)
    options = options_of(parts, _KNOWN)
    if options.get("channel_binding") == "require":
        raise ValueError(
            "channel binding isn't supported: channel_binding=prefer&sslmode=verify-full is just as safe"
        )
    for name, harmless in _IDLE.items():
        one_of(options, name, *harmless)
    account, _, hosts = parts.netloc.rpartition("@")
    user, _, password = account.partition(":")
    places = _places(hosts, options)
    default = "read-write" if len(places) > 1 else "any"
    return PostgresAddress(
        places=places,
        database=unquote(parts.path[1:]) or options.get("dbname"),
        user=unquote(user) or options.get("user"),
        password=unquote(password) or options.get("password"),
        tls=_mode(options),
        context=_context(options),
        direct_tls=_direct(options),
        settings=_settings(options),
        wait=_wait(options),
        target=_target(options) or default,
        passfile=options.get("passfile"),
        pooled=one_of(options, "pgbouncer", "true", "false") == "true",
    )


def _places(hosts: str, options: dict[str, str]) -> tuple[tuple[str, int], ...]:
    if hosts:
        if "host" in options or "port" in options:
            raise ValueError("has its host or port twice")
        return tuple(_place(host) for host in hosts.split(","))
    names = options.get("host", "").split(",") if options.get("host") else []
    ports = [_port(port) for port in options.get("port", str(_PORT)).split(",")]
    if len(ports) == 1:
        ports *= len(names)
    if len(ports) != len(names) and names:
        raise ValueError("has different numbers of hosts and ports")
    if not all(names):
        raise ValueError("has an empty host")
    return tuple(zip(names, ports, strict=False))


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":") if text.rfind(":") > text.rfind("]") else (text, "", "")
    host = unquote(host.removeprefix("[").removesuffix("]"))
    if not host:
        raise ValueError("has an empty host")
    return host, _port(port) if port else _PORT


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise ValueError("has an invalid port")
    return int(text)


def _target(options: dict[str, str]) -> str | None:
    if options.get("target_session_attrs") not in (None, *_WRITABLE):
        raise ValueError(
            f"target_session_attrs must be one of {', '.join(_WRITABLE)}: this server needs to write"
        )
    return options.get("target_session_attrs")


def _wait(options: dict[str, str]) -> int | None:
    text = options.get("connect_timeout")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _LONGEST_WAIT_S):
        raise ValueError(f"connect_timeout must be a number of seconds from 1 to {_LONGEST_WAIT_S}")
    return int(text)


def _settings(options: dict[str, str]) -> dict[str, str]:
    name = options.get("application_name") or options.get("fallback_application_name") or "autograph-web"
    settings = {"application_name": name}
    if "options" in options:
        ours = {one.lower() for one in (*OURS, "default_transaction_read_only")}
        for changed in _names(options["options"]):
            if changed.lower() in ours:
                raise ValueError(f"options must not set {changed}: this server sets it itself")
        settings["options"] = options["options"]
    return settings


def _names(options: str) -> set[str]:
    """Return the names set by libpq's `options`: `-c name=value`, `-cname=value` and `--name=value`."""
    try:
        words = shlex.split(options.replace("\\", "\\\\"))
    except ValueError:
        raise ValueError("options has a quotation mark that does not end") from None
    names: set[str] = set()
    for before, word in zip(["", *words], words, strict=False):
        if before == "-c" or word.startswith(("-c", "--")):
            names.add(word.removeprefix("--").removeprefix("-c").partition("=")[0].replace("-", "_"))
    return names - {""}


def _mode(options: dict[str, str]) -> str | None:
    mode = one_of(options, "sslmode", *_SSL_MODES)
    if options.get("sslrootcert") == "system" and mode not in (None, "verify-full"):
        raise ValueError("sslrootcert=system needs sslmode=verify-full")
    if mode in _ENCRYPTED or options.get("sslrootcert") == "system":
        return None
    for name in options:
        if name.startswith("ssl") and name not in ("sslmode", "sslcompression", "sslsni"):
            raise ValueError(
                f"{name} needs sslmode=require, verify-ca or verify-full: without it nothing is verified"
            )
    return mode


def _direct(options: dict[str, str]) -> bool:
    return one_of(options, "sslnegotiation", "postgres", "direct") == "direct"


def _context(options: dict[str, str]) -> ssl.SSLContext | None:
    """Return the TLS context: verify-full checks the host name, verify-ca only the certificate authority.

    As in libpq, `require` also checks the authority if one is given.
    """
    mode, root = options.get("sslmode"), options.get("sslrootcert")
    if mode not in _ENCRYPTED and root != "system":
        return None
    root = root or _usual_root()
    context = ssl.create_default_context()
    context.check_hostname = mode in (None, "verify-full")
    if mode == "require" and root is None:
        context.verify_mode = ssl.CERT_NONE
    if root not in (None, "system"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = mode == "verify-full"
        _load(options, "sslrootcert", lambda: context.load_verify_locations(cafile=root))
    _more(context, options)
    context.set_alpn_protocols(["postgresql"])
    return context


def _usual_root() -> str | None:
    try:
        usual = Path.home() / ".postgresql" / "root.crt"
    except RuntimeError:  # without a home folder there is no such file
        return None
    return str(usual) if usual.is_file() else None


def _more(context: ssl.SSLContext, options: dict[str, str]) -> None:
    if "sslcrl" in options:
        _load(options, "sslcrl", lambda: context.load_verify_locations(cafile=options["sslcrl"]))
        context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    if "sslcert" in options:
        secret = options.get("sslpassword", "")
        _load(
            options,
            "sslcert",
            lambda: context.load_cert_chain(options["sslcert"], options.get("sslkey"), lambda: secret),
        )
    elif "sslkey" in options or "sslpassword" in options:
        raise ValueError("has sslkey or sslpassword without sslcert")
    for name, attribute in (("min", "minimum_version"), ("max", "maximum_version")):
        version = one_of(options, f"ssl_{name}_protocol_version", *_TLS_VERSIONS)
        if version:
            setattr(context, attribute, _TLS_VERSIONS[version])


def _load(options: dict[str, str], name: str, load: Any) -> None:
    try:
        load()
    except (OSError, ssl.SSLError):
        more = " and sslkey" if name == "sslcert" and "sslkey" in options else ""
        raise ValueError(f"{name}{more} must be a readable PEM file") from None
