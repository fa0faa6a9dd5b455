"""Error descriptions for the log: the location and the kind of an error, but no value that a client sent.

A pattern cannot distinguish a password from another word. So all quoted text is removed, and invalid input is
reported by the names of its fields and the kinds of errors.
"""

import re
import traceback
from collections.abc import Iterator
from typing import Any, cast

# Up to the closing quote or the end, since long values are truncated by Python, and by us. Not as in "can't".
_QUOTED = re.compile(r"(?<!\w)'(?:[^'\\]|\\.)*(?:'|\Z)|\"(?:[^\"\\]|\\.)*(?:\"|\Z)|`[^`]*(?:`|\Z)", re.DOTALL)
_CUT = "... ("  # asyncpg: invalid input for query argument $1: 'a long va... (invalid UUID 'a long value')
# Values in messages of PostgreSQL (DETAIL: Key (email)=(mina@northwind.dev) already exists.) have no quotes.
_DETAIL = re.compile(r"(?m)^(DETAIL|CONTEXT|HINT):.*$|(?<==)\([^)]*\)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,40}")
_MOST_FIELDS = 10
_OF_SENDERS = ("extra_forbidden", "unexpected_keyword_argument")
_LONGEST = 2000
# In the messages of these, Python quotes only identifiers of the program.
_OF_THE_PROGRAM = (AttributeError, ImportError, NameError, NotImplementedError, TypeError)


def without_values(text: str) -> str:
    """Return `text` with all quoted content replaced by its length."""
    text = text[:_LONGEST]
    cut = text.find(_CUT)
    begins = min((place for mark in "'\"" if (place := text.find(mark)) >= 0), default=cut)
    if begins < cut:  # the value is repeated after it, so the quotes cannot be relied upon
        text = text[:begins] + "[hidden]"
    return _DETAIL.sub("[hidden]", _QUOTED.sub(_length, text))


def trace_of(error: BaseException | None) -> str:
    """Return the trace of an exception and its causes; the frames show only source lines."""
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
    except Exception:  # noqa: BLE001  (an error here must not suppress the trace)
        text = ""
    if not isinstance(error, _OF_THE_PROGRAM):
        text = without_values(text)
    return f"{name}: {text}" if text else name


def _fields(error: Any) -> str:
    """Return which fields of an input were invalid, and why."""
    return ", ".join(map(_field, error.errors()[:_MOST_FIELDS]))


def _field(found: Any) -> str:
    kind, places = str(found.get("type", "")), [*found.get("loc", ())]
    # The name of an unknown field was chosen by the client; all others are ours.
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
