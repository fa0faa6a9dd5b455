"""The cookies we set: their names, attributes and how they are read back.

On https every name has the `__Host-` prefix, which ties it to this very host (RFC 6265bis section 4.1.3).
Where the address has a port, so have the names: to browsers all ports of a host are one.
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
    # Lenient as browsers are: http.cookies would drop ours with any odd cookie another program set.
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
    """Hand out a session cookie; without `max_age` it goes when the browser closes."""
    _set(settings, response, SESSION, value, max_age)


def set_device(settings: Settings, response: Response, value: str) -> None:
    """Hand out a device cookie for a year."""
    _set(settings, response, DEVICE, value, _DEVICE_SECONDS)


def set_flash(settings: Settings, response: Response, value: str | None) -> None:
    """Hand out a flash cookie for a minute, if there is something to say."""
    if value is not None:
        _set(settings, response, FLASH, value, flash.LIFE_S)


def set_challenge(settings: Settings, response: Response, value: str) -> None:
    """Hand out the cookie of a sign-in that waits for its second step."""
    _set(settings, response, CHALLENGE, value, CHALLENGE_SECONDS)


def clear_challenge(settings: Settings, response: Response) -> None:
    """Take the challenge cookie back."""
    _set(settings, response, CHALLENGE, "", 0)


def set_trusted(settings: Settings, response: Response, value: str, max_age: int) -> None:
    """Hand out a trusted-device cookie."""
    _set(settings, response, TRUSTED, value, max_age)


def set_browser(settings: Settings, response: Response, value: str) -> None:
    """Hand out a browser cookie, until the browser closes: its tabs go with it."""
    _set(settings, response, BROWSER, value, None)


def clear_session(settings: Settings, response: Response) -> None:
    """Take the session cookie back."""
    _set(settings, response, SESSION, "", 0)


def set_link(settings: Settings, response: Response, purpose: Purpose, token: str, max_age: int) -> None:
    """Keep the token of a one-time link where no script can read it, for as long as the link lives."""
    _set(settings, response, _link_name(purpose), token, max_age)


def clear_link(settings: Settings, response: Response, purpose: Purpose) -> None:
    """Take the cookie of a one-time link back."""
    _set(settings, response, _link_name(purpose), "", 0)


def full_name(settings: Settings, name: str) -> str:
    """Return the name under which a cookie travels here."""
    name += settings.cookie_suffix
    return f"__Host-{name}" if settings.secure else name


def _link_name(purpose: Purpose) -> str:
    # A name for each: links of two purposes may be under way in one browser.
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
