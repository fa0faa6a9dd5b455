"""Errors about API keys."""

from autograph_web.infra.errors import DomainError


class ApiKeyInvalid(DomainError):
    """Not a valid API key."""

    code, status = "api_key_invalid", 401
    sentence = "That API key isn't valid."


class ApiKeyExpired(DomainError):
    """An expired API key; disclosed only to a client that presents the complete key."""

    code, status = "api_key_expired", 401
    sentence = "That API key has expired. Create a new one."


class ApiKeyRevoked(DomainError):
    """A revoked API key; disclosed only to a client that presents the complete key."""

    code, status = "api_key_revoked", 401
    sentence = "That API key was revoked. Create a new one."


class TooManyApiKeys(DomainError):
    """The account has the maximum number of active keys."""

    code, status = "too_many_api_keys", 409
    sentence = "You've reached the limit of 25 API keys. Revoke one you no longer need."


class ApiKeyNameInvalid(DomainError):
    """Empty, invisible, too long, or with control characters."""

    code, status, default_field = "api_key_name_invalid", 422, "name"
    sentence = "Give the key a name of 1 to 64 characters, on one line."


class ApiKeyExpiryInvalid(DomainError):
    """An expiry in the past, or too far in the future."""

    code, status, default_field = "api_key_expiry_invalid", 422, "expires_at"
    sentence = "Choose an expiration date within the next ten years, or none."


class ScopeNotAllowed(DomainError):
    """A scope that the owner's role does not permit."""

    code, status, default_field = "scope_not_allowed", 403, "scopes"
    sentence = "Only administrators can use the `admin` scope."
