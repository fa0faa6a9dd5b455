"""administration indexes."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_AUDIT = {
    "ix_audit_log_at": ["at", "id"],
    "ix_audit_log_kind_at": ["kind", "at", "id"],
    "ix_audit_log_ip_at": ["ip", "at", "id"],
}
_USERS = {
    "ix_users_role_email_key": ["role", "email_key"],
    "ix_users_status_email_key": ["status", "email_key"],
}


def upgrade() -> None:
    """Apply."""
    everybodys = sa.text("kind <> ''")
    for name, columns in _AUDIT.items():
        op.create_index(
            name, "audit_log", columns, unique=False, postgresql_where=everybodys, sqlite_where=everybodys
        )
    for name, columns in _USERS.items():
        op.create_index(name, "users", columns, unique=False)


def downgrade() -> None:
    """Take back."""
    for name in _USERS:
        op.drop_index(name, "users")
    for name in _AUDIT:
        op.drop_index(name, "audit_log")
