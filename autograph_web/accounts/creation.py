"""Adding accounts: what registration and administrators have in common."""

from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store
from autograph_web.accounts.account import Account
from autograph_web.accounts.emails import EmailAddress
from autograph_web.accounts.errors import EmailTaken
from autograph_web.accounts.models import User
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.randomness import random_uuid


def new_user(
    deps: UseCaseContext, email: EmailAddress, role: str = "user", *, is_verified: bool = False
) -> User:
    """Return the row of an account that does not exist yet, without any credential."""
    now = deps.clock.now()
    return User(
        id=random_uuid(deps.randomness),
        email=email.text,
        email_key=email.key,
        role=role,
        created_at=now,
        password_changed_at=now,
        email_verified_at=now if is_verified else None,
    )


async def add_user(connection: AsyncConnection, user: User) -> None:
    """Add an account within the caller's unit of work.

    Raises:
        EmailTaken: The address is reserved for an account that gave it up within the last three days.
        IntegrityError: The address has an account; the unique index decides between racers.
    """
    await store.add(connection, user)
    # After the row, which waits for a transaction that gives the address up: its reservation is visible now.
    if await store.is_reserved(connection, user.email_key, None, user.created_at):
        raise EmailTaken


def account_of(user: User) -> Account:
    """Return the account of a row that `new_user` returned."""
    return Account(
        id=user.id,
        email=user.email,
        role=user.role,
        mfa_enabled=False,
        email_verified=user.email_verified_at is not None,
        created_at=user.created_at,
        password_changed_at=user.password_changed_at,
        session_epoch=user.session_epoch,
        active=True,
    )
