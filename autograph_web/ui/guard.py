"""Authentication of events: each reads the session from the cookie of its own connection.

State vars are for display. A client may call any handler with any arguments and may have kept a page open
past the end of its session, so nothing here reads them.
"""

from reflex.istate.data import RouterData

from autograph_web.accounts.links import Purpose
from autograph_web.http.client import context_of_event
from autograph_web.http.cookies import (
    challenge_cookie,
    device_cookie,
    flash_cookie,
    link_cookie,
    session_cookie,
    trusted_cookie,
)
from autograph_web.infra.context import RequestContext
from autograph_web.infra.errors import DomainError
from autograph_web.reflex_patches.cookies import cookies_of
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated
from autograph_web.sessions.principal import SessionPrincipal


def request_context(router: RouterData) -> RequestContext:
    """Return the origin of an event, by the same rules as for a REST call."""
    return context_of_event(router.session.client_ip, router.headers.user_agent)


async def authenticate(router: RouterData) -> SessionPrincipal:
    """Return the user whose session the connection carries.

    Raises:
        NotAuthenticated, SessionEnded: There is no session, or no longer.
        Unavailable: A store that is needed for the answer cannot be reached.
    """
    cookie = session_cookie(services().settings, cookies_of(router))
    if cookie is None:
        raise NotAuthenticated
    return await services().sessions.authenticate_cookie(cookie)


async def is_signed_in(router: RouterData) -> bool:
    """Return True if the connection has a live session; an unreachable store counts as no."""
    try:
        await authenticate(router)
    except DomainError:
        return False
    return True


async def end_reason(router: RouterData) -> str:
    """Return why the session of the connection has ended; empty if there is none, or if it is live."""
    cookie = session_cookie(services().settings, cookies_of(router))
    return await services().sessions.why_ended(cookie) if cookie else ""


def device_of(router: RouterData) -> str | None:
    """Return the device cookie of a browser that signed in before, which the throttle admits."""
    return device_cookie(services().settings, cookies_of(router))


def flash_of(router: RouterData) -> str | None:
    """Return the name of the one-time message left by a form that was posted without JavaScript."""
    return flash_cookie(services().settings, cookies_of(router))


def trusted_of(router: RouterData) -> str | None:
    """Return the cookie of a trusted browser, which need not show the second factor."""
    return trusted_cookie(services().settings, cookies_of(router))


def challenge_of(router: RouterData) -> str | None:
    """Return the token of a sign-in that was begun without JavaScript and waits for its code."""
    return challenge_cookie(services().settings, cookies_of(router))


def link_of(router: RouterData, purpose: Purpose) -> str | None:
    """Return the token of the one-time link of this purpose that was opened in this browser."""
    return link_cookie(services().settings, cookies_of(router), purpose)
