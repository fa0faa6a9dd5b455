"""Refusals about feature flags."""

from autograph_web.infra.errors import DomainError


class FlagUnknown(DomainError):
    """No feature flag has this name."""

    code, status, default_field = "flag_unknown", 404, "name"
    sentence = "There is no such flag."


class FlagValueInvalid(DomainError):
    """A word that the flag does not know; the reasons tell those it does."""

    code, status, default_field = "flag_value_invalid", 422, "value"
    sentence = "That flag doesn't know this value."


class FlagShareInvalid(DomainError):
    """No share of the accounts, or a flag that decides before there is an account."""

    code, status, default_field = "flag_share_invalid", 422, "percent"
    sentence = (
        "Give a whole number from 0 to 100; a flag that doesn't look at accounts is for everybody (100)."
    )
