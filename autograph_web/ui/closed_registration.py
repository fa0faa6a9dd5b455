"""The base of pages that invite people to create an account, as long as anyone may."""

from contextlib import suppress

import reflex as rx

from autograph_web.infra.errors import Unavailable
from autograph_web.runtime import services


class ClosedRegistration(rx.State, mixin=True):
    """`closed` is whether registration is closed, which is not known when the pages are built."""

    closed: bool = False

    def _load_closed(self) -> None:
        with suppress(Unavailable):  # the registration form will report it
            self.closed = not services().registration.is_open
