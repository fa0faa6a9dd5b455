"""Calls at an address that is a page's as well."""

from starlette.routing import Match
from starlette.types import Scope

from autograph_web.api.bodies import StrictRoute
from autograph_web.http.trouble import wants_page


class BesidePage(StrictRoute):
    """A call that leaves a browser to the page of the same address (RFC 9110 section 12.5.1)."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return True if the call is meant: who asks for a page with a session cookie gets the page."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and wants_page(scope):
            return Match.NONE, {}
        return super().matches(scope)
