"""An account as the rest of the product sees it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is; the password hash stays behind in the store."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime
    password_changed_at: datetime
    session_epoch: int
    active: bool
