"""Strict parsing of JSON bodies: one object, no duplicate names, bounded depth, correct media type."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, cast

from fastapi import Request, Response
from fastapi.routing import APIRoute

from autograph_web.api.errors import UnsupportedMediaType
from autograph_web.http.errors import MalformedBody

_DEEPEST = 32


class StrictRequest(Request):
    """A request whose JSON is parsed strictly (RFC 8259; I-JSON, RFC 7493, rules out duplicate names)."""

    async def json(self) -> Any:
        """Return the parsed body.

        Raises:
            MalformedBody: It is not acceptable JSON.
        """
        if not hasattr(self, "_strict_json"):
            self._strict_json = parse_json(await self.body())
        return self._strict_json


def parse_json(body: bytes) -> Any:
    """Return the value of a JSON text, parsed strictly.

    Raises:
        MalformedBody: It is not acceptable JSON.
    """
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise MalformedBody from None
    if _depth(value) > _DEEPEST:
        raise MalformedBody
    return value


class StrictRoute(APIRoute):
    """A route whose handler receives a `StrictRequest`, after a check of the media type."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, wrapped."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            request = StrictRequest(request.scope, request.receive)
            if self.body_field is not None:
                _check_media_type(request, self)
            return await handler(request)

        return strict


def _check_media_type(request: Request, route: APIRoute) -> None:
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    form = route.body_field is not None and "Form" in type(route.body_field.field_info).__name__
    expected = ("application/x-www-form-urlencoded",) if form else ("application/json",)
    if sent not in expected:
        raise UnsupportedMediaType


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [child for parent in level for child in _children(parent)]
    return depth


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(cast(dict[str, Any], value).values())
    return cast(list[Any], value) if isinstance(value, list) else []
