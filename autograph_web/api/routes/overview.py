"""REST routes for administrators: usage statistics and feature flags."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Security

from autograph_web.api.authentication import BEARER, COOKIE, CurrentCaller, CurrentContext, CurrentPrincipal
from autograph_web.api.content_negotiation import NegotiatedRoute
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.overview import FlagOut, FlagRequest, StatisticsOut, StatisticsQuery
from autograph_web.api.strict_json import StrictRoute
from autograph_web.flags.inputs import parse_flag_change
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/admin", tags=["Administration"])
_shared = APIRouter(route_class=NegotiatedRoute, prefix="/admin", tags=["Administration"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.get("/statistics", responses=problems(401, 403, 422, 503), dependencies=_SIGNED_IN)
async def statistics(_caller: CurrentCaller, query: Annotated[StatisticsQuery, Query()]) -> StatisticsOut:
    """Return usage statistics: current totals, and each of the last 7, 30 or 90 days in UTC."""
    return StatisticsOut.of(await services().statistics.report(query.days))


@_shared.get("/flags", responses=problems(401, 403, 503), dependencies=_SIGNED_IN)
async def flags(_caller: CurrentCaller) -> list[FlagOut]:
    """List the feature flags with their values."""
    return [FlagOut.of(standing) for standing in await services().feature_flags.all()]


@router.put("/flags/{name}", responses=problems(401, 403, 404, 422, 503), dependencies=_SIGNED_IN)
async def switch(
    context: CurrentContext,
    principal: CurrentPrincipal,
    name: Annotated[str, Path(max_length=64)],
    data: FlagRequest,
) -> FlagOut:
    """Change a feature flag; every worker applies it within two seconds.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    wanted = parse_flag_change(name, data.value, data.percent)
    return FlagOut.of(await services().feature_flags.change(context, principal, wanted))


router.routes.extend(_shared.routes)
