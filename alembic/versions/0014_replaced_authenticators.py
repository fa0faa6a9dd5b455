"""replaced authenticators.

The encrypted key of the authenticator that was replaced last is kept for a while, to distinguish a code of
the old entry from other wrong codes. It is not accepted for authentication.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "replaced_authenticators",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_secret", sa.String(length=255), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_replaced_authenticators_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_replaced_authenticators")),
    )
    op.create_index(
        op.f("ix_replaced_authenticators_replaced_at"), "replaced_authenticators", ["replaced_at"]
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("replaced_authenticators")
