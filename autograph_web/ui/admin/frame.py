"""The frame of the administration pages, with their navigation."""

# Reflex's stubs leave the parameter of Var open in every element.
# pyright: reportUnknownMemberType=false

from typing import Any

import reflex as rx

from autograph_web.ui.account_frame import account_frame
from autograph_web.ui.account_page import AccountPage
from autograph_web.ui.components.native import NativeLink
from autograph_web.ui.routes import ADMIN_NAV, Route


def admin_frame(
    state: type[AccountPage],
    here: Route,
    lead: str,
    content: rx.Component,
    waiting: rx.Component,
    *extras: rx.Component,
    load: Any,
    section: Route | None = None,
) -> rx.Component:
    """Return an administration page; `section` is the page of the navigation it belongs to, if not itself."""
    return account_frame(
        state,
        here,
        lead,
        content,
        waiting,
        *extras,
        load=load,
        above=_navigation(here, section or here),
    )


def _navigation(here: Route, section: Route) -> rx.Component:
    """Return the links within the administration; each is a full load, as between account pages."""
    return rx.el.nav(
        *(
            NativeLink.create(
                route.name,
                href=route.path,
                class_name="way",
                custom_attrs={"aria-current": "page" if route is here else "true"}
                if route is section
                else {},
            )
            for route in ADMIN_NAV
        ),
        aria_label="Administration",
        class_name="places",
    )
