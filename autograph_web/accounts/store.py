"""SQL statements for accounts, one-time links and reserved addresses."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, case, delete, exists, false, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import EmailAddress
from autograph_web.accounts.models import CREDENTIALS, OF_THE_VERSION_BEFORE, EmailHold, LinkRow, User
from autograph_web.infra.db.types import UtcDateTime, table_of

USERS, LINKS, HOLDS = table_of(User), table_of(LinkRow), table_of(EmailHold)
HAS_MFA = (
    exists()
    .where(CREDENTIALS.c.user_id == USERS.c.id, CREDENTIALS.c.is_second_factor.is_(True))
    .correlate(USERS)
)
"""Whether an account has a second factor, for use in a statement about `USERS`."""
MFA_ENABLED = HAS_MFA.label("mfa_enabled")
ACCOUNT = (*(column for column in USERS.c if column.name not in OF_THE_VERSION_BEFORE), MFA_ENABLED)
"""The columns that are read of an account."""

_ADMIN = "admin"


async def add(connection: AsyncConnection, user: User) -> None:
    """Add an account.

    Raises:
        IntegrityError: The normalized address already has an account.
    """
    await connection.execute(insert(USERS).values(**user.model_dump()))


async def try_to_write(connection: AsyncConnection) -> None:
    """Provoke the error that a write would cause, for example on a read-only standby; nothing is written."""
    await connection.execute(update(USERS).where(false()).values(role=USERS.c.role))


async def find_by_email(connection: AsyncConnection, email_key: str) -> Account | None:
    """Return the account of a normalized address, or None."""
    row = (await connection.execute(select(*ACCOUNT).where(USERS.c.email_key == email_key))).first()
    return account_of(row) if row else None


async def find_by_id(connection: AsyncConnection, user_id: UUID) -> Account | None:
    """Return an account, or None."""
    row = (await connection.execute(select(*ACCOUNT).where(USERS.c.id == user_id))).first()
    return account_of(row) if row else None


async def credentials_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return the credentials of an account, oldest first."""
    query = select(CREDENTIALS).where(CREDENTIALS.c.user_id == user_id)
    return list(await connection.execute(query.order_by(CREDENTIALS.c.created_at, CREDENTIALS.c.method)))


async def lock(connection: AsyncConnection, user_id: UUID) -> None:
    """Lock the account until the end of the unit of work."""
    await connection.execute(select(USERS.c.id).where(USERS.c.id == user_id).with_for_update())


async def lock_for_links(connection: AsyncConnection, user_id: UUID) -> None:
    """Lock the account against concurrent use or replacement of its links; foreign-key checks do not wait."""
    query = select(USERS.c.id).where(USERS.c.id == user_id)
    await connection.execute(query.with_for_update(key_share=True))


