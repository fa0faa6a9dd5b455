"""What forms and pages need for people without JavaScript.

A form that was sent without it carries a field that says so, and the answer then leads to the element with
the right words: only the one that the fragment of the address names is shown.
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
from autograph_web.http.native_forms import SCRIPTLESS, said_id
from autograph_web.infra.errors import DomainError, InvalidInput, RateLimited, Unavailable
from autograph_web.ui import messages
from autograph_web.ui.components.icons import icon
from autograph_web.ui.components.native import named

Errors = tuple[type[DomainError], ...]

BAD_PASSWORDS: Errors = (PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak)
BAD_LINKS: Errors = (LinkUnknown, LinkUsed, LinkReplaced, LinkExpired)
_ANYWHERE: Errors = (RateLimited, Unavailable, InvalidInput)


def scriptless_field(*, within: bool = False) -> rx.Component:
    """The field that tells the server that nothing but the form itself brings its answer.

    `within` is for a form that stands in a noscript element itself: those must not be nested.
    """
    field = rx.el.input(type="hidden", name=SCRIPTLESS, value="on", read_only=True)
    return field if within else rx.el.noscript(field)


def noscript_messages(*notices: str, errors: Errors = ()) -> rx.Component:
    """The sentences that the forms of a page can be answered with."""
    return rx.el.noscript(
        *(_message(code, messages.notice(code), "info") for code in notices),
        *(_message(one.code, messages.without_clock(one), "warning") for one in (*errors, *_ANYWHERE)),
    )


def _message(code: str, words: str, symbol: str) -> rx.Component:
    look = "box-bad" if symbol == "warning" else "box-info"
    return rx.el.div(
        icon(symbol), rx.el.p(words), class_name=f"box {look} answered", custom_attrs=named(said_id(code))
    )
