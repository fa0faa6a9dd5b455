"""Statements are compiled once per test process instead of once per test.

SQLAlchemy keeps compiled statements with the engine, and each test has its own engine; recompiling took a
quarter of a test's processor time. A server has only one engine, so the tests lose no coverage.
"""

from typing import Any

from sqlalchemy import Dialect, Engine, event

Key = tuple[Any, ...]


class CompiledStatements(dict[Key, Any]):
    """The statements compiled for any engine: engines with the same kind of dialect and server share them."""

    def get(self, key: Key, default: Any = None) -> Any:
        """Return what was compiled for `key`, whose first part SQLAlchemy sets to the dialect."""
        return super().get(_shared(key), default)

    def __setitem__(self, key: Key, compiled: Any) -> None:
        super().__setitem__(_shared(key), compiled)


def _shared(key: Key) -> Key:
    dialect: Dialect = key[0]
    return (dialect.name, dialect.driver, getattr(dialect, "server_version_info", None), *key[1:])


def share_compiled_statements() -> None:
    """Make every engine of this process use the same cache."""
    statements = CompiledStatements()

    @event.listens_for(Engine, "engine_connect")
    def _share(connection: Any) -> None:
        connection.execution_options(compiled_cache=statements)
