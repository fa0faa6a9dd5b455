"""The complete database schema, and checks whether a database is ready for it."""

import asyncio
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from autograph_web.infra.db.database import Database
from autograph_web.infra.db.types import Model
from autograph_web.infra.errors import Unavailable
from autograph_web.infra.health.failures import Trouble

SCRIPTS = Path(__file__).resolve().parents[1] / "alembic"

_OLDEST = 140_000  # PostgreSQL 14
MODELS = (
    "autograph_web.mail.models",
    "autograph_web.audit.models",
    "autograph_web.audit.chain.models",
    "autograph_web.flags.models",
    "autograph_web.accounts.models",
    "autograph_web.sessions.models",
    "autograph_web.authn.methods.password.models",
    "autograph_web.authn.methods.totp.models",
    "autograph_web.authn.methods.recovery_codes.models",
    "autograph_web.authn.methods.trusted_device.models",
    "autograph_web.api_keys.models",
    "autograph_web.admin.statistics.models",
)


def metadata() -> MetaData:
    """Return the metadata of all tables of the product, importing all their modules."""
    for module in MODELS:
        import_module(module)
    return Model.metadata


def newest_revision() -> str:
    """Return the newest migration; the name of each file begins with its number."""
    return max(file.name.partition("_")[0] for file in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


def is_current(url: str) -> bool:
    """Return True if a database has all migrations; avoids Alembic, whose import takes a third of the start.

    This includes a database migrated by a newer version, which remains compatible with the previous one, so
    that servers can be replaced one by one and a release can be rolled back. A database that cannot be
    queried counts as not current: the migration then reports the reason.
    """
    file = sqlite_file(url)
    if file is not None and not file.exists():  # connecting would create it
        return False
    return any(revision >= newest_revision() for revision in asyncio.run(_revisions(url)))


async def shortcomings(url: str, *, migrates: bool) -> list[tuple[Trouble, str]]:
    """Return the problems of a reachable database, each with a description for the operator.

    Args:
        url: The database, which must exist.
        migrates: Whether tables are to be created or altered.

    Raises:
        Unavailable, SQLAlchemyError: It does not answer, or is not a database.
    """
    database = Database(url, pool_size=1)
    try:
        if sqlite_file(url) is not None:
            async with database.unit():
                return []  # beginning a write transaction proves write access
        async with database.read() as connection:
            found = (await connection.execute(text(_STANDING))).one()
    finally:
        await database.close()
    return [(trouble, words) for trouble, words, is_so in _judged(found, migrates) if is_so]


_STANDING = """
SELECT current_setting('server_encoding') AS encoding,
       current_setting('server_version_num')::int AS version,
       current_user AS role,
       current_setting('search_path') AS path,
       current_schema() AS schema,
       coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
       pg_is_in_recovery() AS replica,
       current_setting('transaction_read_only') = 'on' AS read_only
"""


def _judged(found: Any, migrates: bool) -> list[tuple[Trouble, str, bool]]:
    lacks = f"{found.role} may not CREATE in the schema {found.schema}"
    return [
        (Trouble.COMMAND, f"its version is {found.version // 10_000}", found.version < _OLDEST),
        (Trouble.ENCODING, f"its encoding is {found.encoding}, not UTF8", found.encoding != "UTF8"),
        (
            Trouble.RIGHTS,
            f"no schema of search_path ({found.path}) is there for {found.role}",
            not found.schema,
        ),
        (Trouble.RIGHTS, lacks, bool(found.schema) and migrates and not found.creates),
        (Trouble.REPLICA, "it is a replica", found.replica),
        (Trouble.READ_ONLY, "its default_transaction_read_only is on", found.read_only and not found.replica),
    ]


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database, or None for any other."""
    parsed = make_url(url)
    in_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return Path(parsed.database or "") if in_file else None


async def _revisions(url: str) -> list[str]:
    database = Database(url, pool_size=1)
    try:
        async with database.read() as connection:
            return list((await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars())
    except (Unavailable, SQLAlchemyError):
        return []
    finally:
        await database.close()
