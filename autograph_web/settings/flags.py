"""Defaults of the feature flags, which can be switched while the server runs (docs/flags.md)."""

from typing import Literal

from autograph_web.settings.section import Section


class FlagSettings(Section):
    """Values of the feature flags unless they are switched."""

    email_verification: Literal["off", "banner", "required"] = "banner"
    password_grant: bool = True
    registration_open: bool = True
    trusted_devices: bool = True
    sign_in_notices: bool = True
