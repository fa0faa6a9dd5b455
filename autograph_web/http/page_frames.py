"""Strict validation of what a page may send over its websocket (Socket.IO 5 over Engine.IO 4).

A page sends few kinds of frames. Everything else in these protocols (binary attachments, other namespaces,
acknowledgements, events named like the server's own) does not come from our pages and is rejected. Accepted
frames are re-serialized from the parsed value, so that later code cannot interpret them differently.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from autograph_web.infra.ratelimit.bounds import (
    HYDRATE_UNITS,
    LETTERS_OF_A_UNIT,
    LONGEST_FRAME,
    LONGEST_PAGE_ERROR,
    LONGEST_PLACE,
    LONGEST_TEXT,
)

CLOSE = "1"
"""The frame with which either side closes the connection."""
_PONG, _LEAVE = "3", "41/_event,"
_CONNECT, _EVENT = "40/_event,", "42/_event,"
_HYDRATE = ".hydrate_and_load"
_CONNECTING = (_HYDRATE, ".on_load_internal")
_PAGE_ERROR = ".handle_frontend_exception"
_REPORT = "client_error"
_LONGEST_NAME, _LONGEST_SCHEMA = 150, 64
_PLACE = ("pathname", "asPath", "query")


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parameter names of a handler, and which of them are required."""

    known: frozenset[str]
    needed: frozenset[str]

    def fit(self, payload: Mapping[str, Any]) -> bool:
        """Return True if the handler can be called with `payload`."""
        return self.needed <= payload.keys() <= self.known


class NotOurs(ValueError):
    """A frame that our pages never send; the message is a fixed name for the kind of violation."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A validated frame.

    `text` is the frame to forward, "" for none. `units` is its cost. `page_error` is an error reported by the
    page itself, `unknown` the name of a handler that pages may not call.
    """

    text: str = ""
    units: float = 0.25
    connects: bool = False
    page_error: str = ""
    unknown: str = ""


class Reader:
    """Parses frames; `handlers` are those that a page may call, by their full names."""

    def __init__(self, handlers: Mapping[str, Arguments]) -> None:
        self._handlers = handlers

    def read(self, text: str) -> Frame:
        """Return the parsed frame.

        Raises:
            NotOurs: Our pages do not send such a frame.
        """
        if text in (_PONG, CLOSE, _LEAVE):
            return Frame(text)
        if len(text) > LONGEST_FRAME:
            raise NotOurs("too_long")
        if text.startswith(_CONNECT):
            return self._connect(text.removeprefix(_CONNECT))
        if text.startswith(_EVENT):
            return self._event(text.removeprefix(_EVENT))
        raise NotOurs("unknown_frame")

    def _connect(self, body: str) -> Frame:
        auth = _object(_value(body)) if body else {}
        kept: dict[str, Any] = {}
        units = float(HYDRATE_UNITS)
        if "state_schema" in auth:
            kept["state_schema"] = str(auth["state_schema"])[:_LONGEST_SCHEMA]
        if auth.get("event") is not None:
            event = self._known(_object(auth["event"]), body)
            if not event.text:
                return event
            kept["event"], units = json.loads(event.text), units + event.units
        return Frame(_CONNECT + (json.dumps(kept) if kept else ""), units, connects=True)

    def _event(self, body: str) -> Frame:
        said = _value(body)
        if not isinstance(said, list) or len(parts := cast(list[Any], said)) != 2:
            raise NotOurs("malformed_event")
        kind, data = parts
        if kind == _REPORT:
            report = _object(data)
            return _page_error(f"{report.get('error_type', '')}: {report.get('message', '')}")
        if kind != "event":
            raise NotOurs("unknown_event")
        event = self._known(_object(data), body)
        return Frame(f'{_EVENT}["event",{event.text}]', event.units) if event.text else event

    def _known(self, event: dict[str, Any], body: str) -> Frame:
        name, payload = event.get("name"), _object(event.get("payload") or {})
        if not isinstance(name, str):
            raise NotOurs("malformed_event")
        if name.endswith(_PAGE_ERROR):
            return _page_error(payload.get("info", ""))
        arguments = self._handlers.get(name)
        if arguments is None or not arguments.fit(payload):
            return Frame(units=1, unknown=name[:_LONGEST_NAME])
        if name.endswith(_HYDRATE):
            payload = _hashes(payload)
        kept = {"name": name, "payload": payload, "router_data": _place(event)}
        connecting = name.endswith(_CONNECTING)
        units = HYDRATE_UNITS if connecting else 1 + min(len(body), LONGEST_TEXT) // LETTERS_OF_A_UNIT
        return Frame(json.dumps(kept), units)


def _place(event: dict[str, Any]) -> dict[str, Any]:
    """Return the page's own location; the other values of Reflex's `router_data` are set by the server."""
    said = _object(event.get("router_data") or {})
    kept = {name: said[name] for name in _PLACE if name in said}
    texts = [kept[name] for name in ("pathname", "asPath") if name in kept]
    if not all(isinstance(text, str) for text in texts) or len(json.dumps(kept)) > LONGEST_PLACE:
        raise NotOurs("malformed_place")
    if "query" in kept:
        kept["query"] = {name: value for name, value in _object(kept["query"]).items() if _is_text(value)}
    return kept


def _hashes(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a connecting page, without client storage values, which we do not use."""
    hashes = payload.get("hashes")
    if not isinstance(hashes, list) or not all(map(_is_text, cast(list[Any], hashes))):
        return {}
    return {"hashes": hashes}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _page_error(text: Any) -> Frame:
    return Frame(units=1, page_error=str(text)[:LONGEST_PAGE_ERROR] or "unknown")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise NotOurs("malformed_event")
    return cast(dict[str, Any], value)


def _value(body: str) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise NotOurs("malformed_json") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
