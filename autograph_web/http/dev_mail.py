"""Displays the stored emails to developers, with working links.

The emails contain links that grant access to accounts. Therefore they are available only in development,
without an SMTP server, to a client on this machine whose request passed no proxy and names one of our hosts
in its Host header (which a foreign site with a name that resolves here cannot do, CWE-350). For every other
client the routes below do not exist.
"""

from html import escape
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Match, Route
from starlette.types import Scope

from autograph_web.http.headers import content_security_policy
from autograph_web.http.operator_access import is_local, own_hosts
from autograph_web.http.problems import problem_response
from autograph_web.infra.errors import NotFound
from autograph_web.mail.file_transport import KeptLetter
from autograph_web.runtime import services

_PATH = "/dev/mail"
# The email document itself: inline styles, links that open in a new window, and no scripts.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    f"frame-ancestors 'self'; sandbox {_SANDBOX}"
)
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>{title} · AutoGraph</title>"
    '<link rel="icon" href="/favicon.ico">'
    '<link rel="stylesheet" href="/ui.css"><link rel="stylesheet" href="/mail.css"></head>'
    '<body><main id="content" class="letters">'
)
_END = "</main></body></html>"


class DevelopmentRoute(Route):
    """A route that exists only for a developer on this machine."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match like any route, but only for clients that may read the emails."""
        match, found = super().matches(scope)
        return (match, found) if match is not Match.NONE and _may_read(scope) else (Match.NONE, {})


def _may_read(scope: Scope) -> bool:
    settings = services().settings
    own = own_hosts(settings) | {urlsplit(settings.base_url).netloc}
    return settings.shows_letters and is_local(scope, own)


async def letters(_: Request) -> Response:
    """List the stored emails."""
    kept = await services().mail_folder.newest()
    return _page("Emails", _listed(kept))


async def letter(request: Request) -> Response:
    """Show one email."""
    found = await services().mail_folder.find(request.path_params["letter_id"])
    return _page(found.subject, _shown(found)) if found else problem_response(NotFound())


async def letter_itself(request: Request) -> Response:
    """Return the HTML of one email, as a mail client would show it, for the frame of the page above."""
    found = await services().mail_folder.find(request.path_params["letter_id"])
    if found is None:
        return problem_response(NotFound())
    headers = {
        "Content-Security-Policy": _LETTER_POLICY,
        "X-Frame-Options": "SAMEORIGIN",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(found.html, headers=headers)


def _page(title: str, body: str) -> HTMLResponse:
    policy = f"{content_security_policy(services().settings.base_url)}; frame-src 'self'"
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store"}
    return HTMLResponse(_HEAD.format(title=escape(title)) + body + _END, headers=headers)


def _listed(kept: list[KeptLetter]) -> str:
    entries = "".join(
        f'<li><a href="{_PATH}/{one.id}">{escape(one.subject)}</a>'
        f"<span>{escape(one.to)}</span><span>{escape(one.date)}</span></li>"
        for one in kept
    )
    return "<h1>Emails</h1><p>Without SMTP_URL, no email is sent. Emails are kept here, newest first.</p>" + (
        f"<ul>{entries}</ul>" if kept else "<p>No emails yet.</p>"
    )


def _shown(one: KeptLetter) -> str:
    facts = "".join(
        f"<dt>{name}</dt><dd>{escape(value)}</dd>"
        for name, value in (("From", one.sender), ("To", one.to), ("Date", one.date))
    )
    return (
        f'<p><a href="{_PATH}">All emails</a></p><h1>{escape(one.subject)}</h1><dl>{facts}</dl>'
        f'<iframe src="{_PATH}/{one.id}/letter" title="The email as HTML" sandbox="{_SANDBOX}"></iframe>'
        f"<details><summary>As plain text</summary><pre>{escape(one.text)}</pre></details>"
    )


DEV_MAIL = [
    DevelopmentRoute(_PATH, letters),
    DevelopmentRoute(f"{_PATH}/{{letter_id}}", letter),
    DevelopmentRoute(f"{_PATH}/{{letter_id}}/letter", letter_itself),
]
