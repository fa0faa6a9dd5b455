"""The cost of a server without requests: `python -m tests.benchmarks.idle [SECONDS]`.

Prints the processor time of each process and the transactions of PostgreSQL (`pg_stat_database`).
"""

import asyncio
import os
import sys
import tempfile
import time
from base64 import b64encode
from pathlib import Path
from typing import Any, cast

import asyncpg
import psutil
from sqlalchemy import make_url

from autograph_web.infra.redis.embedded import EmbeddedRedis
from tests.benchmarks.servers import database, product

_SETTLE_S = 20.0
_COUNT = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'autograph'"


def main(seconds: float) -> None:
    """Start a server with two workers, send it nothing, and report what it did."""
    with tempfile.TemporaryDirectory(prefix="ag-idle-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)  # if root, PostgreSQL runs as another user that needs access
        with EmbeddedRedis(folder) as redis, database(folder / "postgres") as url:
            secret = b64encode(os.urandom(32)).decode()
            with product(folder, url, redis.url, secret) as server:
                _measure(server.process, url, seconds)


def _measure(parent: psutil.Process, url: str, seconds: float) -> None:
    time.sleep(_SETTLE_S)
    processes = [parent, *parent.children(recursive=True)]
    before, began = [_spent(one) for one in processes], _transactions(url)
    time.sleep(seconds)
    after, ended = [_spent(one) for one in processes], _transactions(url)
    for one, first, last in zip(processes, before, after, strict=True):
        print(f"{one.name()} {one.pid}: {100 * (last - first) / seconds:.2f} % of a core")
    print(f"PostgreSQL: {(ended - began) / seconds:.2f} transactions a second")


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _transactions(url: str) -> int:
    return asyncio.run(_ask(url))


async def _ask(url: str) -> int:
    # From another database, so as not to count our own connection.
    place = str(make_url(url).query["host"])
    connection: Any = await cast(Any, asyncpg).connect(host=place, user="postgres", database="postgres")
    try:
        return int(await connection.fetchval(_COUNT))
    finally:
        await connection.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
