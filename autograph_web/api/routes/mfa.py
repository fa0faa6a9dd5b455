"""REST routes of two-step verification."""

from uuid import UUID

from fastapi import APIRouter, Security

from autograph_web.api.authentication import BEARER, COOKIE, CurrentCaller, CurrentContext, CurrentPrincipal
from autograph_web.api.documentation import problems
from autograph_web.api.schemas.account import MessageOut
from autograph_web.api.schemas.mfa import (
    EnableRequest,
    MfaEnabledOut,
    MfaSetupOut,
    RecoveryCodesOut,
    TrustedDeviceOut,
    VerifyRequest,
)
from autograph_web.api.schemas.session import TokensOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.authn.flow.inputs import SecondStepInput
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/mfa", tags=["Two-step verification"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]


@router.post("/setup", responses=problems(401, 403, 429, 503), dependencies=_SIGNED_IN)
async def setup(context: CurrentContext, principal: CurrentPrincipal) -> MfaSetupOut:
    """Generate a new authenticator key. It has no effect until /mfa/enable confirms it.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return MfaSetupOut.of(await services().enrolment.begin(context, principal))


@router.post("/enable", responses=problems(400, 401, 403, 422, 429, 503), dependencies=_SIGNED_IN)
async def enable(context: CurrentContext, principal: CurrentPrincipal, data: EnableRequest) -> MfaEnabledOut:
    """Confirm the new key with a code from it. Recovery codes are returned once.

    All other sessions end unless `end_other_sessions` is false: none of them has used a code from this key.
    """
    codes = await services().enrolment.enable(
        context, principal, data.code.get_secret_value(), end_others=data.end_other_sessions
    )
    return MfaEnabledOut(recovery_codes=codes)


@router.post("/verify", responses=problems(401, 422, 429, 503))
async def verify(context: CurrentContext, data: VerifyRequest) -> TokensOut:
    """Finish a sign-in with a code.

    Without `mfa_token`, the latest challenge for this email, IP address and user agent is used.
    """
    step = SecondStepInput(email=data.email, code=data.code, mfa_token=data.mfa_token)
    grant = await services().second_factor_step.verify(context, step)
    return TokensOut.of(await services().tokens.open_for_client(context, grant))


@router.post("/disable", responses=problems(400, 401, 403, 503), dependencies=_SIGNED_IN)
async def disable(context: CurrentContext, principal: CurrentPrincipal) -> MessageOut:
    """Turn two-step verification off.

    Requires a sign-in from the last 10 minutes, with two-step verification.
    """
    await services().enrolment.disable(context, principal)
    return MessageOut(message="Two-step verification is off.")


@router.post("/recovery-codes", responses=problems(400, 401, 403, 503), dependencies=_SIGNED_IN)
async def recovery_codes(context: CurrentContext, principal: CurrentPrincipal) -> RecoveryCodesOut:
    """Generate ten new recovery codes; the old ones stop working.

    Requires a sign-in from the last 10 minutes, with two-step verification.
    """
    return RecoveryCodesOut(recovery_codes=await services().enrolment.regenerate_codes(context, principal))


@router.get("/trusted-devices", responses=problems(401, 503), dependencies=_SIGNED_IN)
async def trusted_devices(caller: CurrentCaller) -> list[TrustedDeviceOut]:
    """List trusted browsers, most recently used first."""
    return [TrustedDeviceOut.of(browser) for browser in await services().trusted_devices.of(caller.user_id)]


@router.delete(
    "/trusted-devices/{device_id}", responses=problems(401, 404, 422, 503), dependencies=_SIGNED_IN
)
async def forget_trusted_device(
    context: CurrentContext, principal: CurrentPrincipal, device_id: UUID
) -> MessageOut:
    """Remove a trusted browser."""
    await services().trusted_devices.forget(context, principal, device_id)
    return MessageOut(message="That browser is no longer trusted.")
