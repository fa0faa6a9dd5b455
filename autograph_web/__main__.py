"""Lets `python -m autograph_web` be the command line."""

from autograph_web.cli import main

main()
