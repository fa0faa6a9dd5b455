"""The state of the start page."""

import reflex as rx

from autograph_web.ui.closed_registration import ClosedRegistration


class HomeState(ClosedRegistration, rx.State):
    """Knows whether the start page invites people to create an account."""

    @rx.event
    async def load(self) -> None:
        """Prepare the page when it is opened."""
        self._load_closed()
