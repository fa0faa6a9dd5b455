"""REST routes of an account's own audit events."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.responses import StreamingResponse

from autograph_web.api.authentication import BEARER, COOKIE, CurrentCaller, CurrentContext, CurrentPrincipal
from autograph_web.api.documentation import problems
from autograph_web.api.downloads import DOWNLOAD, as_file, link_next
from autograph_web.api.schemas.activity import ActivityOut, ActivityQuery, EventOut, ExportQuery
from autograph_web.api.strict_json import StrictRoute
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/activity", tags=["Activity"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.get("", responses=problems(400, 401, 422, 503), dependencies=_SIGNED_IN)
async def activity(
    caller: CurrentCaller, query: Annotated[ActivityQuery, Query()], request: Request, response: Response
) -> ActivityOut:
    """List the account's own events, newest first.

    If there are older events, `next_cursor` and a `Link` header with `rel="next"` (RFC 8288) point to them.
    """
    page = await services().activity.page(caller, query, query.cursor, query.limit)
    link_next(request, response, "cursor", page.next_cursor)
    events = [EventOut.of(event, caller) for event in page.events]
    return ActivityOut(events=events, next_cursor=page.next_cursor)


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses=DOWNLOAD | problems(401, 422, 429, 503),
    dependencies=_SIGNED_IN,
)
async def export(
    context: CurrentContext, principal: CurrentPrincipal, query: Annotated[ExportQuery, Query()]
) -> StreamingResponse:
    """Download every event that matches the filters, newest first; `X-Total-Events` is their number."""
    download = await services().activity.download(context, principal, query, query.format)
    return as_file(download, query.format, "activity")
