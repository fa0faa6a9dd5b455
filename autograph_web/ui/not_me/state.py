"""The state of the page that reports an unrecognized sign-in."""

from datetime import datetime
from typing import ClassVar

import reflex as rx

from autograph_web.accounts.links import Purpose
from autograph_web.runtime import services
from autograph_web.ui import view_models
from autograph_web.ui.link_page import LinkPage


class NotMeState(LinkPage, rx.State):
    """Shows the sign-in of the link; a native form acts on it, and the server reads the cookie."""

    _purpose: ClassVar[Purpose] = Purpose.SIGN_IN_REFUSAL
    device: str = ""
    address: str = ""
    at: str = ""
    when: str = ""

    async def _read_link(self, token: str) -> None:
        signed_in = await services().sign_in_disavowal.describe(token)
        at = datetime.fromisoformat(signed_in.at)
        self.device, self.address = view_models.describe_user_agent(signed_in.user_agent), signed_in.ip
        self.at, self.when = view_models.iso(at), view_models.format_datetime(at)

    def _reset_form(self) -> None:
        super()._reset_form()
        self.device = self.address = self.at = self.when = ""
