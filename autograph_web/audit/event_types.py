"""The table of event kinds: what is recorded, and its label for users."""

from enum import StrEnum


class EventCategory(StrEnum):
    """A category of event kinds to filter by; the value is its name in REST and in URLs."""

    label: str

    def __new__(cls, value: str, label: str) -> "EventCategory":
        """Create a member of `value` with its label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    SIGN_IN = "sign_in", "Sign-in and sign-out"
    PASSWORD = "password", "Password"
    TWO_STEP = "two_step", "Two-step verification"
    ACCOUNT = "account", "Account and data"
    TOKENS = "tokens", "Tokens and API keys"

    @property
    def kinds(self) -> "tuple[EventType, ...]":
        """Every kind in this group."""
        return tuple(kind for kind in EventType if kind.group is self)


class Outcome(StrEnum):
    """The outcome of an event; the value is its name in REST and in URLs."""

    DONE = "done"
    REFUSED = "refused"


_REFUSALS = ("_failed", "_refused", "_rate_limited", "_reuse_detected")


class EventType(StrEnum):
    """A kind of event; the value is the stable name in REST and in the database."""

    label: str
    group: EventCategory

    def __new__(cls, value: str, label: str, group: EventCategory) -> "EventType":
        """Create a member of `value` with its label and its group."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.group = label, group
        return member

    @property
    def outcome(self) -> Outcome:
        """Whether an action was done, or an attempt was refused."""
        if self is EventType.SIGN_IN_REFUSED:
            return Outcome.DONE  # here the user revoked a sign-in that had succeeded
        return Outcome.REFUSED if self.value.endswith(_REFUSALS) else Outcome.DONE

    @classmethod
    def _missing_(cls, value: object) -> "EventType":
        # A newer version may have written kinds that this one does not know; they must still be displayed.
        name = str(value)
        stranger = str.__new__(cls, name)
        stranger._name_, stranger._value_ = name.upper(), name
        stranger.label, stranger.group = name.replace("_", " ").capitalize(), EventCategory.ACCOUNT
        return stranger

    REGISTRATION_SUCCESS = "registration_success", "Account created", EventCategory.ACCOUNT
    REGISTRATION_FAILED = "registration_failed", "Registration failed", EventCategory.ACCOUNT
    LOGIN_SUCCESS = "login_success", "Signed in", EventCategory.SIGN_IN
    LOGIN_FAILED = "login_failed", "Failed sign-in", EventCategory.SIGN_IN
    LOGIN_RATE_LIMITED = "login_rate_limited", "Sign-in blocked: too many attempts", EventCategory.SIGN_IN
    SIGN_IN_REFUSED = "sign_in_refused", "Sign-in reported as “not me”", EventCategory.SIGN_IN
    LOGIN_MFA_REQUIRED = "login_mfa_required", "Password accepted, code required", EventCategory.SIGN_IN
    REAUTHENTICATED = "reauthenticated", "Identity confirmed", EventCategory.SIGN_IN
    TOKEN_REFRESHED = "token_refreshed", "Access token refreshed", EventCategory.TOKENS
    TOKEN_REUSE_DETECTED = "token_reuse_detected", "Reused refresh token blocked", EventCategory.TOKENS
    LOGOUT = "logout", "Signed out", EventCategory.SIGN_IN
    LOGOUT_ALL = "logout_all", "Signed out everywhere", EventCategory.SIGN_IN
    PASSWORD_RESET_REQUESTED = (
        "password_reset_requested",
        "Password reset requested",
        EventCategory.PASSWORD,
    )
    PASSWORD_RESET_COMPLETED = (
        "password_reset_completed",
        "Password reset",
        EventCategory.PASSWORD,
    )
    PASSWORD_RESET_FAILED = "password_reset_failed", "Password reset link rejected", EventCategory.PASSWORD
    SESSION_REVOKED = "session_revoked", "Device signed out", EventCategory.SIGN_IN
    PASSWORD_CHANGED = "password_changed", "Password changed", EventCategory.PASSWORD
    EMAIL_VERIFICATION_REQUESTED = (
        "email_verification_requested",
        "Verification email requested",
        EventCategory.ACCOUNT,
    )
    EMAIL_VERIFIED = "email_verified", "Email verified", EventCategory.ACCOUNT
    EMAIL_CHANGE_REQUESTED = "email_change_requested", "Email change requested", EventCategory.ACCOUNT
    EMAIL_CHANGED = "email_changed", "Email changed", EventCategory.ACCOUNT
    EMAIL_CHANGE_UNDONE = "email_change_undone", "Email change undone", EventCategory.ACCOUNT
    DATA_EXPORTED = "data_exported", "Data exported", EventCategory.ACCOUNT
    ACCOUNT_DELETED = "account_deleted", "Account deleted", EventCategory.ACCOUNT
    MFA_SETUP_INITIATED = "mfa_setup_initiated", "Two-step setup started", EventCategory.TWO_STEP
    MFA_ENABLED = "mfa_enabled", "Two-step verification turned on", EventCategory.TWO_STEP
    MFA_ENABLE_FAILED = "mfa_enable_failed", "Wrong code during two-step setup", EventCategory.TWO_STEP
    MFA_VERIFY_SUCCESS = "mfa_verify_success", "Verification code accepted", EventCategory.TWO_STEP
    MFA_VERIFY_FAILED = "mfa_verify_failed", "Wrong verification code", EventCategory.TWO_STEP
    MFA_DISABLED = "mfa_disabled", "Two-step verification turned off", EventCategory.TWO_STEP
    RECOVERY_CODE_USED = "recovery_code_used", "Recovery code used", EventCategory.TWO_STEP
    RECOVERY_CODES_REGENERATED = (
        "recovery_codes_regenerated",
        "Recovery codes regenerated",
        EventCategory.TWO_STEP,
    )
    API_KEY_CREATED = "api_key_created", "API key created", EventCategory.TOKENS
    API_KEY_REVOKED = "api_key_revoked", "API key revoked", EventCategory.TOKENS
    API_KEY_REFUSED = "api_key_refused", "Revoked or expired API key used", EventCategory.TOKENS
    DEVICE_TRUSTED = "device_trusted", "Browser trusted for 30 days", EventCategory.TWO_STEP
    TRUSTED_DEVICE_REVOKED = "trusted_device_revoked", "Browser no longer trusted", EventCategory.TWO_STEP
    ACCOUNT_CREATED_BY_ADMIN = (
        "account_created_by_admin",
        "Account created by an administrator",
        EventCategory.ACCOUNT,
    )
    ACCOUNT_LOCKED = "account_locked", "Account locked by an administrator", EventCategory.ACCOUNT
    ACCOUNT_UNLOCKED = "account_unlocked", "Account unlocked by an administrator", EventCategory.ACCOUNT
    ROLE_CHANGED = "role_changed", "Role changed by an administrator", EventCategory.ACCOUNT
    SESSIONS_ENDED_BY_ADMIN = (
        "sessions_ended_by_admin",
        "Signed out everywhere by an administrator",
        EventCategory.SIGN_IN,
    )
    LIMITS_LIFTED = "limits_lifted", "Rate limits lifted by an administrator", EventCategory.SIGN_IN
    FLAG_CHANGED = "flag_changed", "Feature flag changed by an administrator", EventCategory.ACCOUNT
    MFA_RESET_BY_ADMIN = (
        "mfa_reset_by_admin",
        "Two-step verification reset by an administrator",
        EventCategory.TWO_STEP,
    )


class ExportFormat(StrEnum):
    """The format of an export."""

    JSONL = "jsonl"
    CSV = "csv"
