"""canonical addresses.

Addresses used to be stored as entered, with a key that was normalized further: `ｏwner@x.dev` had the key of
`owner@x.dev`, and `straße@x.dev` that of `strasse@x.dev`. Both columns now get the canonical form. An address
changed by this was never verified in its new form, and so counts as unverified again.
"""

from collections.abc import Sequence
from unicodedata import normalize

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_USERS = sa.table(
    "users",
    sa.column("id", sa.Uuid()),
    sa.column("email", sa.String(320)),
    sa.column("email_key", sa.String(320)),
    sa.column("email_verified_at", sa.DateTime()),
)
_LONGEST = 320


def upgrade() -> None:
    """Apply."""
    connection = op.get_bind()
    email = _USERS.c.email
    octets = sa.func.octet_length(email)
    if connection.dialect.name == "sqlite":  # where octet_length is only available since 3.43
        octets = sa.func.length(sa.cast(email, sa.LargeBinary()))
    beyond_ascii = sa.select(_USERS.c.id, email, _USERS.c.email_key).where(octets != sa.func.length(email))
    for row in connection.execute(beyond_ascii).all():
        text = normalize("NFKC", row.email)
        key = normalize("NFKC", "".join(letter.lower() for letter in text))[:_LONGEST]
        if (text, key) == (row.email, row.email_key):
            continue
        change = sa.update(_USERS).where(_USERS.c.id == row.id).values(email=text, email_key=key)
        connection.execute(change if text == row.email else change.values(email_verified_at=None))


def downgrade() -> None:
    """Do nothing: the previous version can use the addresses as they are."""
