"""How to reach PostgreSQL: libpq's spelling of an address for our driver, and several hosts in turn."""

from typing import Any, cast
from urllib.parse import parse_qs, quote, urlsplit

from sqlalchemy import URL

_PORT = 5432
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}
_WRITABLE = ("read-write", "primary", "any")


def spelled_for_sqlalchemy(url: str) -> str:
    """Return an address of several hosts as SQLAlchemy spells it, and any other as it is.

    Raises:
        ValueError: A host is empty, a port is none, or the servers asked for would not let us write. The
            message does not repeat the address, for it may hold a password.
    """
    scheme, separator, rest = url.partition("://")
    netloc, slash, path = rest.partition("/")
    account, at, hosts = netloc.rpartition("@")
    if not scheme.startswith("postgres") or "," not in hosts:
        return url
    wanted = parse_qs(urlsplit(url[len(scheme) :]).query).get("target_session_attrs", ["read-write"])[0]
    if wanted not in _WRITABLE:
        raise ValueError(f"target_session_attrs must be one of {', '.join(_WRITABLE)}: this server writes")
    places = [_place(host) for host in hosts.split(",")]
    given = [f"host={quote(','.join(host for host, _ in places), safe=',:')}"]
    given.append(f"port={','.join(str(port) for _, port in places)}")
    if "target_session_attrs=" not in path:
        given.append(f"target_session_attrs={wanted}")
    return (
        f"{scheme}{separator}{account}{at}{slash or '/'}{path}{'&' if '?' in path else '?'}{'&'.join(given)}"
    )


def connect_arguments(url: URL, timeout: float) -> tuple[URL, dict[str, Any]]:
    """Return `url` without what only libpq knows, and the arguments of a connection for it.

    Args:
        url: The address in SQLAlchemy's spelling.
        timeout: How many seconds one host may take to answer.
    """
    sslmode = str(url.query.get("sslmode", ""))
    arguments: dict[str, Any] = {"timeout": timeout}
    if sslmode in _SSL_MODES:
        arguments["ssl"] = sslmode
    if "," in str(url.query.get("host", "")):
        arguments["async_creator_fn"] = _connected_to_the_first_that_serves
    return url.difference_update_query(["sslmode"]), arguments


async def _connected_to_the_first_that_serves(host: list[str], port: list[int], **given: Any) -> Any:
    """Try the hosts one by one; the driver's own way gives up at one that shuts down or says nothing."""
    # Not needed on SQLite, where it would only make the start longer.
    import asyncpg  # noqa: PLC0415
    from asyncpg.exceptions import CannotConnectNowError, TargetServerAttributeNotMatched  # noqa: PLC0415

    failure: Exception | None = None
    for one, its_port in zip(host, port, strict=True):
        try:
            return await cast(Any, asyncpg).connect(host=one, port=its_port, **given)
        except (OSError, TimeoutError, CannotConnectNowError, TargetServerAttributeNotMatched) as error:
            failure = error
    raise failure or OSError("no host was named")


def _place(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        port = parts.port or _PORT
    except ValueError:
        raise ValueError("names a port that is none") from None
    if not parts.hostname:
        raise ValueError("names an empty host")
    return parts.hostname, port
