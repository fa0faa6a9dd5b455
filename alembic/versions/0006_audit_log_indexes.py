"""audit log indexes."""

from collections.abc import Sequence

from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_user_id_at", ["user_id", "at", "id"], unique=False)
        batch_op.create_index("ix_audit_log_user_id_kind", ["user_id", "kind", "at", "id"], unique=False)
        batch_op.drop_index("ix_audit_log_at")
        batch_op.drop_index("ix_audit_log_user_id_id")


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.create_index("ix_audit_log_user_id_id", ["user_id", "id"], unique=False)
        batch_op.create_index("ix_audit_log_at", ["at"], unique=False)
        batch_op.drop_index("ix_audit_log_user_id_kind")
        batch_op.drop_index("ix_audit_log_user_id_at")
