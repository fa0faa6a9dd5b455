"""Classifies failures of dependencies with the same terms in the log, the readiness probe and `doctor`."""

import re
import socket
import ssl
from collections.abc import Callable, Iterator
from enum import StrEnum


class Trouble(StrEnum):
    """The kind of a failure, which determines the remedy."""

    AWAY = "away"
    ADDRESS = "address"
    CERTIFICATE = "certificate"
    ENCRYPTION = "encryption"
    PASSWORD = "password"  # noqa: S105  (the name of a failure)
    RIGHTS = "rights"
    FULL = "full"
    READ_ONLY = "read_only"
    REPLICA = "replica"
    ENCODING = "encoding"
    COMMAND = "command"
    MISSING = "missing"
    DAMAGED = "damaged"
    BUSY = "busy"

    @property
    def sentence(self) -> str:
        """The description of the failure."""
        return _SENTENCES[self]


_SENTENCES = {
    Trouble.AWAY: "is unreachable",
    Trouble.ADDRESS: "its host name is unknown",
    Trouble.CERTIFICATE: "its certificate isn't trusted",
    Trouble.ENCRYPTION: "its TLS support doesn't match the URL",
    Trouble.PASSWORD: "it rejects the user or password",
    Trouble.RIGHTS: "the user lacks a privilege",
    Trouble.FULL: "it is full: memory, disk or connections",
    Trouble.READ_ONLY: "it is read-only",
    Trouble.REPLICA: "it is a replica, or lacks the replicas it needs to write",
    Trouble.ENCODING: "its encoding doesn't support every character",
    Trouble.COMMAND: "it lacks a required command",
    Trouble.MISSING: "the database doesn't exist",
    Trouble.DAMAGED: "it is damaged or not a database",
    Trouble.BUSY: "it is too busy",
}

# PostgreSQL, appendix A: the complete code is looked up first, then its class.
_SQLSTATES = {
    "28P01": Trouble.PASSWORD,
    "28000": Trouble.PASSWORD,
    "3D000": Trouble.MISSING,
    "42501": Trouble.RIGHTS,
    "3F000": Trouble.RIGHTS,
    "25006": Trouble.READ_ONLY,
    "57P03": Trouble.AWAY,
    "57014": Trouble.BUSY,
    "22P05": Trouble.ENCODING,
    "22021": Trouble.ENCODING,
    "53": Trouble.FULL,
    "40": Trouble.BUSY,
    "55": Trouble.BUSY,
    "58": Trouble.FULL,
}
# sqlite.org/rescode.html, primary codes
_SQLITE = {
    3: Trouble.RIGHTS,
    5: Trouble.BUSY,
    6: Trouble.BUSY,
    8: Trouble.READ_ONLY,
    10: Trouble.FULL,
    11: Trouble.DAMAGED,
    13: Trouble.FULL,
    14: Trouble.RIGHTS,
    23: Trouble.RIGHTS,
    26: Trouble.DAMAGED,
}
# Prefixes of Redis errors, and the texts of those without a prefix of their own.
_REDIS = (
    (
        re.compile(r"WRONGPASS|NOAUTH|AUTH failed|invalid (username-)?password|[Aa]uthentication"),
        Trouble.PASSWORD,
    ),
    (re.compile(r"NOPERM|NoPermission|[Nn]o permissions|can't run this command"), Trouble.RIGHTS),
    (re.compile(r"READONLY|ReadOnly|read only replica|MASTERDOWN|NOREPLICAS|no master"), Trouble.REPLICA),
    (
        re.compile(r"OOM|OutOfMemory|command not allowed when used memory|MISCONF|max number of clients"),
        Trouble.FULL,
    ),
    (re.compile(r"unknown command|unknown subcommand|wrong number of arguments"), Trouble.COMMAND),
    (re.compile(r"LOADING|BusyLoading|Redis is loading|BUSY "), Trouble.BUSY),
)
_SMTP = {
    535: Trouble.PASSWORD,
    534: Trouble.PASSWORD,
    530: Trouble.PASSWORD,
    452: Trouble.FULL,
    454: Trouble.BUSY,
}
_COMMAND = re.compile(r"'([a-zA-Z]{1,20}(?:\|[a-zA-Z-]{1,20})?)'")


def trouble_of(error: BaseException) -> Trouble:
    """Return the kind of a driver's failure; `AWAY` if it cannot be classified."""
    for link in _chain(error):
        for look in _LOOKS:
            found = look(link)
            if found is not None:
                return found
    return Trouble.AWAY


def is_of_redis(error: BaseException | None) -> bool:
    """Return True if an error was caused by Redis."""
    while error is not None:
        if type(error).__module__.startswith("redis."):
            return True
        error = error.__cause__
    return False


def command_in(error: BaseException) -> str:
    """Return the command named in a Redis error, or ""."""
    for link in _chain(error):
        found = _COMMAND.search(str(link))
        if found:
            return found[1].upper()
    return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and its causes, the deepest first, because that is the original failure."""
    links: list[BaseException] = []
    waiting = [error]
    while waiting:
        link = waiting.pop()
        if link in links:
            continue
        links.append(link)
        further = (getattr(link, "orig", None), link.__cause__, link.__context__)
        waiting += [one for one in further if isinstance(one, BaseException)]
    yield from reversed(links)


def _by_sqlstate(error: BaseException) -> Trouble | None:
    state = str(getattr(error, "sqlstate", None) or "")
    return _SQLSTATES.get(state) or _SQLSTATES.get(state[:2])


def _by_sqlite(error: BaseException) -> Trouble | None:
    code = getattr(error, "sqlite_errorcode", None)
    return _SQLITE.get(code & 0xFF) if isinstance(code, int) else None


def _by_network(error: BaseException) -> Trouble | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble.CERTIFICATE
    if isinstance(error, socket.gaierror):
        return Trouble.ADDRESS
    if isinstance(error, ssl.SSLError) or "rejected SSL upgrade" in str(error):
        return Trouble.ENCRYPTION
    return None


def _by_name(error: BaseException) -> Trouble | None:
    kind = type(error)
    if kind.__name__ == "NotTheOne":
        return Trouble.REPLICA
    if kind.__module__.startswith("aiosmtplib"):
        return _SMTP.get(getattr(error, "code", 0))
    if kind.__module__.startswith("redis."):
        if kind.__name__.startswith("Authentication"):
            return Trouble.PASSWORD
        return next((found for words, found in _REDIS if words.search(f"{kind.__name__} {error}")), None)
    return None


_LOOKS: tuple[Callable[[BaseException], Trouble | None], ...] = (
    _by_sqlstate,
    _by_sqlite,
    _by_network,
    _by_name,
)
