"""The metrics endpoint for Prometheus."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from autograph_web.api.documentation import problems
from autograph_web.api.strict_json import StrictRoute
from autograph_web.http.operator_access import operator_access_error
from autograph_web.http.problems import problem_response
from autograph_web.infra.telemetry.metrics import CONTENT_TYPE
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, tags=["Health"])


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", response_class=PlainTextResponse, responses=problems(401, 404))
async def metrics(request: Request) -> Response:
    """Return the metrics of this server in Prometheus text format, for operators only.

    If `AUTOGRAPH_METRICS_TOKEN` is set, send it as a bearer token. Otherwise only local requests are
    answered.
    """
    refusal = operator_access_error(request.scope, services().settings)
    if refusal is not None:
        return problem_response(refusal)
    return Response(await services().figures.text(), media_type=CONTENT_TYPE)
