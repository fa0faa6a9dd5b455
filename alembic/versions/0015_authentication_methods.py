"""authentication methods.

Passwords move to their own table, so that an account may have none; sessions store the `amr` of RFC 8176; and
the view `credentials` is the only definition of what an account authenticates with.

The previous version still reads and writes `users.password_hash` and `users.mfa_enabled`. This version writes
both; a password hash written by the previous version is copied by a trigger, which is removed with the
column.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# This hash matches no password: it marks an account without one for the previous version.
_NO_PASSWORD = "$bcrypt-sha256$v=2,t=2b,r=12$VfJDHJGqyYSPUOFvkuZBvO$C3EMPTYnoPasswordHasThisHashAAC"  # noqa: S105

_CREDENTIALS = """
CREATE VIEW credentials AS
SELECT passwords.user_id AS id, passwords.user_id AS user_id, 'password' AS method, '' AS label,
       users.password_changed_at AS created_at, users.last_sign_in_at AS last_used_at,
       (1 = 0) AS is_second_factor
FROM passwords JOIN users ON users.id = passwords.user_id
UNION ALL
SELECT id, user_id, 'totp', '', activated_at, last_used_at, (1 = 1)
FROM totp_factors WHERE activated_at IS NOT NULL
"""

_COPY = f"""
    INSERT INTO passwords (user_id, hash)
    SELECT NEW.id, NEW.password_hash WHERE NEW.password_hash <> '{_NO_PASSWORD}'
    ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash;
"""
_ON_SQLITE = (
    f"CREATE TRIGGER users_password_inserted AFTER INSERT ON users BEGIN {_COPY} END",
    f"CREATE TRIGGER users_password_updated AFTER UPDATE OF password_hash ON users BEGIN {_COPY} END",
)
_ON_POSTGRESQL = (
    f"""
    CREATE FUNCTION copy_users_password() RETURNS trigger LANGUAGE plpgsql AS
    $copy$ BEGIN {_COPY} RETURN NULL; END $copy$
    """,
    """
    CREATE TRIGGER users_password AFTER INSERT OR UPDATE OF password_hash ON users
    FOR EACH ROW EXECUTE FUNCTION copy_users_password()
    """,
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "passwords",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_passwords_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_passwords")),
    )
    copied = "INSERT INTO passwords (user_id, hash) SELECT id, password_hash FROM users"
    op.execute(sa.text(f"{copied} WHERE password_hash <> :none").bindparams(none=_NO_PASSWORD))
    op.add_column("sessions", sa.Column("amr", sa.String(length=64), nullable=True))
    op.add_column("totp_factors", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_CREDENTIALS)
    for statement in _ON_POSTGRESQL if _is_postgresql() else _ON_SQLITE:
        op.execute(statement)


def downgrade() -> None:
    """Take back: `users` already has the password hashes."""
    if _is_postgresql():
        op.execute("DROP TRIGGER users_password ON users")
        op.execute("DROP FUNCTION copy_users_password()")
    else:
        op.execute("DROP TRIGGER users_password_inserted")
        op.execute("DROP TRIGGER users_password_updated")
    op.execute("DROP VIEW credentials")
    op.drop_column("totp_factors", "last_used_at")
    op.drop_column("sessions", "amr")
    op.drop_table("passwords")


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
