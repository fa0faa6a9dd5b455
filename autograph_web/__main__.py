"""Lets `python -m autograph_web` be the command line."""

import gc

# What is imported stays, so looking for garbage among it only takes time: a quarter of the whole start.
gc.disable()

from autograph_web.cli import main  # noqa: E402

gc.enable()
main()
