"""Refusals about API keys."""

from autograph_web.infra.errors import DomainError


class ApiKeyInvalid(DomainError):
    """No API key of ours."""

    code, status = "api_key_invalid", 401
    sentence = "That API key isn't valid here."


class ApiKeyExpired(DomainError):
    """An API key whose time is over; told only to who has all of it."""

    code, status = "api_key_expired", 401
    sentence = "That API key has expired. Make another one."


class ApiKeyRevoked(DomainError):
    """An API key that was revoked; told only to who has all of it."""

    code, status = "api_key_revoked", 401
    sentence = "That API key was revoked. Make another one."


class TooManyApiKeys(DomainError):
    """The account has as many keys in force as it may."""

    code, status = "too_many_api_keys", 409
    sentence = "You have 25 API keys, which is the most. Revoke one you no longer need."


class ApiKeyNameInvalid(DomainError):
    """Empty, invisible, too long, or with control characters."""

    code, status, default_field = "api_key_name_invalid", 422, "name"
    sentence = "Give the key a name of 1 to 64 characters, on one line."


class ApiKeyExpiryInvalid(DomainError):
    """An end in the past, or too far away."""

    code, status, default_field = "api_key_expiry_invalid", 422, "expires_at"
    sentence = "Choose an end in the future, at most ten years from now, or none."


class ScopeNotAllowed(DomainError):
    """A scope that the owner's role does not carry."""

    code, status, default_field = "scope_not_allowed", 403, "scopes"
    sentence = "The scope admin is for administrators."
