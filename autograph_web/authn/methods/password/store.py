"""SQL statements for passwords. Callers that change one hold the lock of its account."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.models import NO_PASSWORD
from autograph_web.accounts.store import ACCOUNT, USERS
from autograph_web.authn.methods.password.models import PasswordRow
from autograph_web.infra.db.database import Database
from autograph_web.infra.db.types import table_of

PASSWORDS = table_of(PasswordRow)


async def look_up(database: Database, whom: str | UUID) -> tuple[Account, str | None] | None:
    """Return the account of a normalized email address or of an id, with its password hash.

    Runs outside a unit of work, because every sign-in starts with it.
    """
    statement = _BY_EMAIL if isinstance(whom, str) else _BY_ID
    row: Row[Any] | None = await database.first(statement, {"whom": whom})
    return (accounts.account_of(row), row.hash) if row else None


async def renew_hash(connection: AsyncConnection, user_id: UUID, new_hash: str) -> None:
    """Replace the stored hash by another hash of the same password."""
    await connection.execute(update(PASSWORDS).where(PASSWORDS.c.user_id == user_id).values(hash=new_hash))
    await _mirror(connection, user_id, new_hash)


async def set_hash(connection: AsyncConnection, user_id: UUID, new_hash: str) -> None:
    """Store the password hash of an account, replacing any earlier one."""
    mine = PASSWORDS.c.user_id == user_id
    result = await connection.execute(update(PASSWORDS).where(mine).values(hash=new_hash))
    if result.rowcount == 0:
        await connection.execute(insert(PASSWORDS).values(user_id=user_id, hash=new_hash))
    await _mirror(connection, user_id, new_hash)


async def change_hash(
    connection: AsyncConnection,
    account: Account,
    new_hash: str,
    now: datetime,
    *,
    verifies_email: bool = False,
) -> Account:
    """Change the password of an account and return it; grants issued for the old one become invalid."""
    await set_hash(connection, account.id, new_hash)
    return await accounts.note_password_change(connection, account, now, verifies_email=verifies_email)


async def remove(connection: AsyncConnection, account: Account, now: datetime) -> Account:
    """Remove the password of an account and return the account."""
    await connection.execute(delete(PASSWORDS).where(PASSWORDS.c.user_id == account.id))
    await _mirror(connection, account.id, NO_PASSWORD)
    return await accounts.note_password_change(connection, account, now)


async def _mirror(connection: AsyncConnection, user_id: UUID, new_hash: str) -> None:
    """Update the copy in the account's row, which the previous version reads."""
    await connection.execute(update(USERS).where(USERS.c.id == user_id).values(password_hash=new_hash))


# Built once: building a statement takes longer than running it.
_WITH_HASH = select(*ACCOUNT, PASSWORDS.c.hash).select_from(
    USERS.outerjoin(PASSWORDS, PASSWORDS.c.user_id == USERS.c.id)
)
_BY_EMAIL = _WITH_HASH.where(USERS.c.email_key == bindparam("whom"))
_BY_ID = _WITH_HASH.where(USERS.c.id == bindparam("whom", type_=USERS.c.id.type))
