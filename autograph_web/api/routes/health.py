"""Health probes for orchestrators and monitoring."""

import asyncio

from fastapi import APIRouter, Request, Response

from autograph_web.api.documentation import RETRY_AFTER
from autograph_web.api.schemas.health import HealthOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.http.operator_access import operator_access_error
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/health", tags=["Health"])


@router.head("/live", include_in_schema=False)
@router.get("/live", response_model_exclude_unset=True)
async def live() -> HealthOut:
    """Liveness probe."""
    return HealthOut(status="ok")


@router.head("/ready", include_in_schema=False)
@router.get(
    "/ready", response_model_exclude_unset=True, responses={503: {"model": HealthOut, "headers": RETRY_AFTER}}
)
async def ready(request: Request, response: Response) -> HealthOut:
    """Readiness probe; 503 names the component that is down.

    Operators (see `/metrics`) also get the details.
    """
    checks, mail = await asyncio.gather(services().health.look(), services().health.mail())
    well = all(check.well for check in checks)
    answer = HealthOut(
        status="ok" if well else "unavailable",
        checks={check.name: check.well for check in checks},
        mail_is_late=not mail.well if well else None,
    )
    if operator_access_error(request.scope, services().settings) is None:
        answer.details = {check.name: check.details for check in (*checks, mail)}
    if not well:
        response.status_code = 503
        response.headers["Retry-After"] = "2"
    return answer
