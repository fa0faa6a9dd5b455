"""Where the temporary files of the tests are: in memory, if there is room."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that is the user's alone
_ENOUGH_BYTES = 1 << 28
"""A whole run needs up to 104 MB; a container often has 64 MB in all."""


def keep_in_memory() -> None:
    """Make pytest create its temporary folders in memory: the disk took a sixth of the services tests' time.

    Each test has its own databases, which are deleted with it; no test simulates a power cut.
    """
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
