"""The cookies of this server: names, attributes, and how they are read.

With https every name has the `__Host-` prefix, which binds it to this host (RFC 6265bis section 4.1.3). If
the base URL has a port, the names contain it, because browsers share cookies among all ports of a host.
"""

from starlette.requests import cookie_parser
from starlette.responses import Response

from autograph_web.accounts.links import Purpose
from autograph_web.authn.flow.challenges import CHALLENGE_SECONDS
from autograph_web.infra import flash
from autograph_web.settings import Settings

SESSION, DEVICE, FLASH = "autograph_session", "autograph_device", "autograph_flash"
CHALLENGE, TRUSTED, BROWSER = "autograph_challenge", "autograph_trusted", "autograph_browser"
_DEVICE_SECONDS = 365 * 86_400
LONGEST_HEADER = 16_384


def read(settings: Settings, cookie_header: str, name: str) -> str | None:
    """Return the value of one of our cookies from a Cookie header, or None."""
    if len(cookie_header) > LONGEST_HEADER:
        return None
    # Lenient as browsers are: http.cookies would discard ours because of another program's malformed one.
    return cookie_parser(cookie_header).get(full_name(settings, name))


def session_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the session cookie, or None."""
    return read(settings, cookie_header, SESSION)


def device_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the device cookie, or None."""
    return read(settings, cookie_header, DEVICE)


def flash_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the flash cookie, or None."""
    return read(settings, cookie_header, FLASH)


def challenge_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the challenge cookie, or None."""
    return read(settings, cookie_header, CHALLENGE)


def trusted_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the trusted-device cookie, or None."""
    return read(settings, cookie_header, TRUSTED)


def browser_cookie(settings: Settings, cookie_header: str) -> str | None:
    """Return the value of the browser cookie, or None."""
    return read(settings, cookie_header, BROWSER)


def link_cookie(settings: Settings, cookie_header: str, purpose: Purpose) -> str | None:
    """Return the token of a one-time link that was exchanged in this browser, or None."""
    return read(settings, cookie_header, _link_name(purpose))


def set_session(settings: Settings, response: Response, value: str, max_age: int | None) -> None:
    """Set the session cookie; without `max_age` (seconds) it expires when the browser closes."""
    _set(settings, response, SESSION, value, max_age)


def set_device(settings: Settings, response: Response, value: str) -> None:
    """Set the device cookie for a year."""
    _set(settings, response, DEVICE, value, _DEVICE_SECONDS)


def set_flash(settings: Settings, response: Response, value: str | None) -> None:
    """Set the flash cookie for a minute, unless `value` is None."""
    if value is not None:
        _set(settings, response, FLASH, value, flash.LIFE_S)


def set_challenge(settings: Settings, response: Response, value: str) -> None:
    """Set the cookie of a sign-in that awaits its second factor."""
    _set(settings, response, CHALLENGE, value, CHALLENGE_SECONDS)


def clear_challenge(settings: Settings, response: Response) -> None:
    """Delete the challenge cookie."""
    _set(settings, response, CHALLENGE, "", 0)


def set_trusted(settings: Settings, response: Response, value: str, max_age: int) -> None:
    """Set the trusted-device cookie; `max_age` is in seconds."""
    _set(settings, response, TRUSTED, value, max_age)


def set_browser(settings: Settings, response: Response, value: str) -> None:
    """Set the browser cookie, which expires when the browser closes, as its tabs do."""
    _set(settings, response, BROWSER, value, None)


def clear_session(settings: Settings, response: Response) -> None:
    """Delete the session cookie."""
    _set(settings, response, SESSION, "", 0)


def set_link(settings: Settings, response: Response, purpose: Purpose, token: str, max_age: int) -> None:
    """Store the token of a one-time link in an HttpOnly cookie for its lifetime, `max_age` seconds."""
    _set(settings, response, _link_name(purpose), token, max_age)


def clear_link(settings: Settings, response: Response, purpose: Purpose) -> None:
    """Delete the cookie of a one-time link."""
    _set(settings, response, _link_name(purpose), "", 0)


def full_name(settings: Settings, name: str) -> str:
    """Return the full name of a cookie, with the prefix and the port that apply to this server."""
    name += settings.cookie_suffix
    return f"__Host-{name}" if settings.secure else name


def _link_name(purpose: Purpose) -> str:
    # One name per purpose, because links of two purposes may be in use in one browser at the same time.
    return f"autograph_link_{purpose.value}"


def _set(settings: Settings, response: Response, name: str, value: str, max_age: int | None) -> None:
    response.set_cookie(
        full_name(settings, name),
        value,
        max_age=max_age,
        path="/",
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )
