"""Where the files of the tests lie: in memory, where there is room."""

import os
import shutil
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder there that is the user's alone
_ENOUGH_BYTES = 1 << 28
"""A whole run has up to 104 MB there; a container often has 64 MB in all."""


def keep_in_memory() -> None:
    """Have pytest make its temporary folders in memory: the disk took a sixth of the time of services' tests.

    Each test has databases of its own, which are gone with it; none of them cuts the power.
    """
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(_MEMORY))
