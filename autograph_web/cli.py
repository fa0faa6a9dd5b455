"""The command line: `python -m autograph_web …`."""

import os
import signal
import sys
import tempfile
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import NoReturn, cast

import typer

from autograph_web.commands.lazy_group import LazyGroup
from autograph_web.infra.crypto.secret_file import SecretError
from autograph_web.infra.startup_error import StartupError

_INTERRUPTED = 130

app = typer.Typer(
    cls=LazyGroup, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def _whole() -> None:
    """The command line: `python -m autograph_web …`."""


def main() -> NoReturn:
    """Run the command line; errors that an operator can fix are reported in one line without a trace."""
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="replace")  # unsupported characters are printed as "?"
    _have_a_home()
    os.umask(0o077)  # files written here are accessible only to the server's user
    # SIGINT as well, because a shell starts background commands with SIGINT ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        app()
    except (SecretError, StartupError, OSError) as error:
        print(f"autograph: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    sys.exit(0)


def _have_a_home() -> None:
    """Set HOME if neither the environment nor the user database has a home folder: libraries require one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Handle a termination signal like Ctrl-C, so that everything started is stopped on exit."""
    raise KeyboardInterrupt
