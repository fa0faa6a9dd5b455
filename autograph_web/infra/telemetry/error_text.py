"""What is told of a fault: where it was and of what kind, but no value that somebody sent.

A pattern cannot tell a password from another word. So what a text holds in quotes is left out as a whole, and
of input that did not validate there are the names of fields and the kinds of errors.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Any, cast

# To the closing quote, or to the end: Python cuts long values, and so do we. In "can't" none begins.
_QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*(?:'|\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\Z)|`[^`]*(?:`|\Z)", re.DOTALL)
_CUT = "... ("  # asyncpg: invalid input for query argument $1: 'a long va... (invalid UUID 'a long value')
# Values of PostgreSQL's (DETAIL: Key (email)=(mina@northwind.dev) already exists.) stand without quotes.
_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|HINT):.*$|(?<==)\([^)]*\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_FIELDS = 10
_OF_SENDERS = ("extra_forbidden", "unexpected_keyword_argument")
_LONGEST = 2000
# What Python quotes in these are names in the program.
_OF_THE_PROGRAM = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)


def without_values(text: str) -> str:
    """Return `text` with the length of whatever stands in quotes instead of it."""
    text = text[:_LONGEST]
    cut = text.find(_CUT)
    begins = min((place for mark in "'\"" if (place := text.find(mark)) >= 0), default=cut)
    if begins < cut:  # what follows says the value once more, and no quote can be trusted
        text = text[:begins] + "[hidden]"
    return _DETAIL.sub("[hidden]", _QUOTED.sub(_length, text))


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
    return ", ".join(map(_field, error.errors()[:_MOST_FIELDS]))


def _field(found: Any) -> str:
    kind, places = str(found.get("type", "")), [*found.get("loc", ())]
    # The name of what is not known is the sender's; all others are ours.
    strange = places[-1:] if kind in _OF_SENDERS else []
    ours = [_part(place) for place in places[: len(places) - len(strange)]]
    return f"{'.'.join([*ours, *(f'[{len(str(one))} letters]' for one in strange)])} ({kind})"


def _part(place: object) -> str:
    text = str(place)
    return text if isinstance(place, int) or _NAME.fullmatch(text) else f"[{len(text)} letters]"


def _length(found: re.Match[str]) -> str:
    text = found[0]
    closed = len(text) > 1 and text[0] == text[-1]
    return f"[{len(text) - 1 - closed} letters]"
