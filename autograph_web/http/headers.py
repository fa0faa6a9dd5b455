"""Middleware that adds security headers and a request id to every response, and catches every error."""

from functools import lru_cache

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.http.client import request_id_of
from autograph_web.http.error_responses import error_response
from autograph_web.infra.errors import InternalError
from autograph_web.runtime import services
from autograph_web.settings import Settings

_log = structlog.get_logger(__name__)


READABLE = (
    *("Allow", "Content-Disposition", "Link", "Location", "Retry-After"),
    *("WWW-Authenticate", "X-Request-ID", "X-Total-Events"),
)
"""Headers that a page of an allowed origin may read, besides those safelisted by the Fetch standard."""


def fixed_headers(hsts: str) -> dict[str, str]:
    """Return the headers common to all responses; `hsts` is the value of RFC 6797, "" for none."""
    headers = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Not no-referrer: browsers would then send "Origin: null" with our own forms.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
    if hsts:
        headers["Strict-Transport-Security"] = hsts
    return headers


def content_security_policy(
    base_url: str, script_hashes: tuple[str, ...] = (), style_hashes: tuple[str, ...] = ()
) -> str:
    """Return the policy of a document: our own files, inline code identified by hash, and nothing else."""
    websocket = base_url.replace("http", "ws", 1)
    scripts, styles = _sources(script_hashes), _sources(style_hashes)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            f"style-src {styles}",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {websocket}",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


FILE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Policy of a file that is not a document: opened directly, it may do nothing. Short: a page has many."""
_OF_FILES = (b"content-security-policy", FILE_POLICY.encode("ascii"))
_READABLE = ", ".join(READABLE).encode("ascii")
# Headers that browsers evaluate only for documents.
_OF_DOCUMENTS = frozenset({b"x-frame-options", b"cross-origin-opener-policy", b"permissions-policy"})


def _sources(hashes: tuple[str, ...]) -> str:
    return " ".join(["'self'", *(f"'{digest}'" for digest in hashes)])


class SecurityHeaders:
    """Adds the headers, answers unhandled errors with 500, and logs them without the request's input."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        settings = services().settings
        request_id = request_id_of(scope, settings)
        started = done = False

        async def dressed(message: Message) -> None:
            nonlocal started, done
            if message["type"] == "http.response.start":
                started = True
                dress(message, settings, request_id)
                _expose(scope, message, settings)
            await send(message)
            done = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, dressed)
        except Exception:
            _log.exception("unhandled_error", path=str(scope.get("path")))
            if not started:
                await error_response(InternalError(), scope)(scope, receive, dressed)
            elif not done:  # incomplete: the client notices only if the connection is closed
                raise


def dress(message: Message, settings: Settings, request_id: str) -> None:
    """Add missing headers to a response that is about to start."""
    sent: list[tuple[bytes, bytes]] = message.get("headers", [])
    names = {name for name, _ in sent}
    if _OF_FILES in sent:
        names |= _OF_DOCUMENTS
    standing = _standing(settings.strict_transport, settings.base_url)
    own = (*standing, (b"x-request-id", request_id.encode("ascii")))
    message["headers"] = [*sent, *(header for header in own if header[0] not in names)]


def _expose(scope: Scope, message: Message, settings: Settings) -> None:
    """Let a page of an allowed origin read our headers (Fetch standard, section 3.3.2)."""
    origin = next((value for name, value in scope["headers"] if name == b"origin"), b"")
    if origin and scope["method"] != "OPTIONS" and origin.decode("latin-1") in settings.origins:
        message["headers"] = [*message["headers"], (b"access-control-expose-headers", _READABLE)]


@lru_cache(maxsize=4)
def _standing(hsts: str, base_url: str) -> tuple[tuple[bytes, bytes], ...]:
    """The default headers of every response, encoded for the wire."""
    headers = fixed_headers(hsts) | {
        "Content-Security-Policy": content_security_policy(base_url),
        "Cache-Control": "no-store",
    }
    return tuple((name.lower().encode("ascii"), value.encode("ascii")) for name, value in headers.items())
