"""Probes for whoever runs the server."""

from fastapi import APIRouter, Response

from autograph_web.api.bodies import StrictRoute
from autograph_web.api.documentation import RETRY_AFTER
from autograph_web.api.schemas import HealthOut
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/health", tags=["Health"])


@router.get("/live")
async def live() -> HealthOut:
    """Tell that the process answers."""
    return HealthOut(status="ok")


@router.get("/ready", responses={503: {"model": HealthOut, "headers": RETRY_AFTER}})
async def ready(response: Response) -> HealthOut:
    """Tell whether the process can serve: 503 names the part that is down."""
    checks = await services().health()
    if all(checks.values()):
        return HealthOut(status="ok", checks=checks, mail_is_late=await services().mail_is_late())
    response.status_code = 503
    response.headers["Retry-After"] = "2"
    return HealthOut(status="unavailable", checks=checks)
