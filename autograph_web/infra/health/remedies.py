"""Remedies for each kind of failure of each dependency."""

from autograph_web.infra.health.failures import Trouble

_DATABASE = {
    Trouble.AWAY: "check DATABASE_URL and that the server is running",
    Trouble.ADDRESS: "check the host in DATABASE_URL",
    Trouble.CERTIFICATE: "set its CA with sslrootcert=/path, and use the host name in its certificate",
    Trouble.ENCRYPTION: "set sslmode in DATABASE_URL to match the server",
    Trouble.PASSWORD: "check user and password in DATABASE_URL, and the server's pg_hba.conf",
    Trouble.RIGHTS: "GRANT the user USAGE and CREATE on the schema; a file must belong to the server's user",
    Trouble.FULL: "free up disk space there, or raise max_connections",
    Trouble.READ_ONLY: "use the primary, without default_transaction_read_only; a file must be writable",
    Trouble.REPLICA: "use the primary or all hosts in DATABASE_URL",
    Trouble.ENCODING: "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and move the data there",
    Trouble.COMMAND: "upgrade to PostgreSQL 14 or newer",
    Trouble.MISSING: "CREATE DATABASE, or check the name in DATABASE_URL",
    Trouble.DAMAGED: "restore it from a backup, or set another in DATABASE_URL",
    Trouble.BUSY: "check what keeps it busy; it will be retried",
}
_REDIS = {
    Trouble.AWAY: "check REDIS_URL and that the server is running",
    Trouble.ADDRESS: "check the host in REDIS_URL",
    Trouble.CERTIFICATE: "set its CA with ?ssl_ca_certs=/path, and use the host name in its certificate",
    Trouble.ENCRYPTION: "use rediss:// for servers with TLS, redis:// for those without",
    Trouble.PASSWORD: "check user and password in REDIS_URL, percent-encoded",
    Trouble.RIGHTS: "give the user the permissions listed in docs/deployment.md",
    Trouble.FULL: "raise maxmemory or maxclients, or free up disk space there",
    Trouble.READ_ONLY: "use the master or the sentinels in REDIS_URL",
    Trouble.REPLICA: "use the master or the sentinels in REDIS_URL",
    Trouble.COMMAND: "use Redis 6.2 or newer, without renamed commands",
    Trouble.BUSY: "it is loading or running a long script; it will be retried",
}
_MAIL = {
    Trouble.AWAY: "check SMTP_URL; see docs/mail.md",
    Trouble.ADDRESS: "check the host in SMTP_URL",
    Trouble.CERTIFICATE: "set its CA with ?ca=/path, and use the host name in its certificate",
    Trouble.ENCRYPTION: "use smtps:// for TLS (465), smtp:// for STARTTLS (587), ?starttls=never for neither",
    Trouble.PASSWORD: "check user and password in SMTP_URL, percent-encoded",
    Trouble.FULL: "the server isn't accepting email right now; it will be retried",
    Trouble.BUSY: "the server isn't accepting email right now; it will be retried",
}
_PARTS = {"database": _DATABASE, "redis": _REDIS, "mail": _MAIL}


def mend(part: str, trouble: Trouble) -> str:
    """Return the remedy for a failure of `database`, `redis` or `mail`."""
    return _PARTS[part].get(trouble, _PARTS[part][Trouble.AWAY])
