"""What packages contribute to the export of an account's data (GDPR articles 15 and 20)."""

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection


@runtime_checkable
class Exportable(Protocol):
    """A service or authentication method that stores data about an account."""

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        """Return members of the exported document: what is stored about an account, without any secret."""
        ...


def picked(rows: Iterable[Any], *names: str) -> list[dict[str, Any]]:
    """Return the columns `names` of each row."""
    return [{name: getattr(row, name) for name in names} for row in rows]
