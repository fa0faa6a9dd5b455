"""The accounts' statements."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.account import Account
from autograph_web.accounts.models import User
from autograph_web.core.tables import table_of

USERS = table_of(User)


async def add(connection: AsyncConnection, user: User) -> None:
    """Add an account.

    Raises:
        IntegrityError: The address, folded, has one already.
    """
    await connection.execute(insert(USERS).values(**user.model_dump()))


async def find_by_email(connection: AsyncConnection, email_key: str) -> tuple[Account, str] | None:
    """Return the account of a folded address with its password hash."""
    row = (await connection.execute(select(USERS).where(USERS.c.email_key == email_key))).first()
    return (account_of(row), row.password_hash) if row else None


async def note_sign_in(
    connection: AsyncConnection, account: Account, seen_hash: str, new_hash: str, now: datetime
) -> bool:
    """Stamp a sign-in, provided the account still is what the password was checked against.

    The password was verified outside any transaction, because that takes a quarter of a second; a password
    change, lock or sign-out everywhere since then makes this False.
    """
    result = await connection.execute(
        update(USERS)
        .where(USERS.c.id == account.id, USERS.c.password_hash == seen_hash, USERS.c.status == "active")
        .where(USERS.c.session_epoch == account.session_epoch)
        .values(last_sign_in_at=now, password_hash=new_hash)
    )
    return result.rowcount == 1


async def advance_epoch(connection: AsyncConnection, user_id: UUID) -> int:
    """Count one sign-out everywhere and return the new epoch."""
    result = await connection.execute(
        update(USERS)
        .where(USERS.c.id == user_id)
        .values(session_epoch=USERS.c.session_epoch + 1)
        .returning(USERS.c.session_epoch)
    )
    return int(result.scalar_one())


def account_of(row: Row[Any]) -> Account:
    """Return the account in a row of the table."""
    return Account(
        id=row.id,
        email=row.email,
        role=row.role,
        mfa_enabled=row.mfa_enabled,
        email_verified=row.email_verified_at is not None,
        created_at=row.created_at,
        session_epoch=row.session_epoch,
        active=row.status == "active",
    )
