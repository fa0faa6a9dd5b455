"""REST calls whose path is also that of a page."""

from starlette.routing import Match
from starlette.types import Scope

from autograph_web.api.strict_json import StrictRoute
from autograph_web.http.error_responses import wants_page


class NegotiatedRoute(StrictRoute):
    """A route that yields to the page at its path if a browser requests HTML (RFC 9110 section 12.5.1)."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match the call, unless the client is a browser that requests a page."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and wants_page(scope):
            return Match.NONE, {}
        return super().matches(scope)
