"""An account as other packages use it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Account:
    """The data of an account that other packages need; the password hash is not part of it."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime
    password_changed_at: datetime
    session_epoch: int
    active: bool
