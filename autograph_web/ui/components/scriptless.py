"""What forms and pages need without JavaScript.

A form that is sent without JavaScript carries a field that says so. The answer redirects to a fragment, and
CSS shows only the message with that id.
"""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

import reflex as rx

from autograph_web.accounts.errors import (
    LinkExpired,
    LinkReplaced,
    LinkUnknown,
    LinkUsed,
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
)
from autograph_web.http.native_forms import SCRIPTLESS, message_id
from autograph_web.infra.errors import DomainError, InvalidInput, RateLimited, Unavailable
from autograph_web.ui import messages
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named

Errors = tuple[type[DomainError], ...]

BAD_PASSWORDS: Errors = (PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak)
BAD_LINKS: Errors = (LinkUnknown, LinkUsed, LinkReplaced, LinkExpired)
_ANYWHERE: Errors = (RateLimited, Unavailable, InvalidInput)


def scriptless_field(*, within: bool = False) -> rx.Component:
    """Return the field that tells the server to answer the form with a redirect to a message.

    `within` is for a form inside a noscript element, since those must not be nested.
    """
    field = rx.el.input(type="hidden", name=SCRIPTLESS, value="on", read_only=True)
    return field if within else rx.el.noscript(field)


def noscript_messages(*notices: str, errors: Errors = ()) -> rx.Component:
    """Return the messages with which the forms of a page can be answered."""
    return rx.el.noscript(
        *(_message(code, messages.notice(code), "info") for code in notices),
        *(_message(one.code, messages.without_clock(one), "warning") for one in (*errors, *_ANYWHERE)),
    )


def _message(code: str, words: str, symbol: str) -> rx.Component:
    look = "box-bad" if symbol == "warning" else "box-info"
    return rx.el.div(
        icon(symbol), rx.el.p(words), class_name=f"box {look} answered", custom_attrs=named(message_id(code))
    )
