"""Plain HTML elements that Reflex would otherwise put behaviour of its own on."""

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A form the browser itself posts; Reflex's own cancels that for want of a handler."""

    tag = "form"

    method: rx.Var[str]
    action: rx.Var[str]


class NativeLink(BaseHTML):
    """A link the browser itself follows; Reflex's own stays in the page and leaves focus behind."""

    tag = "a"

    href: rx.Var[str]


def named(name: str, **others: str) -> dict[str, str]:
    """Return attributes with the id `name`.

    Given as a plain attribute, Reflex keeps no reference to the element and sends no second copy of a
    field's value under its id.
    """
    return {"id": name, **others}
