"""What happened on the account, over REST."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.responses import StreamingResponse

from autograph_web.api.bodies import StrictRoute
from autograph_web.api.documentation import problems
from autograph_web.api.identity import BEARER, COOKIE, CurrentCaller, CurrentContext, CurrentViewer
from autograph_web.api.schemas import ActivityOut, ActivityQuery, EventOut, ExportQuery
from autograph_web.profile.activity import Format
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/activity", tags=["Activity"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]
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
_DOWNLOAD: dict[int | str, dict[str, Any]] = {
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


@router.get("", responses=problems(400, 401, 422, 503), dependencies=_SIGNED_IN)
async def activity(
    caller: CurrentCaller, query: Annotated[ActivityQuery, Query()], request: Request, response: Response
) -> ActivityOut:
    """List the account's own events, newest first.

    While there are older ones, `next_cursor` says where they begin, and so does a `Link` with `rel="next"`
    (RFC 8288).
    """
    page = await services().activity.page(caller, query, query.cursor, query.limit)
    if page.next_cursor is not None:
        asked = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        following = urlencode([*asked, ("cursor", page.next_cursor)])
        response.headers["Link"] = f'</activity?{following}>; rel="next"'
    events = [EventOut.of(event, caller) for event in page.events]
    return ActivityOut(events=events, next_cursor=page.next_cursor)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=_DOWNLOAD | problems(401, 422, 429, 503),
    dependencies=_SIGNED_IN,
)
async def export(
    context: CurrentContext, viewer: CurrentViewer, query: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """Download every event the filters pick, newest first; `X-Total-Events` says how many there are."""
    download = await services().activity.download(context, viewer, query, query.format)
    headers = {
        "Content-Disposition": f'attachment; filename="autograph-activity.{query.format.value}"',
        "Cache-Control": "no-store",
        "X-Total-Events": str(download.total),
    }
    return StreamingResponse(download.portions, media_type=_MEDIA_TYPES[query.format], headers=headers)
