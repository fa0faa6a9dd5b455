"""HTML elements without the behaviour that Reflex adds to its own."""

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A form that the browser posts; Reflex's own form cancels the event if it has no handler."""

    tag = "form"

    method: rx.Var[str]
    action: rx.Var[str]


class NativeLink(BaseHTML):
    """A link that the browser follows with a full load; Reflex's own stays within the page."""

    tag = "a"

    href: rx.Var[str]


def named(name: str, **others: str) -> dict[str, str]:
    """Return attributes with the id `name`.

    In this form Reflex keeps no reference to the element, and does not send the value of a field a second
    time under its id.
    """
    return {"id": name, **others}
