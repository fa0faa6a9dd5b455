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

from autograph_web.commands.ondemand import OnDemand
from autograph_web.infra.crypto.secret_file import SecretError
from autograph_web.infra.startup_error import StartupError

_INTERRUPTED = 130

app = typer.Typer(
    cls=OnDemand, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__
)


@app.callback()
def _whole() -> None:
    """The command line: `python -m autograph_web …`."""


def main() -> NoReturn:
    """Run the command line; whatever an operator can put right is one line, never a trace."""
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="replace")  # a terminal without our marks gets a "?"
    _have_a_home()
    os.umask(0o077)  # whatever this writes is for the server's own user
    # SIGINT as well: a shell starts background commands with it ignored.
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
    """Name a home folder where neither HOME nor the list of users does: libraries ask for one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a polite request to end like Ctrl-C, so everything started is stopped on the way out."""
    raise KeyboardInterrupt
