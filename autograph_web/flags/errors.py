"""Errors about feature flags."""

from autograph_web.infra.errors import DomainError


class FlagUnknown(DomainError):
    """No feature flag has this name."""

    code, status, default_field = "flag_unknown", 404, "name"
    sentence = "Unknown flag."


class FlagValueInvalid(DomainError):
    """A value that the flag does not accept; the reasons list those it does."""

    code, status, default_field = "flag_value_invalid", 422, "value"
    sentence = "That isn't a valid value for this flag."


class FlagShareInvalid(DomainError):
    """Not a valid percentage, or a partial one for a flag that is evaluated before there is an account."""

    code, status, default_field = "flag_share_invalid", 422, "percent"
    sentence = "Enter a whole number from 0 to 100. Flags that don't depend on the account only accept 100."
