"""REST routes of API keys."""

from typing import Annotated

from fastapi import APIRouter, Path, Security

from autograph_web.api.authentication import BEARER, COOKIE, CurrentContext, CurrentPrincipal
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.account import MessageOut
from autograph_web.api.schemas.api_keys import ApiKeyCreatedOut, ApiKeyOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.api_keys.inputs import ApiKeyInput
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/api-keys", tags=["API keys"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.get("", responses=problems(401, 403, 503), dependencies=_SIGNED_IN)
async def api_keys(principal: CurrentPrincipal) -> list[ApiKeyOut]:
    """List your API keys, newest first; expired keys stay in the list for 30 days."""
    return [ApiKeyOut.of(key) for key in await services().api_keys.of(principal.user_id)]


@router.post("", status_code=201, responses=problems(401, 403, 409, 422, 429, 503), dependencies=_SIGNED_IN)
async def create(context: CurrentContext, principal: CurrentPrincipal, data: ApiKeyInput) -> ApiKeyCreatedOut:
    """Create an API key; `key` is returned once.

    It expires after 90 days unless `expires_in_days` or `expires_at` is set; null means never. Only
    administrators can use the scope `admin`. Requires a sign-in from the last 10 minutes (with two-step
    verification, if on).
    """
    return ApiKeyCreatedOut.issued(await services().api_keys.create(context, principal, data))


@router.delete("/{key_id}", responses=problems(401, 403, 404, 422, 503), dependencies=_SIGNED_IN)
async def revoke(
    context: CurrentContext, principal: CurrentPrincipal, key_id: Annotated[str, Path(max_length=64)]
) -> MessageOut:
    """Revoke an API key; it stops working immediately."""
    await services().api_keys.revoke(context, principal, key_id)
    return MessageOut(message="The API key was revoked.")
