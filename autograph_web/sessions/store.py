"""SQL statements for sessions and refresh tokens."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    Boolean,
    ColumnElement,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.store import ACCOUNT, HAS_MFA, MFA_ENABLED, USERS
from autograph_web.audit.store import AUDIT
from autograph_web.infra.db.database import Database
from autograph_web.infra.db.types import UtcDateTime, table_of
from autograph_web.sessions.models import RefreshTokenRow, SessionRow
from autograph_web.sessions.principal import AuthenticationGrant

SESSIONS = table_of(SessionRow)
REFRESH_TOKENS = table_of(RefreshTokenRow)


async def add(connection: AsyncConnection, session: SessionRow) -> None:
    """Add a session."""
    await connection.execute(_ADD, session.model_dump())


async def entitled_account(connection: AsyncConnection, grant: AuthenticationGrant) -> Row[Any] | None:
    """Return the account of an authentication grant, or None if it no longer entitles to a session."""
    return (await connection.execute(_ENTITLED, _of_grant(grant))).first()


async def open_at_once(
    database: Database, grant: AuthenticationGrant, session: dict[str, Any], token: dict[str, Any]
) -> Any | None:
    """Insert the session that `grant` entitles to and a refresh token; return the account, None as above."""
    given = _of_grant(grant)
    return await database.at_once(_OPEN, given | _named("session", session) | _named("token", token))


async def find_alive(connection: AsyncConnection, session_id: UUID, now: datetime) -> Row[Any] | None:
    """Return a live session joined with its account, or None if it may no longer be used."""
    given = {"the_id": session_id, "moment": now}
    return (await connection.execute(_FIND_ALIVE, given)).first()


async def touch(connection: AsyncConnection, session_id: UUID, now: datetime, idle_until: datetime) -> None:
    """Record the use of a session and set its idle expiry to `idle_until`."""
    await connection.execute(
        update(SESSIONS)
        .where(SESSIONS.c.id == session_id, SESSIONS.c.revoked_at.is_(None))
        .values(last_seen_at=now, idle_expires_at=idle_until)
    )


async def count_alive(connection: AsyncConnection, user_id: UUID, now: datetime) -> int:
    """Count the live sessions of an account."""
    query = (
        select(func.count())
        .select_from(SESSIONS.join(USERS))
        .where(SESSIONS.c.user_id == user_id, *_alive(now))
    )
    return int((await connection.execute(query)).scalar_one())


async def count_all_alive(connection: AsyncConnection, now: datetime) -> int:
    """Count the live sessions of all accounts."""
    query = select(func.count()).select_from(SESSIONS.join(USERS)).where(*_alive(now))
    return int((await connection.execute(query)).scalar_one())


async def ids_alive(connection: AsyncConnection, user_id: UUID, now: datetime) -> list[UUID]:
    """Return the ids of the live sessions of an account."""
    query = select(SESSIONS.c.id).join(USERS).where(SESSIONS.c.user_id == user_id, *_alive(now))
    return list((await connection.execute(query)).scalars())


async def newest_alive(
    connection: AsyncConnection, user_id: UUID, now: datetime, first: UUID | None, limit: int
) -> list[Row[Any]]:
    """Return at most `limit` live sessions of an account: `first` if given, then the most recently used."""
    leading = (SESSIONS.c.id != first,) if first else ()
    query = (
        select(SESSIONS)
        .join(USERS)
        .where(SESSIONS.c.user_id == user_id, *_alive(now))
        .order_by(*leading, SESSIONS.c.last_seen_at.desc(), SESSIONS.c.id)
        .limit(limit)
    )
    return list(await connection.execute(query))


async def ids_revoked_since(connection: AsyncConnection, user_id: UUID, moment: datetime) -> list[UUID]:
    """Return the ids of the sessions of an account that were revoked after a moment."""
    query = select(SESSIONS.c.id).where(SESSIONS.c.user_id == user_id, SESSIONS.c.revoked_at > moment)
    return list((await connection.execute(query)).scalars())


async def all_of(connection: AsyncConnection, user_id: UUID) -> list[Row[Any]]:
    """Return every stored session of an account, ended ones included, oldest first."""
    query = select(SESSIONS).where(SESSIONS.c.user_id == user_id).order_by(SESSIONS.c.created_at)
    return list(await connection.execute(query))


async def revoke(
    connection: AsyncConnection, where: ColumnElement[bool], now: datetime, reason: str
) -> list[UUID]:
    """Revoke the sessions that match `where` and were not revoked before; return their ids."""
    result = await connection.execute(
        update(SESSIONS)
        .where(where, SESSIONS.c.revoked_at.is_(None))
        .values(revoked_at=now, revoked_reason=reason)
        .returning(SESSIONS.c.id)
    )
    return list(result.scalars())


def all_but(user_id: UUID, session_id: UUID | None) -> ColumnElement[bool]:
    """Return a condition for every session of an account, except `session_id` if given."""
    mine = SESSIONS.c.user_id == user_id
    return mine if session_id is None else and_(mine, SESSIONS.c.id != session_id)


def of_cookie(session_id: UUID, cookie_hash: str) -> ColumnElement[bool]:
    """Return a condition for the session of a cookie."""
    return and_(SESSIONS.c.id == session_id, SESSIONS.c.cookie_hash == cookie_hash)


async def ending_of(connection: AsyncConnection, session_id: UUID) -> Row[Any] | None:
    """Return a session, even if it has ended, or None if none is stored."""
    return (await connection.execute(select(SESSIONS).where(SESSIONS.c.id == session_id))).first()


async def forget_expired(connection: AsyncConnection, before: datetime) -> int:
    """Delete the sessions that expired before a moment, with their refresh tokens; return how many."""
    result = await connection.execute(delete(SESSIONS).where(SESSIONS.c.expires_at < before))
    return result.rowcount


async def add_refresh_token(connection: AsyncConnection, token: dict[str, Any]) -> None:
    """Add a refresh token, given by its columns."""
    await connection.execute(_ADD_REFRESH_TOKEN, token)


async def use_refresh_token(connection: AsyncConnection, used: dict[str, Any]) -> bool:
    """Mark a refresh token as used; of any number of concurrent requests only one gets True.

    `used` has `the_id` and `the_hash` of the token, the `moment`, the `successor` and `the_client`.
    """
    return (await connection.execute(_USE_REFRESH_TOKEN, used)).rowcount == 1


async def rotate(
    database: Database, used: dict[str, Any], token: dict[str, Any], event: dict[str, Any]
) -> Any | None:
    """Use a refresh token of a live session, insert its successor and the audit row; return the session."""
    given = used | _named("token", token) | _named("event", event)
    return await database.at_once(_ROTATE, given)


async def use_of(connection: AsyncConnection, token_id: UUID, token_hash: str) -> Row[Any] | None:
    """Return when and by which client this exact refresh token was used, or None if it was not."""
    query = select(REFRESH_TOKENS).where(
        REFRESH_TOKENS.c.id == token_id,
        REFRESH_TOKENS.c.token_hash == token_hash,
        REFRESH_TOKENS.c.used_at.is_not(None),
    )
    return (await connection.execute(query)).first()


async def find_unused(connection: AsyncConnection, token_id: UUID | None) -> Row[Any] | None:
    """Return a refresh token that has not been used, or None."""
    query = select(REFRESH_TOKENS).where(REFRESH_TOKENS.c.id == token_id, REFRESH_TOKENS.c.used_at.is_(None))
    return (await connection.execute(query)).first()


def _with_account() -> Select[Any]:
    account = (USERS.c.email, USERS.c.role, MFA_ENABLED)
    return select(SESSIONS, *account).join(USERS, USERS.c.id == SESSIONS.c.user_id)


def _alive(now: datetime | BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    return (
        SESSIONS.c.revoked_at.is_(None),
        SESSIONS.c.expires_at > now,
        SESSIONS.c.idle_expires_at > now,
        SESSIONS.c.epoch == USERS.c.session_epoch,
        USERS.c.status == "active",
    )


# The statements of every refresh and session check, built once: building one takes longer than running it.
_MOMENT = bindparam("moment", type_=UtcDateTime())
# Active, not signed out everywhere since, same password as verified, and no second factor left unverified.
_ENTITLED = select(*ACCOUNT).where(
    USERS.c.id == bindparam("the_id"),
    USERS.c.status == "active",
    USERS.c.session_epoch == bindparam("the_epoch"),
    USERS.c.password_changed_at == bindparam("the_password", type_=UtcDateTime()),
    or_(not_(HAS_MFA), bindparam("has_factor", type_=Boolean())),
)
_ADD, _ADD_REFRESH_TOKEN = insert(SESSIONS), insert(REFRESH_TOKENS)
_USE_REFRESH_TOKEN = (
    update(REFRESH_TOKENS)
    .where(REFRESH_TOKENS.c.id == bindparam("the_id"), REFRESH_TOKENS.c.token_hash == bindparam("the_hash"))
    .where(REFRESH_TOKENS.c.used_at.is_(None), REFRESH_TOKENS.c.expires_at > _MOMENT)
    .values(
        used_at=_MOMENT,
        successor_id=bindparam("successor", type_=REFRESH_TOKENS.c.successor_id.type),
        used_by=bindparam("the_client"),
    )
)
_UNUSED = ("used_at", "successor_id", "used_by")
_FIND_ALIVE = _with_account().where(SESSIONS.c.id == bindparam("the_id"), *_alive(_MOMENT))
_IDLE_UNTIL, _REMEMBERED = (bindparam(name, type_=UtcDateTime()) for name in ("idle_until", "remembered"))


def _opening() -> Select[Any]:
    """Open a session for a REST client, with every insert in one statement (PostgreSQL only)."""
    account = _ENTITLED.cte("account")
    ended = ("revoked_at", "revoked_reason")
    return select(account).add_cte(
        _inserted(SESSIONS, "session", account, {"user_id": account.c.id}, ended),
        _inserted(REFRESH_TOKENS, "token", account, {}, _UNUSED),
    )


def _rotation() -> Select[Any]:
    """Perform every write of a refresh in one statement (PostgreSQL only).

    Of concurrent requests with the same token, the second waits for the first one's row lock and then finds
    the token used. If a sign-out commits while the statement waits, the token is marked as used and nothing
    else is written: the session has ended.
    """
    alive = (
        select(SESSIONS.c.id)
        .join(USERS, USERS.c.id == SESSIONS.c.user_id)
        .where(SESSIONS.c.id == REFRESH_TOKENS.c.session_id, *_alive(_MOMENT))
    )
    used = (
        _USE_REFRESH_TOKEN.where(alive.correlate(REFRESH_TOKENS).exists())
        .returning(REFRESH_TOKENS.c.session_id)
        .cte("used")
    )
    session = (
        update(SESSIONS)
        .where(SESSIONS.c.id == used.c.session_id, SESSIONS.c.user_id == USERS.c.id)
        # Checked again, because the update may have waited for a sign-out to commit.
        .where(SESSIONS.c.revoked_at.is_(None))
        .values(
            last_seen_at=_MOMENT, idle_expires_at=case((SESSIONS.c.remember, _REMEMBERED), else_=_IDLE_UNTIL)
        )
        .returning(SESSIONS.c.id, SESSIONS.c.user_id, SESSIONS.c.epoch, USERS.c.email, USERS.c.role)
        .cte("session")
    )
    return select(session).add_cte(
        _inserted(REFRESH_TOKENS, "token", session, {"session_id": session.c.id}, _UNUSED),
        _inserted(
            AUDIT, "event", session, {"session_id": session.c.id, "user_id": session.c.user_id}, ("id",)
        ),
    )


def _inserted(
    table: Table, name: str, session: CTE, known: dict[str, ColumnElement[Any]], left_out: tuple[str, ...]
) -> CTE:
    columns = [column for column in table.c if column.name not in left_out]
    values = [
        known.get(column.name, bindparam(f"{name}_{column.name}", type_=column.type)) for column in columns
    ]
    rows = select(*values).select_from(session)
    return insert(table).from_select([column.name for column in columns], rows).cte(name)


def _of_grant(grant: AuthenticationGrant) -> dict[str, Any]:
    return {
        "the_id": grant.user_id,
        "the_epoch": grant.epoch,
        "the_password": grant.password_changed_at,
        "has_factor": grant.has_factor,
    }


def _named(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row under the parameter names that `_inserted` uses."""
    return {f"{name}_{column}": value for column, value in values.items()}


_OPEN, _ROTATE = _opening(), _rotation()
