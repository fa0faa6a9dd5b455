"""Parses `REDIS_URL`: one server, or the sentinels that know which of several is the master.

Of redis-py's options, those for the location of a server and its verification are honoured; all others are
rejected, including those that redis-py would ignore.
"""

import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote

from autograph_web.infra.service_urls import one_of, options_of, split_address

_ONE_SERVER = ("redis", "rediss", "unix")
_SENTINELS = ("redis+sentinel", "rediss+sentinel")
_SENTINEL_PORT = 26379
_OF_TLS = (
    *("ssl_cert_reqs", "ssl_check_hostname", "ssl_ca_certs", "ssl_ca_path"),
    *("ssl_certfile", "ssl_keyfile", "ssl_password"),
)
_OPTIONS = {
    "redis": ("db", "username", "password", "client_name"),
    "rediss": ("db", "username", "password", "client_name", *_OF_TLS),
    "unix": ("db", "username", "password", "client_name"),
    **dict.fromkeys(_SENTINELS, ("sentinel_username", "sentinel_password", "ssl_ca_certs")),
}
_SHAPE = "redis+sentinel://user:password@host:26379,host:26379/name-of-the-master/0"
NO_CLUSTER = (
    "Redis Cluster is not supported: operations that must be atomic may span nodes; "
    "for failover, use Sentinel (redis+sentinel://…)"
)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """The sentinels, the name of the master, and the credentials for both."""

    addresses: tuple[tuple[str, int], ...]
    master: str
    database: int
    tls: bool
    username: str | None
    password: str | None
    sentinel_username: str | None
    sentinel_password: str | None
    ca_file: str | None


def parse_redis_url(url: str) -> Sentinels | None:
    """Return the sentinels in `url`, or None if it names one server.

    Raises:
        ValueError: It is invalid; the message does not contain it, because it may contain a password.
    """
    scheme = url.partition("://")[0]
    if "cluster" in scheme:
        raise ValueError(NO_CLUSTER)
    if scheme not in (*_ONE_SERVER, *_SENTINELS):
        raise ValueError("must start with redis:// (or rediss://, unix://, redis+sentinel://)")
    parts = split_address(url, several=True)
    if scheme in _ONE_SERVER and "," in parts.netloc.rpartition("@")[2]:
        raise ValueError(f"several servers need Sentinel: {_SHAPE}")
    options = options_of(parts, _OPTIONS[scheme])
    _check_tls(options)
    if scheme in _SENTINELS:
        return _sentinels(parts, options)
    _check_one_server(parts, options)
    return None


def one_address(url: str) -> str:
    """Return `url`, or that of the first sentinel, for code that supports only one server."""
    sentinels = parse_redis_url(url)
    if sentinels is None:
        return url
    host, port = sentinels.addresses[0]
    return f"redis://[{host}]:{port}" if ":" in host else f"redis://{host}:{port}"


def _check_one_server(parts: SplitResult, options: dict[str, str]) -> None:
    database = options.get("db", "0")
    if parts.scheme == "unix":
        if not parts.path.strip("/"):
            raise ValueError("has no socket path: unix:///path/to/redis.sock")
    elif parts.path.strip("/"):
        if "db" in options:
            raise ValueError("has its database twice")
        database = parts.path.strip("/")
    if not (database.isascii() and database.isdecimal()):
        raise ValueError("has a database that isn't a number, like the 0 in redis://host:6379/0")


def _check_tls(options: dict[str, str]) -> None:
    """Reject options that redis-py would reject only on connecting, or would interpret differently."""
    one_of(options, "ssl_cert_reqs", "none", "optional", "required")
    one_of(options, "ssl_check_hostname", "true", "false")
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise ValueError("has ssl_keyfile without ssl_certfile")
    # Without the system's certificate authorities, which are slow to load: nothing connects here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if "ssl_ca_certs" in options or "ssl_ca_path" in options:
            context.load_verify_locations(options.get("ssl_ca_certs"), options.get("ssl_ca_path"))
        if "ssl_certfile" in options:
            secret = options.get("ssl_password", "")
            context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"), lambda: secret)
    except OSError:
        raise ValueError("ssl_ca_certs, ssl_certfile and ssl_keyfile must be PEM files") from None


def _sentinels(parts: SplitResult, options: dict[str, str]) -> Sentinels:
    master, _, database = parts.path.strip("/").partition("/")
    account, _, hosts = parts.netloc.rpartition("@")
    username, _, password = account.partition(":")
    if not master or not (database or "0").isdecimal():
        raise ValueError(f"must have the form {_SHAPE}")
    return Sentinels(
        addresses=tuple(_address(host) for host in hosts.split(",")),
        master=unquote(master),
        database=int(database or "0"),
        tls=parts.scheme.startswith("rediss"),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_username=options.get("sentinel_username"),
        sentinel_password=options.get("sentinel_password"),
        ca_file=options.get("ssl_ca_certs"),
    )


def _address(text: str) -> tuple[str, int]:
    parts = split_address(f"//{text}")  # handles brackets around IPv6, and rejects an invalid port
    if not parts.hostname:
        raise ValueError(f"must have the form {_SHAPE}")
    return parts.hostname, parts.port or _SENTINEL_PORT
