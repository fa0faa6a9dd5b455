"""THE table of event kinds: what is recorded, and how a person reads it."""

from enum import StrEnum


class Kind(StrEnum):
    """A kind of event; the value is the stable name in REST and in the database."""

    label: str

    def __new__(cls, value: str, label: str) -> "Kind":
        """Make a member of `value` that also knows its plain words."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def _missing_(cls, value: object) -> "Kind":
        # A newer version may have written kinds this one does not know; they are still to be shown.
        name = str(value)
        stranger = str.__new__(cls, name)
        stranger._name_, stranger._value_ = name.upper(), name
        stranger.label = name.replace("_", " ").capitalize()
        return stranger

    REGISTRATION_SUCCESS = "registration_success", "Account created"
    REGISTRATION_FAILED = "registration_failed", "Account not created"
    LOGIN_SUCCESS = "login_success", "Signed in"
    LOGIN_FAILED = "login_failed", "Wrong password"
    LOGIN_RATE_LIMITED = "login_rate_limited", "Sign-in paused after too many tries"
    SIGN_IN_REFUSED = "sign_in_refused", "Sign-in taken back by its owner"
    LOGIN_MFA_REQUIRED = "login_mfa_required", "Password accepted, code asked for"
    REAUTHENTICATED = "reauthenticated", "Confirmed it's you"
    TOKEN_REFRESHED = "token_refreshed", "Access renewed"
    TOKEN_REUSE_DETECTED = "token_reuse_detected", "Copied access token stopped"
    LOGOUT = "logout", "Signed out"
    LOGOUT_ALL = "logout_all", "Signed out everywhere"
    PASSWORD_RESET_REQUESTED = "password_reset_requested", "Link for a new password asked for"
    PASSWORD_RESET_COMPLETED = "password_reset_completed", "New password set by a link"
    PASSWORD_RESET_FAILED = "password_reset_failed", "Link for a new password refused"
    SESSION_REVOKED = "session_revoked", "Other devices signed out"
    PASSWORD_CHANGED = "password_changed", "Password changed"
    DATA_EXPORTED = "data_exported", "Data exported"
    ACCOUNT_DELETED = "account_deleted", "Account deleted"
    MFA_SETUP_INITIATED = "mfa_setup_initiated", "Two-step setup started"
    MFA_ENABLED = "mfa_enabled", "Two-step verification turned on"
    MFA_ENABLE_FAILED = "mfa_enable_failed", "Wrong code during two-step setup"
    MFA_VERIFY_SUCCESS = "mfa_verify_success", "Second step passed"
    MFA_VERIFY_FAILED = "mfa_verify_failed", "Wrong code in the second step"
    MFA_DISABLED = "mfa_disabled", "Two-step verification turned off"
    RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used"
    RECOVERY_CODES_REGENERATED = "recovery_codes_regenerated", "New recovery codes made"
    API_KEY_CREATED = "api_key_created", "API key made"
    API_KEY_REVOKED = "api_key_revoked", "API key revoked"
    API_KEY_REFUSED = "api_key_refused", "Revoked or expired API key used"
    DEVICE_TRUSTED = "device_trusted", "Browser trusted for 30 days"
    TRUSTED_DEVICE_REVOKED = "trusted_device_revoked", "Browser no longer trusted"
