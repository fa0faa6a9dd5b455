"""Serves the built pages, protects those that require a session, and sets caching headers."""

from collections.abc import Collection, Mapping
from posixpath import normpath
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from autograph_web.accounts.errors import LinkUnknown, SessionEnded
from autograph_web.accounts.link_text import MARK, read_token
from autograph_web.accounts.links import Purpose
from autograph_web.admin.errors import NotAdmin
from autograph_web.frontend import PageInfo, cache_control
from autograph_web.http.browsers import browser_of, new_browser
from autograph_web.http.cookies import clear_session, device_cookie, session_cookie, set_browser, set_flash
from autograph_web.http.error_responses import error_response, wants_json
from autograph_web.http.errors import MethodNotAllowed
from autograph_web.http.headers import FILE_POLICY, content_security_policy
from autograph_web.http.native_forms import message_id
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import NotFound, Unavailable
from autograph_web.infra.flash import Flash
from autograph_web.runtime import services
from autograph_web.sessions.errors import NotAuthenticated

_COOKIES_MISSING = "cookies_missing"
_SIGN_IN_PAGES = ("/login", "/register")  # their only way to a page that requires a session is a sign-in
_NOT_FOUND = "/404"
# Endpoints of Reflex besides the websocket; our pages do not use them, and one of them queries Redis.
_REFLEX_OWN = frozenset({"/ping", "/_health", "/_upload", "/_all_routes", "/auth-codespace"})
_LINK_PAGES = frozenset(purpose.page for purpose in Purpose)


