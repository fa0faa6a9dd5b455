"""A lock between processes of one machine, held through an open file."""

import fcntl
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_lock(path: Path) -> Generator[None]:
    """Hold the exclusive lock at `path` for the duration of the block; wait for its current holder.

    The kernel releases the lock when its holder dies, so a crash never leaves a stale one. The file is kept:
    removing it would let two processes lock two different files of the same name.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
