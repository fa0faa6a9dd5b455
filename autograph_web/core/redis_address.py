"""What `REDIS_URL` may name: one server, or the sentinels that know which of several is the master."""

from dataclasses import dataclass
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_ONE_SERVER = ("redis", "rediss", "unix")
_SENTINELS = ("redis+sentinel", "rediss+sentinel")
_SENTINEL_PORT = 26379
_OPTIONS = ("sentinel_username", "sentinel_password", "ssl_ca_certs")
_SHAPE = "redis+sentinel://user:password@host:26379,host:26379/name-of-the-master/0"
NO_CLUSTER = (
    "Redis Cluster is not supported: what must happen in one step may lie on two of its nodes; "
    "for failover use Sentinel (redis+sentinel://…)"
)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Whom to ask for the master, and how to sign in at both."""

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
    """Return the sentinels that `url` names, None if it names one server.

    Raises:
        ValueError: It is no such address; the message does not repeat it, for it may hold a password.
    """
    scheme = url.partition("://")[0]
    if "cluster" in scheme:
        raise ValueError(NO_CLUSTER)
    if scheme not in (*_ONE_SERVER, *_SENTINELS):
        raise ValueError("must start with redis:// (or rediss://, unix://, redis+sentinel://)")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("is no address that can be read") from None
    if scheme in _SENTINELS:
        return _sentinels(parts)
    if "," in parts.netloc.rpartition("@")[2]:
        raise ValueError(f"several servers need Sentinel: {_SHAPE}")
    return None


def one_address(url: str) -> str:
    """Return `url`, or of several sentinels the first one's, for whoever knows one server only."""
    sentinels = parse_redis_url(url)
    if sentinels is None:
        return url
    host, port = sentinels.addresses[0]
    return f"redis://[{host}]:{port}" if ":" in host else f"redis://{host}:{port}"


def _sentinels(parts: SplitResult) -> Sentinels:
    master, _, database = parts.path.strip("/").partition("/")
    options = dict(parse_qsl(parts.query))
    account, _, hosts = parts.netloc.rpartition("@")
    username, _, password = account.partition(":")
    if not master or not (database or "0").isdecimal():
        raise ValueError(f"must have the form {_SHAPE}")
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise ValueError(f"knows no option {unknown[0]}; there are {', '.join(_OPTIONS)}")
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
    parts = urlsplit(f"//{text}")  # knows brackets around IPv6, and refuses a port that is none
    if not parts.hostname:
        raise ValueError(f"must have the form {_SHAPE}")
    return parts.hostname, parts.port or _SENTINEL_PORT
