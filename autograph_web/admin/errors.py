"""Errors of the administration."""

from autograph_web.infra.errors import DomainError


class AddressInvalid(DomainError):
    """Not an IP address (RFC 4291, RFC 5952)."""

    code, status, default_field = "address_invalid", 422, "address"
    sentence = "Enter a valid IP address, like 203.0.113.7 or 2001:db8::1."


class AccountUnknown(DomainError):
    """No account has this address or id; disclosed to operators only."""

    code, status = "account_unknown", 404
    sentence = "Account not found."


class NotAdmin(DomainError):
    """A page or a call for administrators only; the response is the same for every resource."""

    code, status = "not_admin", 403
    sentence = "Only administrators can do this."


class OwnAccount(DomainError):
    """A change that administrators must not make to their own account, where it would be a mistake."""

    code, status = "own_account", 409
    sentence = "You can't do this to your own account. Ask another administrator."
