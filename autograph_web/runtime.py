"""The services that the current request, page event or command belongs to."""

from __future__ import annotations

from contextvars import ContextVar

from autograph_web.container import Services

_current = ContextVar[Services]("services")


def services() -> Services:
    """Return the services that the current request, page event or command belongs to.

    Raises:
        RuntimeError: It belongs to none, which is a fault of ours: see `bound` and `lifespan.opened`.
    """
    try:
        return _current.get()
    except LookupError:
        raise RuntimeError("nothing here was bound to services") from None


def bind(built: Services) -> None:
    """Make `built` what `services()` returns until the current task ends."""
    _current.set(built)


class bound:  # noqa: N801  (a context manager; a generator for one takes three times as long)
    """Make some services what `services()` returns in this block, and in the tasks that begin in it."""

    __slots__ = ("_before", "_built")

    def __init__(self, built: Services) -> None:
        self._built = built

    def __enter__(self) -> None:
        self._before = _current.set(self._built)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._before)


def bound_services() -> Services | None:
    """Return what `services()` returns, or None where nothing is bound."""
    return _current.get(None)


def are_open() -> bool:
    """Return True while `services()` are open. What ends with the process may outlive them for a moment."""
    built = _current.get(None)
    return built is not None and built.life.is_open
