"""refresh successors."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("refresh_tokens", sa.Column("successor_id", sa.Uuid(), nullable=True))
    op.add_column("refresh_tokens", sa.Column("used_by", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("refresh_tokens") as table:
        table.drop_column("used_by")
        table.drop_column("successor_id")
