"""Event exports as files, and pagination links."""

from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from autograph_web.audit.downloads import Download, Format

_EXPORTED = {
    "type": "object",
    "required": ["format", "exported_at", "events"],
    "properties": {
        "format": {"type": "string", "examples": ["autograph-activity-1"]},
        "exported_at": {"type": "string", "format": "date-time"},
        "events": {"type": "array", "items": {"type": "object"}},
    },
}
_MEDIA_TYPES = {Format.CSV: "text/csv", Format.JSON: "application/json"}
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            _MEDIA_TYPES[Format.CSV]: {"schema": {"type": "string"}},
            _MEDIA_TYPES[Format.JSON]: {"schema": _EXPORTED},
        },
        "headers": {
            "Content-Disposition": {"schema": {"type": "string"}},
            "X-Total-Events": {"schema": {"type": "integer"}, "description": "How many events there are."},
        },
    }
}
"""OpenAPI responses of a download."""


def as_file(download: Download, form: Format, what: str) -> StreamingResponse:
    """Return `download` as a file named after its content."""
    headers = {
        "Content-Disposition": f'attachment; filename="autograph-{what}.{form.value}"',
        "Cache-Control": "no-store",
        "X-Total-Events": str(download.total),
    }
    return StreamingResponse(download.portions, media_type=_MEDIA_TYPES[form], headers=headers)


def link_next(request: Request, response: Response, name: str, value: str | None) -> None:
    """Set the Link header to the next page, if any (RFC 8288); `name` is the pagination parameter."""
    if value is None:
        return
    asked = [pair for pair in request.query_params.multi_items() if pair[0] != name]
    following = urlencode([*asked, (name, value)])
    response.headers["Link"] = f'<{request.url.path}?{following}>; rel="next"'
