"""The table of passwords."""

from uuid import UUID

from sqlmodel import Field

from autograph_web.infra.db.types import Model


class PasswordRow(Model, table=True):
    """The hash of an account's password; an account without a row has none.

    The time of the last change is stored with the account, whose row is locked for every change: grants are
    compared with it, so that those issued for an earlier password are rejected.
    """

    __tablename__ = "passwords"  # pyright: ignore[reportAssignmentType]

    user_id: UUID = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE")
    hash: str = Field(max_length=255)
