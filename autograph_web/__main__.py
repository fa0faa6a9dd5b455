"""Entry point of `python -m autograph_web`."""

import gc

# Imported objects are not garbage, so collecting during the import is wasted: a quarter of the start time.
gc.disable()

from autograph_web.cli import main  # noqa: E402

gc.enable()
main()
