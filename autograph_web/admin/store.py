"""SQL statements of the administration: lists of accounts, and changes of status and role."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.emails import normalize_email
from autograph_web.accounts.store import ACCOUNT, HAS_MFA, USERS
from autograph_web.admin.user_summary import Role, Status, UserFilter


async def selected(connection: AsyncConnection, wanted: UserFilter, after: str, limit: int) -> list[Row[Any]]:
    """Return the selected accounts whose normalized address follows `after`, ordered by that address."""
    query = select(*ACCOUNT).where(USERS.c.email_key > after)
    if wanted.fragment:
        query = query.where(USERS.c.email_key.contains(normalize_email(wanted.fragment), autoescape=True))
    if wanted.role is not None:
        query = query.where(USERS.c.role == wanted.role.value)
    if wanted.status is not None:
        query = query.where(USERS.c.status == wanted.status.value)
    if wanted.mfa is not None:
        query = query.where(HAS_MFA.is_(wanted.mfa))
    return list(await connection.execute(query.order_by(USERS.c.email_key).limit(limit)))


async def find(connection: AsyncConnection, user_id: UUID) -> Row[Any] | None:
    """Return an account, or None."""
    return (await connection.execute(select(*ACCOUNT).where(USERS.c.id == user_id))).first()


async def find_by_email(connection: AsyncConnection, email_key: str) -> Row[Any] | None:
    """Return the account of a normalized address, or None."""
    return (await connection.execute(select(*ACCOUNT).where(USERS.c.email_key == email_key))).first()


async def addresses(connection: AsyncConnection, ids: list[UUID]) -> dict[UUID, str]:
    """Return the addresses of those of the accounts that exist."""
    query = select(USERS.c.id, USERS.c.email).where(USERS.c.id.in_(ids))
    return {row.id: row.email for row in await connection.execute(query)}


async def set_status(connection: AsyncConnection, user_id: UUID, status: Status) -> None:
    """Set the status of an account."""
    await connection.execute(update(USERS).where(USERS.c.id == user_id).values(status=status.value))


async def set_role(connection: AsyncConnection, user_id: UUID, role: Role) -> None:
    """Set the role of an account."""
    await connection.execute(update(USERS).where(USERS.c.id == user_id).values(role=role.value))
