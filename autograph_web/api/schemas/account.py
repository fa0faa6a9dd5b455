"""Accounts, and answers that are one sentence."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from autograph_web.accounts.account import Account


class AccountOut(BaseModel):
    """An account."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        """Return the JSON representation of `account`."""
        return cls(
            id=account.id,
            email=account.email,
            role=account.role,
            mfa_enabled=account.mfa_enabled,
            email_verified=account.email_verified,
            created_at=account.created_at,
        )


class MessageOut(BaseModel):
    """A message about what was done."""

    message: str
