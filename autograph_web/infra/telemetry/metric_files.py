"""Files of shared metrics, whose disk space is allocated before anything is written.

prometheus-client maps sparse files into memory: on a full disk, the next new metric kills the process with
SIGBUS (mmap(2)). Here a metric without space is counted only within its process until there is some.
"""

import os
from contextlib import suppress
from mmap import mmap
from pathlib import Path
from typing import Any, BinaryIO, cast

import structlog
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

_FIRST_BYTES = 1 << 16
_OVERHEAD = 4 + 8 + 16  # the length of a key, its padding, a value and its time

_log = structlog.get_logger(__name__)


class FigureFile(MmapedDict):
    """A dict of metric values in a file of this process; it never fails because of a full disk."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        self._path = Path(filename)
        self._f: BinaryIO | None = None
        self._positions: dict[str, int] = {}
        self._capacity, self._used, self._complained = 0, 8, False
        with suppress(OSError):  # retried with the first value
            self._open(read_mode)

    def read_value(self, key: str) -> tuple[float, float]:
        """Return a value and its timestamp; zero while there is no space for it."""
        plain: Any = super()
        return cast("tuple[float, float]", plain.read_value(key)) if self._has_room(key) else (0.0, 0.0)

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Write a value; without space it is skipped, and the next write stores the complete value."""
        plain: Any = super()
        if self._has_room(key):
            plain.write_value(key, value, timestamp)

    def _has_room(self, key: str) -> bool:
        if key in self._positions:
            return True
        try:
            if self._f is None:
                self._open()
            while self._f and self._used + len(key.encode()) + _OVERHEAD > self._capacity:
                self._grow(self._f.fileno())
        except OSError as error:
            if not self._complained:
                _log.warning("figures_not_shared", error=type(error).__name__, number=error.errno)
            self._complained = True
            return False
        return True

    def _open(self, read_mode: bool = False) -> None:
        if not read_mode and not self._path.exists():
            self._create()
        plain: Any = super()
        plain.__init__(str(self._path), read_mode)

    def _create(self) -> None:
        """Create the file with its space allocated, so that other processes never read an empty one."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_suffix(".draft")
        try:
            with draft.open("wb") as file:
                _take_room(file.fileno(), 0, _FIRST_BYTES)
            draft.replace(self._path)
        finally:
            draft.unlink(missing_ok=True)

    def _grow(self, descriptor: int) -> None:
        _take_room(descriptor, self._capacity, self._capacity)
        self._m = mmap(descriptor, self._capacity * 2)
        self._capacity *= 2


def use_figure_files() -> None:
    """Make prometheus-client use these files; it has no public option for this."""
    cast(Any, values).MmapedDict = FigureFile


def _take_room(descriptor: int, start: int, size: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, start, size)
    elif os.pwrite(descriptor, bytes(size), start) < size:
        raise OSError(28, "no room")  # ENOSPC
