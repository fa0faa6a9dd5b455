"""What is told of a fault: where it was and of what kind, but no value that somebody sent.

A pattern cannot tell a password from another word. So what a text holds in quotes is left out as a whole, and
of input that did not validate there are the names of fields and the kinds of errors.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Any, cast

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`", re.DOTALL)
# Values of PostgreSQL's (DETAIL: Key (email)=(mina@northwind.dev) already exists.) stand without quotes.
_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|HINT):.*$|(?<==)\([^)]*\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_FIELDS = 10
_LONGEST = 2000
# What Python quotes in these are names in the program.
_OF_THE_PROGRAM = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)


def without_values(text: str) -> str:
    """Return `text` with the length of whatever stands in quotes instead of it."""
    return _DETAIL.sub("[hidden]", _QUOTED.sub(_length, text[:_LONGEST]))


def trace_of(error: BaseException | None) -> str:
    """Return the trace of an exception and of those that led to it; frames show lines of the program."""
    parts: list[str] = []
    for link in _chain(error):
        frames = "".join(traceback.format_tb(link.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{_told(link)}")
    return "\n\n".join(reversed(parts))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if kind.__name__.endswith("ValidationError") and callable(getattr(error, "errors", None)):
        return f"{name}: {_fields(cast(Any, error))}"
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  (whatever it is, the trace must be written)
        text = ""
    if not isinstance(error, _OF_THE_PROGRAM):
        text = without_values(text)
    return f"{name}: {text}" if text else name


def _fields(error: Any) -> str:
    """Return which fields of an input were wrong, and how."""
    found = error.errors()[:_MOST_FIELDS]
    return ", ".join(f"{'.'.join(map(_part, one.get('loc', ())))} ({one.get('type', '')})" for one in found)


def _part(place: object) -> str:
    text = str(place)
    return text if isinstance(place, int) or _NAME.fullmatch(text) else f"[{len(text)} letters]"


def _length(found: re.Match[str]) -> str:
    return f"[{len(found[0]) - 2} letters]"
