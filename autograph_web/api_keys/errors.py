"""Errors about API keys."""

from autograph_web.infra.errors import DomainError


class ApiKeyInvalid(DomainError):
    """Not a valid API key."""

    code, status = "api_key_invalid", 401
    sentence = "That API key isn't valid here."


class ApiKeyExpired(DomainError):
    """An expired API key; disclosed only to a client that presents the complete key."""

    code, status = "api_key_expired", 401
    sentence = "That API key has expired. Make another one."


class ApiKeyRevoked(DomainError):
    """A revoked API key; disclosed only to a client that presents the complete key."""

    code, status = "api_key_revoked", 401
    sentence = "That API key was revoked. Make another one."


class TooManyApiKeys(DomainError):
    """The account has the maximum number of active keys."""

    code, status = "too_many_api_keys", 409
    sentence = "You have 25 API keys, which is the most. Revoke one you no longer need."


class ApiKeyNameInvalid(DomainError):
    """Empty, invisible, too long, or with control characters."""

    code, status, default_field = "api_key_name_invalid", 422, "name"
    sentence = "Give the key a name of 1 to 64 characters, on one line."


class ApiKeyExpiryInvalid(DomainError):
    """An expiry in the past, or too far in the future."""

    code, status, default_field = "api_key_expiry_invalid", 422, "expires_at"
    sentence = "Choose an end in the future, at most ten years from now, or none."


class ScopeNotAllowed(DomainError):
    """A scope that the owner's role does not permit."""

    code, status, default_field = "scope_not_allowed", 403, "scopes"
    sentence = "The scope admin is for administrators."