async def lock_user_and_admins(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return an account and every active administrator, locked until the end of the unit of work.

    All are locked in one order, so that of two requests that would each remove one of the last two
    administrators the second waits and then sees the result of the first.
    """
    admins = and_(USERS.c.role == _ADMIN, USERS.c.status == "active")
    query = select(*ACCOUNT).where(or_(USERS.c.id == user_id, admins))
    return list(await connection.execute(query.order_by(USERS.c.id).with_for_update()))


def is_active_admin(row: Row[Any]) -> bool:
    """Return True if an account is an administrator's and active."""
    return row.role == _ADMIN and row.status == "active"


async def lock_unchanged(connection: AsyncConnection, account: Account) -> Account | None:
    """Return the current account, locked, or None if it changed since it was read.

    A first factor is checked outside a transaction, because that may take a quarter of a second; a password
    change, a lock or a sign-out everywhere since then makes the result None.
    """
    given = {
        "the_id": account.id,
        "the_epoch": account.session_epoch,
        "the_password": account.password_changed_at,
    }
    row = (await connection.execute(_LOCK_UNCHANGED, given)).first()
    return account_of(row) if row else None


async def lock_reachable(connection: AsyncConnection, user_id: UUID, email: str) -> Account | None:
    """Return an account, locked, if it is active and still has the address `email`, otherwise None."""
    query = select(*ACCOUNT).where(USERS.c.id == user_id, USERS.c.email == email, USERS.c.status == "active")
    row = (await connection.execute(query.with_for_update(of=USERS))).first()
    return account_of(row) if row else None


async def note_password_change(
    connection: AsyncConnection, account: Account, now: datetime, *, verifies_email: bool = False
) -> Account:
    """Record a password change of a locked account, later than any before it, and return the account.

    Grants issued for an earlier password become invalid.
    """
    changed_at = max(now, account.password_changed_at + timedelta(microseconds=1))
    values: dict[str, Any] = {"password_changed_at": changed_at}
    if verifies_email:
        values["email_verified_at"] = func.coalesce(USERS.c.email_verified_at, now)
    await connection.execute(update(USERS).where(USERS.c.id == account.id).values(values))
    return await _read(connection, account.id)


async def note_sign_in(
    connection: AsyncConnection, user_id: UUID, epoch: int, password_changed_at: datetime, now: datetime
) -> datetime | None:
    """Record a sign-in and return when the account was created, or None.

    Applies only if the account is active, is still in `epoch` and its password is of `password_changed_at`.
    """
    given = {"the_id": user_id, "the_epoch": epoch, "the_password": password_changed_at, "moment": now}
    return (await connection.execute(_NOTE_SIGN_IN, given)).scalar_one_or_none()


async def mark_verified(connection: AsyncConnection, user_id: UUID, email_key: str, now: datetime) -> bool:
    """Mark the account's address as verified; return True if it was not and is still `email_key`."""
    result = await connection.execute(
        update(USERS)
        .where(USERS.c.id == user_id, USERS.c.email_key == email_key, USERS.c.email_verified_at.is_(None))
        .values(email_verified_at=now)
    )
    return result.rowcount == 1


async def change_email(
    connection: AsyncConnection, user_id: UUID, email: EmailAddress, now: datetime
) -> Account:
    """Assign a newly verified address to an account, and return the account.

    Raises:
        IntegrityError: Another account has the address.
    """
    values = {"email": email.text, "email_key": email.key, "email_verified_at": now}
    await connection.execute(update(USERS).where(USERS.c.id == user_id).values(values))
    return await _read(connection, user_id)


async def is_taken(connection: AsyncConnection, email_key: str, user_id: UUID | None, now: datetime) -> bool:
    """Return True if an account other than `user_id` has this address, or gave it up recently."""
    owner = (await connection.execute(select(USERS.c.id).where(USERS.c.email_key == email_key))).scalar()
    return owner not in (None, user_id) or await is_reserved(connection, email_key, user_id, now)


async def is_reserved(
    connection: AsyncConnection, email_key: str, user_id: UUID | None, now: datetime
) -> bool:
    """Return True if an account other than `user_id` gave this address up recently."""
    query = select(HOLDS.c.user_id).where(HOLDS.c.email_key == email_key, HOLDS.c.until > now)
    return (await connection.execute(query)).scalar() not in (None, user_id)


async def reserve_email(
    connection: AsyncConnection, email_key: str, user_id: UUID, now: datetime, until: datetime
) -> None:
    """Reserve an address for the account that gives it up."""
    old = or_(HOLDS.c.until <= now, HOLDS.c.user_id == user_id)
    await connection.execute(delete(HOLDS).where(HOLDS.c.email_key == email_key, old))
    await connection.execute(insert(HOLDS).values(email_key=email_key, user_id=user_id, until=until))


async def holds_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return the addresses that are reserved for an account."""
    return list(await connection.execute(select(HOLDS).where(HOLDS.c.user_id == user_id)))


async def release_reservation(connection: AsyncConnection, email_key: str, user_id: UUID) -> None:
    """Release the reservation of an address whose account has taken it back."""
    await connection.execute(delete(HOLDS).where(HOLDS.c.email_key == email_key, HOLDS.c.user_id == user_id))


async def delete_expired_reservations(connection: AsyncConnection, now: datetime) -> int:
    """Delete expired reservations; return how many."""
    return (await connection.execute(delete(HOLDS).where(HOLDS.c.until <= now))).rowcount


async def mirror_mfa(connection: AsyncConnection, user_id: UUID) -> None:
    """Write whether an account has a second factor to the column that the previous version reads."""
    await connection.execute(update(USERS).where(USERS.c.id == user_id).values(mfa_enabled=HAS_MFA))


async def advance_epoch(connection: AsyncConnection, user_id: UUID) -> int | None:
    """Advance the session epoch and return the new one, or None if the account no longer exists."""
    result = await connection.execute(
        update(USERS)
        .where(USERS.c.id == user_id)
        .values(session_epoch=USERS.c.session_epoch + 1)
        .returning(USERS.c.session_epoch)
    )
    return result.scalar_one_or_none()


async def existing_ids(connection: AsyncConnection, user_ids: set[UUID]) -> set[UUID]:
    """Return which of these accounts exist."""
    return set((await connection.execute(select(USERS.c.id).where(USERS.c.id.in_(user_ids)))).scalars())


async def remove(connection: AsyncConnection, user_id: UUID) -> None:
    """Delete an account and every row that depends on it; the audit log keeps its events."""
    await connection.execute(delete(USERS).where(USERS.c.id == user_id))


async def add_link(connection: AsyncConnection, link: LinkRow) -> None:
    """Add a one-time link."""
    await connection.execute(insert(LINKS), link.model_dump())


async def use_link(
    connection: AsyncConnection, purpose: str, token_hash: str, now: datetime
) -> Row[Any] | None:
    """Consume a link and return it; of any number of concurrent requests only one gets it.

    The account is locked first. The caller goes on to change the account and to revoke its other links; two
    requests that did so in opposite order would deadlock.
    """
    this = (LINKS.c.purpose == purpose, LINKS.c.token_hash == token_hash, LINKS.c.user_id.is_not(None))
    owner = select(USERS.c.id).join(LINKS, LINKS.c.user_id == USERS.c.id).where(*this)
    await connection.execute(owner.with_for_update(of=USERS, key_share=True))
    result = await connection.execute(
        update(LINKS)
        .where(*this, LINKS.c.used_at.is_(None), LINKS.c.expires_at > now)
        .values(used_at=now)
        .returning(*LINKS.c)
    )
    return result.first()


async def find_link(connection: AsyncConnection, purpose: str, token_hash: str) -> Row[Any] | None:
    """Return the link of a token, even a used or expired one; never a decoy."""
    query = select(LINKS).where(
        LINKS.c.purpose == purpose, LINKS.c.token_hash == token_hash, LINKS.c.user_id.is_not(None)
    )
    return (await connection.execute(query)).first()


async def revoke_links(
    connection: AsyncConnection,
    user_id: UUID | None,
    purposes: Collection[str],
    now: datetime,
    *,
    since: datetime | None = None,
    but: UUID | None = None,
) -> None:
    """Revoke the unused links of these purposes of an account: all `but` one, or those created `since`.

    Their expiry is set to the time of use at the latest, which distinguishes them from used links.
    """
    statement = update(LINKS).where(
        LINKS.c.user_id == user_id, LINKS.c.purpose.in_(purposes), LINKS.c.used_at.is_(None)
    )
    if since is not None:
        statement = statement.where(LINKS.c.created_at >= since)
    if but is not None:
        statement = statement.where(LINKS.c.id != but)
    earlier = case((LINKS.c.expires_at < now, LINKS.c.expires_at), else_=now)
    await connection.execute(statement.values(used_at=now, expires_at=earlier))


async def first_open_link(
    connection: AsyncConnection, user_id: UUID, purpose: str, within: tuple[datetime, datetime]
) -> datetime | None:
    """Return when the earliest unused link of an account was created `within` two moments, or None.

    A link that was revoked before it was used counts as unused.
    """
    first, last = within
    unused = or_(LINKS.c.used_at.is_(None), LINKS.c.expires_at <= LINKS.c.used_at)
    query = select(func.min(LINKS.c.created_at, type_=UtcDateTime())).where(
        LINKS.c.user_id == user_id, LINKS.c.purpose == purpose, unused
    )
    return (await connection.execute(query.where(LINKS.c.created_at.between(first, last)))).scalar()


async def sealed_links_after(connection: AsyncConnection, link_id: UUID | None, limit: int) -> list[Row[Any]]:
    """Return the next links that have a payload, in order of id, for iteration in batches."""
    query = select(LINKS).where(LINKS.c.payload.is_not(None))
    if link_id is not None:
        query = query.where(LINKS.c.id > link_id)
    return list(await connection.execute(query.order_by(LINKS.c.id).limit(limit)))


async def replace_payload(connection: AsyncConnection, link_id: UUID, seen: str, payload: str) -> bool:
    """Replace the ciphertext of a link unless it changed meanwhile; return True if it was replaced."""
    change = update(LINKS).where(LINKS.c.id == link_id, LINKS.c.payload == seen).values(payload=payload)
    return (await connection.execute(change)).rowcount == 1


async def forget_links(connection: AsyncConnection, now: datetime, before: datetime) -> int:
    """Delete the links that expired before a moment, and decoys once they expire; return how many."""
    decoy = and_(LINKS.c.user_id.is_(None), LINKS.c.expires_at <= now)
    return (await connection.execute(delete(LINKS).where(or_(LINKS.c.expires_at <= before, decoy)))).rowcount


async def _read(connection: AsyncConnection, user_id: UUID) -> Account:
    # No RETURNING: on SQLite, SQLAlchemy omits table names there, which breaks the correlated subquery.
    return account_of((await connection.execute(select(*ACCOUNT).where(USERS.c.id == user_id))).one())


def account_of(row: Any) -> Account:
    """Return the account in a row of the table."""
    return Account(
        id=row.id,
        email=row.email,
        role=row.role,
        mfa_enabled=row.mfa_enabled,
        email_verified=row.email_verified_at is not None,
        created_at=row.created_at,
        password_changed_at=row.password_changed_at,
        session_epoch=row.session_epoch,
        active=row.status == "active",
    )


# The statements of every sign-in, built once: building one takes longer than running it.
_THE_SAME = (
    USERS.c.id == bindparam("the_id"),
    USERS.c.status == "active",
    USERS.c.session_epoch == bindparam("the_epoch"),
)
_UNCHANGED = (*_THE_SAME, USERS.c.password_changed_at == bindparam("the_password", type_=UtcDateTime()))
_LOCK_UNCHANGED = select(*ACCOUNT).where(*_UNCHANGED).with_for_update(of=USERS)
_NOTE_SIGN_IN = (
    update(USERS).where(*_UNCHANGED).values(last_sign_in_at=bindparam("moment")).returning(USERS.c.created_at)
)
