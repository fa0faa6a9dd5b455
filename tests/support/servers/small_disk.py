"""A disk of a few megabytes that only one program sees, to be filled and freed."""

import errno
from pathlib import Path


def on_small_disk(folder: Path, size: str) -> tuple[str, ...]:
    """Return the prefix of a command for which `folder` is an empty file system of `size` (tmpfs(5))."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"'
    return ("unshare", "--mount", "--map-root-user", "sh", "-c", mounted, "sh", size, str(folder))


def fill(folder: Path) -> None:
    """Write to the file system of `folder` until not one more byte fits."""
    with (folder / "filler").open("ab", buffering=0) as filler:
        for portion in (1 << 16, 1 << 10, 1):
            try:
                while True:
                    filler.write(bytes(portion))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def free(folder: Path) -> None:
    """Free the space that `fill` used."""
    (folder / "filler").unlink()
