"""Errors raised by the middleware in front of the pages and the REST API."""

from autograph_web.infra.errors import DomainError


class MalformedBody(DomainError):
    """The body is not acceptable JSON (RFC 8259) or form data."""

    code, status = "malformed_body", 400
    sentence = "The request body isn't valid JSON. Send a single JSON object with no duplicate keys."


class BodyTooLarge(DomainError):
    """The body exceeds the size limit."""

    code, status = "body_too_large", 413
    sentence = "The request body is too large. The limit is 64 KiB."


class BodyTooSlow(DomainError):
    """The body did not arrive in time (RFC 9110 section 15.5.9)."""

    code, status = "body_too_slow", 408
    sentence = "The request body didn't arrive in time. Send it within ten seconds."


class MethodNotAllowed(DomainError):
    """The resource exists but does not support this method."""

    code, status = "method_not_allowed", 405
    sentence = "This endpoint doesn't support that method."


class OriginRefused(DomainError):
    """A state-changing request that another site may have forged (CSRF, ASVS 5.0 V3.5)."""

    code, status = "origin_refused", 403
    sentence = "This request came from another site, so we blocked it. Reload the page and try again."


class CookiesTooLarge(DomainError):
    """The browser sent more cookies than the server reads (RFC 6585 section 5)."""

    code, status = "cookies_too_large", 431
    sentence = (
        "Your browser sends more than 16 KiB of cookies to this site, so we can't read them. "
        "Delete this site's cookies, then sign in again."
    )
