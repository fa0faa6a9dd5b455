"""Remedies for each kind of failure of each dependency."""

from autograph_web.infra.health.failures import Trouble

_DATABASE = {
    Trouble.AWAY: "check DATABASE_URL, and whether the server runs",
    Trouble.ADDRESS: "check the host in DATABASE_URL",
    Trouble.CERTIFICATE: "name its authority with sslrootcert=/path, and the host as its certificate does",
    Trouble.ENCRYPTION: "set sslmode in DATABASE_URL as the server has it",
    Trouble.PASSWORD: "check user and password in DATABASE_URL, and the server's pg_hba.conf",
    Trouble.RIGHTS: "GRANT the user USAGE and CREATE on the schema; a file must be the server's user's",
    Trouble.FULL: "make room on its disk, or raise max_connections",
    Trouble.READ_ONLY: "name the primary, without default_transaction_read_only; a file must be writable",
    Trouble.REPLICA: "name the primary in DATABASE_URL, or all hosts",
    Trouble.ENCODING: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move there",
    Trouble.COMMAND: "PostgreSQL 14 or newer is needed",
    Trouble.MISSING: "CREATE DATABASE, or check the name in DATABASE_URL",
    Trouble.DAMAGED: "restore it from a backup, or name another with DATABASE_URL",
    Trouble.BUSY: "see what keeps it busy; it is tried again",
}
_REDIS = {
    Trouble.AWAY: "check REDIS_URL, and whether the server runs",
    Trouble.ADDRESS: "check the host in REDIS_URL",
    Trouble.CERTIFICATE: "name its authority with ?ssl_ca_certs=/path, and the host as its certificate does",
    Trouble.ENCRYPTION: "rediss:// is for servers that speak TLS, redis:// for those that do not",
    Trouble.PASSWORD: "check user and password in REDIS_URL, percent-encoded",
    Trouble.RIGHTS: "give the user the rights that docs/deployment.md lists",
    Trouble.FULL: "raise maxmemory or maxclients, or make room on its disk",
    Trouble.READ_ONLY: "name the master in REDIS_URL, or the sentinels",
    Trouble.REPLICA: "name the master in REDIS_URL, or the sentinels",
    Trouble.COMMAND: "Redis 6.2 or newer is needed, with its commands under their own names",
    Trouble.BUSY: "it is loading or runs a long script; it is tried again",
}
_MAIL = {
    Trouble.AWAY: "check SMTP_URL; see docs/mail.md",
    Trouble.ADDRESS: "check the host in SMTP_URL",
    Trouble.CERTIFICATE: "name its authority with ?ca=/path, and the host as its certificate does",
    Trouble.ENCRYPTION: "smtps:// is TLS at once (465), smtp:// STARTTLS (587), ?starttls=never neither",
    Trouble.PASSWORD: "check user and password in SMTP_URL, percent-encoded",
    Trouble.FULL: "the server takes nothing for now",
    Trouble.BUSY: "the server takes nothing for now",
}
_PARTS = {"database": _DATABASE, "redis": _REDIS, "mail": _MAIL}


def mend(part: str, trouble: Trouble) -> str:
    """Return the remedy for a failure of `database`, `redis` or `mail`."""
    return _PARTS[part].get(trouble, _PARTS[part][Trouble.AWAY])
