"""Alembic's entry point, which uses the connection set by autograph_web.migrate in the configuration."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

from autograph_web.schema import metadata


def _render(kind: str, item: object, _: object) -> str | Literal[False]:
    """Render our own column types as the underlying ones: a migration must not change with our code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        plain: Any = item.impl
        return f"sa.{plain!r}"
    return False


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata(),
        compare_type=True,
        render_item=_render,
        # Also for SQLite, since migrate.py opens the transaction itself.
        transactional_ddl=True,
        # SQLite supports few changes of a table: Alembic copies it instead.
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


_run(context.config.attributes["connection"])
