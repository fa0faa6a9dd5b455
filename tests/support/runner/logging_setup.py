"""The logging of the test process: before the product sets its own up, and after."""

import io
import logging
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr

import structlog

from autograph_web.infra.telemetry.logs import configure_logging


def plain_logging() -> None:
    """Use structlog's defaults, except for tracebacks: rich takes five seconds to colour a deep one."""
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            *structlog.get_config()["processors"][:-1],
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    )


@contextmanager
def restored_logging() -> Generator[None]:
    """Undo what `configure_logging` did."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        plain_logging()


@contextmanager
def captured_log(level: str, form: str) -> Generator[io.StringIO]:
    """Return what the product logs from now on, in the format and from the level that the settings name."""
    output = io.StringIO()
    with restored_logging():
        with redirect_stderr(output):
            configure_logging(level, form)
        yield output