class Pages:
    """ASGI middleware in front of Reflex's static files.

    `pages` maps each route to its HTML file, `protected` lists the routes that require a session, `admin`
    those that require an administrator's, `built` maps each file to its CSP hashes, and `calls` maps the
    paths of REST and forms to their methods.
    """

    def __init__(
        self,
        app: ASGIApp,
        pages: Mapping[str, str],
        protected: Collection[str],
        admin: Collection[str],
        built: Mapping[str, PageInfo],
        calls: Mapping[str, Collection[str]],
    ) -> None:
        self._app, self._pages, self._protected, self._built = app, pages, frozenset(protected), built
        self._calls, self._admin = calls, frozenset(admin)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run one connection."""
        # Exactly the websocket's mount: other paths with this prefix reach the files, where `..` is resolved.
        if scope["type"] != "http" or f"{scope['path']}/".startswith("/_event/"):
            await self._app(scope, receive, send)
            return
        if "#" in scope["path"] and (link := _mended(scope["path"])):
            await link(scope, receive, send)
            return
        path = _plain(scope["path"])
        if path in _REFLEX_OWN:
            await problem_response(NotFound())(scope, receive, send)
            return
        try:
            # Only pages accept a trailing slash: there is no call at /me/.
            exact = path if path in self._pages else scope["path"]
            refusal = self._wrong_method(exact, scope["method"])
            if refusal is None and path in self._protected:
                refusal = await _why_not(scope, admin=path in self._admin)
        except (Unavailable, NotAdmin) as error:
            await error_response(error, scope)(scope, receive, send)
            return
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._serve(path, scope, receive, send)

    def _wrong_method(self, path: str, method: str) -> Response | None:
        if path not in self._pages and path in self._calls:
            return _not_allowed(self._calls[path])
        if method not in ("GET", "HEAD"):
            allowed = {"GET", "HEAD", *self._calls.get(path, ())}
            return _not_allowed(allowed) if path in self._pages else problem_response(NotFound())
        return None

    async def _serve(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._pages.get(path)
        if file is not None:
            scope = {**scope, "path": f"/{file}", "raw_path": f"/{file}".encode()}
        elif ".html" in path.lower() or (wants_json(scope) and "." not in path):
            # A page is available only by its route, so that the file name cannot bypass the session check.
            await problem_response(NotFound())(scope, receive, send)
            return
        await self._app(scope, receive, self._dressed(path, file, scope, send))

    def _dressed(self, path: str, file: str | None, scope: Scope, send: Send) -> Send:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                if path == _NOT_FOUND:
                    message["status"] = 404
                headers = MutableHeaders(scope=message)
                if self._dress(headers, path, file, message["status"]) and not browser_of(scope):
                    _name_browser(headers)
            await send(message)

        return dressed

    def _dress(self, headers: MutableHeaders, path: str, file: str | None, status: int) -> bool:
        """Set the headers of a file; return True if it is a document."""
        # A 304 has no content type, but the browser applies its headers to the cached page.
        if file is not None or headers.get("content-type", "").startswith("text/html"):
            page = self._built.get(file or "404.html", PageInfo("", ()))
            headers["Content-Security-Policy"] = content_security_policy(
                services().settings.base_url, page.script_hashes, page.style_hashes
            )
            headers["Cache-Control"] = "no-store" if path in self._protected else "no-cache"
            return True
        if status in (200, 206, 304):
            headers["Content-Security-Policy"] = FILE_POLICY
            headers["Cache-Control"] = cache_control(path)
        return False


def _name_browser(headers: MutableHeaders) -> None:
    """Set a browser cookie with a document, which shared caches must then not store (RFC 9111)."""
    response = Response()
    set_browser(services().settings, response, new_browser())
    headers.append("Set-Cookie", response.headers["set-cookie"])
    if headers["Cache-Control"] == "no-cache":
        headers["Cache-Control"] = "private, no-cache"


def _not_allowed(methods: Collection[str]) -> Response:
    response = problem_response(MethodNotAllowed())
    response.headers["Allow"] = ", ".join(sorted(methods))
    return response


async def _why_not(scope: Scope, *, admin: bool) -> Response | None:
    cookie = session_cookie(services().settings, Headers(scope=scope).get("cookie", ""))
    try:
        if cookie is None:
            raise NotAuthenticated
        looking = await services().sessions.authenticate_cookie(cookie)
        if admin:
            await services().admin_policy.require(looking)
    except (NotAuthenticated, SessionEnded) as refusal:
        return await _to_sign_in(scope, cookie if isinstance(refusal, SessionEnded) else None)
    return None


async def _to_sign_in(scope: Scope, ended: str | None) -> RedirectResponse:
    """Redirect to sign-in and delete the cookie of a session that `ended`; the page then shows the reason."""
    path, query = scope["path"], scope.get("query_string", b"").decode("latin-1")
    target = quote(f"{path}?{query}" if query else path, safe="")
    said = f"#{message_id(_COOKIES_MISSING)}" if _lost_its_cookies(scope) else ""
    response = RedirectResponse(f"/login?next={target}{said}", 303)
    response.headers["Cache-Control"] = "no-store"
    if ended is not None:
        why = await services().sessions.why_ended(ended)
        clear_session(services().settings, response)
        set_flash(services().settings, response, await services().flash.put(Flash(why or "session_ended")))
    return response


def _mended(path: str) -> Response | None:
    """Return a redirect for a link whose `#` a mail client has escaped, so that the path has the token."""
    page, _, fragment = path.partition("#")
    try:
        token = read_token(fragment)
    except LinkUnknown:
        return None
    page = _plain(page)
    if page not in _LINK_PAGES:
        return None
    return RedirectResponse(f"{page}#{MARK}{token}", 303, {"Cache-Control": "no-store"})


def _lost_its_cookies(scope: Scope) -> bool:
    """Return True if a browser comes directly from a form that sets cookies, but sends none of them.

    The message cannot be conveyed by a cookie either, so it is selected by the URL's fragment. The referrer
    is the page of the form (RFC 9110 section 10.1.3): a browser keeps it through a redirect.
    """
    headers, settings = Headers(scope=scope), services().settings
    came = urlsplit(headers.get("referer", ""))
    ours = f"{came.scheme}://{came.netloc}" in settings.origins and came.path in _SIGN_IN_PAGES
    return ours and device_cookie(settings, headers.get("cookie", "")) is None


def _plain(path: str) -> str:
    """Return `path` normalized as the static files do: `//dashboard` and `/./dashboard` are one page."""
    return normpath(f"/{path.lstrip('/')}")
