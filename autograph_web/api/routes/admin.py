"""REST routes for administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, Security
from fastapi.responses import StreamingResponse

from autograph_web.admin.inputs import AuditInput
from autograph_web.admin.user_directory import UserDetail
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.api.authentication import BEARER, COOKIE, CurrentOperator, SignedInOperator
from autograph_web.api.content_negotiation import NegotiatedRoute
from autograph_web.api.documentation import problems
from autograph_web.api.downloads import DOWNLOAD, as_file, link_next
from autograph_web.api.schemas.account import MessageOut
from autograph_web.api.schemas.admin import (
    AddressRequest,
    AuditExportQuery,
    AuditQuery,
    ChangedOut,
    CreatedOut,
    FindingOut,
    FindingsOut,
    LiftedOut,
    RoleRequest,
    StandingOut,
    UserOut,
    UsersOut,
    UsersQuery,
)
from autograph_web.api.schemas.session import RevokedOut
from autograph_web.api.strict_json import StrictRoute
from autograph_web.runtime import services

router = APIRouter(route_class=StrictRoute, prefix="/admin", tags=["Administration"])
_shared = APIRouter(route_class=NegotiatedRoute, prefix="/admin", tags=["Administration"])
_SIGNED_IN = [Security(BEARER), Security(COOKIE)]
_CHANGE = problems(401, 403, 404, 409, 422, 503)
_RECENT = 10


@_shared.get("/users", responses=problems(401, 403, 422, 503), dependencies=_SIGNED_IN)
async def users(
    _operator: CurrentOperator, query: Annotated[UsersQuery, Query()], request: Request, response: Response
) -> UsersOut:
    """List accounts by email.

    If there are more, `next_after` and a `Link` header with `rel="next"` point to them.
    """
    people, following = await services().user_directory.page(query.wanted, query.after, query.limit)
    link_next(request, response, "after", following)
    return UsersOut(users=[UserOut.of(person) for person in people], next_after=following)


@router.post("/users", status_code=201, responses=_CHANGE, dependencies=_SIGNED_IN)
async def create(operator: SignedInOperator, data: CreationInput) -> CreatedOut:
    """Create an account for someone. Their email is marked as verified.

    Send a `password`; or `invite` to email them a link to set one; or neither, and the response has that
    link. It works once and expires in 24 hours. Requires a sign-in from the last 10 minutes (with two-step
    verification, if on).
    """
    created = await services().user_provisioning.create(operator, data)
    return CreatedOut.of(created, invited=data.invite)


@_shared.get("/users/{user_id}", responses=problems(401, 403, 404, 422, 503), dependencies=_SIGNED_IN)
async def user(_operator: CurrentOperator, user_id: UUID) -> StandingOut:
    """Return one account with its active sessions and latest events."""
    standing = await _standing(user_id)
    recent = await services().audit_search.page(AuditInput(person=str(user_id)), None, _RECENT)
    return StandingOut.made(
        standing, await services().user_directory.sessions_of(standing.person), recent.found
    )


@router.post("/users/{user_id}/lock", responses=_CHANGE, dependencies=_SIGNED_IN)
async def lock(operator: CurrentOperator, user_id: UUID) -> ChangedOut:
    """Lock an account and sign it out.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return ChangedOut(changed=await services().user_actions.lock(operator, user_id))


@router.post("/users/{user_id}/unlock", responses=_CHANGE, dependencies=_SIGNED_IN)
async def unlock(operator: SignedInOperator, user_id: UUID) -> ChangedOut:
    """Unlock an account.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return ChangedOut(changed=await services().user_actions.unlock(operator, user_id))


@router.post("/users/{user_id}/role", responses=_CHANGE, dependencies=_SIGNED_IN)
async def role(operator: SignedInOperator, user_id: UUID, data: RoleRequest) -> ChangedOut:
    """Change the role of an account and end its sessions.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return ChangedOut(changed=await services().user_actions.set_role(operator, user_id, data.role))


@router.delete("/users/{user_id}/sessions", responses=_CHANGE, dependencies=_SIGNED_IN)
async def end_sessions(operator: CurrentOperator, user_id: UUID) -> RevokedOut:
    """Sign an account out everywhere.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return RevokedOut(revoked=await services().user_actions.end_sessions(operator, user_id))


@router.post("/users/{user_id}/mfa/reset", responses=_CHANGE | problems(400), dependencies=_SIGNED_IN)
async def reset_mfa(operator: SignedInOperator, user_id: UUID) -> MessageOut:
    """Reset two-step verification and sign out.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    await services().user_actions.reset_mfa(operator, user_id)
    return MessageOut(message="Two-step verification is off, and the user was notified.")


@router.post("/users/{user_id}/limits/lift", responses=_CHANGE, dependencies=_SIGNED_IN)
async def lift_limits(operator: SignedInOperator, user_id: UUID) -> LiftedOut:
    """Lift the sign-in limits of an account, and of the IP addresses of its recent failed sign-ins.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return LiftedOut(lifted=await services().limits.lift_account(operator, user_id))


@router.post("/addresses/unlock", responses=problems(401, 403, 422, 503), dependencies=_SIGNED_IN)
async def unlock_address(operator: SignedInOperator, data: AddressRequest) -> LiftedOut:
    """Lift the rate limits of an IP address; for IPv6, of its /64.

    Requires a sign-in from the last 10 minutes (with two-step verification, if on).
    """
    return LiftedOut(lifted=await services().limits.lift_address(operator, data.address))


@_shared.get("/audit", responses=problems(400, 401, 403, 422, 503), dependencies=_SIGNED_IN)
async def audit(
    _operator: CurrentOperator, query: Annotated[AuditQuery, Query()], request: Request, response: Response
) -> FindingsOut:
    """List the events of all accounts, newest first.

    If there are older events, `next_cursor` and a `Link` header with `rel="next"` point to them.
    """
    page = await services().audit_search.page(query, query.cursor, query.limit)
    link_next(request, response, "cursor", page.next_cursor)
    return FindingsOut(events=[FindingOut.of(one) for one in page.found], next_cursor=page.next_cursor)


@router.get(
    "/audit/export",
    response_class=StreamingResponse,
    responses=DOWNLOAD | problems(401, 403, 422, 429, 503),
    dependencies=_SIGNED_IN,
)
async def export(operator: CurrentOperator, query: Annotated[AuditExportQuery, Query()]) -> StreamingResponse:
    """Download every event that matches the filters, newest first; `X-Total-Events` is their number."""
    download = await services().audit_search.download(operator, query, query.format)
    return as_file(download, query.format, "audit")


async def _standing(user_id: UUID) -> UserDetail:
    return await services().user_directory.standing(await services().user_directory.find(str(user_id)))


router.routes.extend(_shared.routes)
