"""email holds."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "email_holds",
        sa.Column("email_key", sa.String(length=320), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_email_holds_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("email_key", name=op.f("pk_email_holds")),
    )
    with op.batch_alter_table("email_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_email_holds_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("email_holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_email_holds_user_id"))

    op.drop_table("email_holds")
