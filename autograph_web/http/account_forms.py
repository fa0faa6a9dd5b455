"""Native forms of the account settings pages."""

from contextlib import suppress
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from autograph_web.api_keys.inputs import read_form
from autograph_web.http import cookies
from autograph_web.http.forms import complete_login, sign_out
from autograph_web.http.native_forms import (
    ON,
    Fields,
    cookie_header,
    current_principal,
    form_route,
    redirect_with_flash,
    request_context,
)
from autograph_web.infra.errors import NotFound, Unavailable
from autograph_web.infra.flash import Flash
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.profile.inputs import PasswordChangeInput
from autograph_web.runtime import services

_KEYS = "/settings/api-keys"
_DEVICES = "/settings/sessions"


async def change_password(request: Request, fields: Fields) -> Response:
    """Change the password of the signed-in user."""
    data = PasswordChangeInput(
        current_password=fields.get("current_password", ""),  # pyright: ignore[reportArgumentType]
        new_password=fields.get("new_password", ""),  # pyright: ignore[reportArgumentType]
        end_other_sessions=fields.get("end_other_sessions") in ON,
    )
    device = cookies.device_cookie(services().settings, cookie_header(request))
    principal = current_principal(request)
    grant = await services().password_change.change(request_context(request), principal, data, device)
    return await complete_login(request, grant, {"next": "/settings/security?then=password-changed"})


async def create_api_key(request: Request, fields: Fields) -> Response:
    """Create an API key for the signed-in user; the page shows it once."""
    principal = current_principal(request)
    issued = await services().api_keys.create(request_context(request), principal, read_form(fields))
    ticket = ""  # the page then reports that the key could not be shown
    with suppress(Unavailable):
        ticket = await services().one_time_secrets.put(principal.user_id, {"key": issued.text})
    return await redirect_with_flash(
        _KEYS, Flash("api_key_created", values={"key": issued.key.id, "ticket": ticket}), fields
    )


async def revoke_api_key(request: Request, fields: Fields) -> Response:
    """Revoke an API key of the signed-in user."""
    principal = current_principal(request)
    await services().api_keys.revoke(request_context(request), principal, fields.get("key", "")[:64])
    return await redirect_with_flash(_KEYS, Flash("api_key_gone"), fields)


async def delete_account(request: Request, fields: Fields) -> Response:
    """Delete the account of the signed-in user."""
    principal = current_principal(request)
    await services().deletion.delete(
        request_context(request), principal, fields.get("confirm_email", "")[:LONGEST_INPUT]
    )
    response = await redirect_with_flash("/login", Flash("account_deleted"), fields)
    cookies.clear_session(services().settings, response)
    return response


async def sign_out_device(request: Request, fields: Fields) -> Response:
    """End one session of the signed-in user; for the current session this is an ordinary sign-out."""
    principal, chosen = current_principal(request), _session_id(fields)
    if chosen == principal.session_id:
        return await sign_out(request, fields)
    await services().devices.sign_out(request_context(request), principal, chosen)
    return await redirect_with_flash(_DEVICES, Flash("device_signed_out"), fields)


async def sign_out_others(request: Request, fields: Fields) -> Response:
    """End every other session of the signed-in user."""
    principal = current_principal(request)
    await services().devices.sign_out_others(request_context(request), principal)
    return await redirect_with_flash(_DEVICES, Flash("others_signed_out"), fields)


def _session_id(fields: Fields) -> UUID:
    try:
        return UUID(fields.get("session", ""))
    except ValueError:
        raise NotFound from None


ACCOUNT_FORMS: tuple[Route, ...] = (
    form_route("/session/create-api-key", create_api_key, _KEYS),
    form_route("/session/revoke-api-key", revoke_api_key, _KEYS),
    form_route("/session/password-change", change_password, "/settings/security"),
    form_route("/session/delete-account", delete_account, "/settings/account"),
    form_route("/session/sign-out-device", sign_out_device, _DEVICES),
    form_route("/session/sign-out-others", sign_out_others, _DEVICES),
)
