"""Statements are compiled once in a test process, not once in each test.

SQLAlchemy keeps what it compiled with the engine, and each test has an engine of its own; compiling anew took
a quarter of a test's processor time. A server has one engine, so nothing is lost by it.
"""

from typing import Any

from sqlalchemy import Dialect, Engine, event

Key = tuple[Any, ...]


class CompiledStatements(dict[Key, Any]):
    """What was compiled for any engine: the same for all whose dialect and server are of one kind."""

    def get(self, key: Key, default: Any = None) -> Any:
        """Return what was compiled for `key`, of which SQLAlchemy makes the dialect the first part."""
        return super().get(_shared(key), default)

    def __setitem__(self, key: Key, compiled: Any) -> None:
        super().__setitem__(_shared(key), compiled)


def _shared(key: Key) -> Key:
    dialect: Dialect = key[0]
    return (dialect.name, dialect.driver, getattr(dialect, "server_version_info", None), *key[1:])


def share_compiled_statements() -> None:
    """Let every engine of this process use the same."""
    statements = CompiledStatements()

    @event.listens_for(Engine, "engine_connect")
    def _share(connection: Any) -> None:
        connection.execution_options(compiled_cache=statements)
