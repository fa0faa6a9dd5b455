"""JSON schemas of the REST API: requests and responses."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from autograph_web.accounts.account import Account
from autograph_web.api_keys.key import ApiKey, ApiKeyPrincipal, IssuedKey, Scope, in_order
from autograph_web.audit.downloads import Format
from autograph_web.audit.log import AuditEvent
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.methods.totp.enrolment import Setup
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedBrowser
from autograph_web.authz.principal import Principal
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.profile.inputs import ActivityInput
from autograph_web.recovery.first_proof import Verified
from autograph_web.recovery.removed import Removed
from autograph_web.sessions.devices import OpenSession
from autograph_web.sessions.tokens import TokenPair
from autograph_web.sessions.viewer import Viewer


class RefreshRequest(BaseModel):
    """A refresh token to exchange."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=4096)]


class AccountOut(BaseModel):
    """An account."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    email_verified: bool
    created_at: datetime

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        """Return the JSON representation of `account`."""
        return cls(
            id=account.id,
            email=account.email,
            role=account.role,
            mfa_enabled=account.mfa_enabled,
            email_verified=account.email_verified,
            created_at=account.created_at,
        )


class TokensOut(BaseModel):
    """A token pair (RFC 6749 section 5.1); `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (the scheme's name)
    expires_in: int

    @classmethod
    def of(cls, pair: TokenPair) -> "TokensOut":
        """Return the JSON representation of `pair`."""
        return cls(
            access_token=pair.access_token, refresh_token=pair.refresh_token, expires_in=pair.expires_in
        )


class OAuthErrorOut(BaseModel):
    """A refused token request (RFC 6749 section 5.2)."""

    error: str = Field(examples=["invalid_grant"])
    error_description: str


class MfaRequiredOut(BaseModel):
    """The password was right; finish with a code at /mfa/verify within five minutes."""

    mfa_required: Literal[True] = True
    email: str
    message: str = "Enter the code from your authenticator app."
    mfa_token: str
    methods: list[str]
    expires_in: int

    @classmethod
    def of(cls, challenge: ChallengeRequired) -> "MfaRequiredOut":
        """Return the JSON representation of `challenge`."""
        return cls(
            email=challenge.email,
            mfa_token=challenge.token,
            methods=list(challenge.methods),
            expires_in=challenge.expires_in,
        )


class MfaSetupOut(BaseModel):
    """A new authenticator key: to type, to scan (PNG in base64) and to open."""

    secret: str
    qr_code: str
    provisioning_uri: str

    @classmethod
    def of(cls, setup: Setup) -> "MfaSetupOut":
        """Return the JSON representation of `setup`."""
        return cls(secret=setup.secret, qr_code=setup.qr_code, provisioning_uri=setup.provisioning_uri)


class EnableRequest(BaseModel):
    """A code of the new key, and whether every other session ends."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[SecretStr, Field(max_length=256, examples=["123456"])]
    end_other_sessions: bool = True


class VerifyRequest(BaseModel):
    """A code of the authenticator or a recovery code, for the sign-in that `mfa_token` or the email names."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])]
    code: Annotated[SecretStr, Field(max_length=256, examples=["123456"])]
    mfa_token: Annotated[SecretStr | None, Field(max_length=256)] = None


class PasswordResetRequest(BaseModel):
    """The email to send a link for a new password to."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@northwind.dev"])]


class PasswordResetConfirmation(BaseModel):
    """The token of such a link and the new password."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]
    new_password: Annotated[SecretStr, Field(examples=["a short sentence works well"])]


class RecoveryCodesOut(BaseModel):
    """Ten recovery codes, shown once."""

    recovery_codes: list[str]


class MfaEnabledOut(RecoveryCodesOut):
    """Two-step verification is on."""

    message: str = "Two-step verification is on."
    detail: str = "Keep the recovery codes somewhere safe. Each works once. We won't show them again."


class TrustedDeviceOut(BaseModel):
    """A browser that is not asked for a code at sign-in."""

    id: UUID
    ip: str
    user_agent: str
    trusted_at: datetime
    last_used_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, browser: TrustedBrowser) -> "TrustedDeviceOut":
        """Return the JSON representation of `browser`."""
        return cls(
            id=browser.id,
            ip=browser.ip,
            user_agent=browser.user_agent,
            trusted_at=browser.created_at,
            last_used_at=browser.last_used_at,
            expires_at=browser.expires_at,
        )


class OpenSessionOut(BaseModel):
    """One of the places where an account is signed in."""

    id: UUID
    current: bool = Field(description="Whether this is the session of the request.")
    kind: Literal["browser", "client"] = Field(description="A cookie, or the tokens of a REST client.")
    method: str = Field(description="What was shown to sign in.", examples=["password+totp"])
    ip: str
    device: str = Field(description="A guess from `user_agent`.", examples=["Firefox 140 on Linux"])
    user_agent: str
    signed_in_at: datetime
    last_seen_at: datetime = Field(description="To within a few minutes.")

    @classmethod
    def of(cls, session: OpenSession) -> "OpenSessionOut":
        """Return the JSON representation of `session`."""
        return cls(
            id=session.id,
            current=session.current,
            kind="browser" if session.browser else "client",
            method=session.method,
            ip=session.ip,
            device=describe_user_agent(session.user_agent),
            user_agent=session.user_agent,
            signed_in_at=session.created_at,
            last_seen_at=session.last_seen_at,
        )


class SessionOut(BaseModel):
    """The session behind the credential."""

    id: UUID
    signed_in_at: datetime = Field(description="When its owner authenticated (OpenID Connect's `auth_time`).")
    expires_at: datetime
    remember_me: bool
    amr: list[str] = Field(description="How, in the values of RFC 8176.", examples=[["pwd", "otp", "mfa"]])
    aal: int = Field(description="Authenticator assurance level (NIST SP 800-63B-4).", examples=[2])


class MeOut(BaseModel):
    """Who the credential stands for."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    session: SessionOut

    @classmethod
    def of(cls, viewer: Viewer) -> "MeOut":
        """Return the JSON representation of `viewer`."""
        assurance = viewer.assurance
        session = SessionOut(
            id=viewer.session_id,
            signed_in_at=viewer.signed_in_at,
            expires_at=viewer.expires_at,
            remember_me=viewer.remember,
            amr=list(assurance.amr),
            aal=assurance.level,
        )
        return cls(
            id=viewer.user_id,
            email=viewer.email,
            role=viewer.role,
            mfa_enabled=viewer.mfa_enabled,
            session=session,
        )


class ShownKeyOut(BaseModel):
    """The API key behind the request; its scopes are those that count now."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: datetime | None


class KeyMeOut(BaseModel):
    """Whom an API key stands for."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    api_key: ShownKeyOut

    @classmethod
    def of(cls, holder: ApiKeyPrincipal) -> "KeyMeOut":
        """Return the JSON representation of `holder`."""
        key = ShownKeyOut(
            id=holder.key_id,
            name=holder.name,
            scopes=list(in_order(holder.scopes)),
            expires_at=holder.expires_at,
        )
        return cls(
            id=holder.user_id,
            email=holder.email,
            role=holder.role,
            mfa_enabled=holder.mfa_enabled,
            api_key=key,
        )


def me_of(caller: Principal) -> MeOut | KeyMeOut:
    """Return the JSON representation of a request's principal."""
    return KeyMeOut.of(caller) if isinstance(caller, ApiKeyPrincipal) else MeOut.of(caller)


class ApiKeyOut(BaseModel):
    """An API key; `prefix` is how it begins, the rest is known to its owner alone."""

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyOut":
        """Return the JSON representation of `key`."""
        return cls(**_members(key))


class ApiKeyCreatedOut(ApiKeyOut):
    """A new API key: `key` is all of it, shown this once."""

    key: str
    message: str = "Keep the key somewhere safe. We won't show it again."

    @classmethod
    def issued(cls, issued: IssuedKey) -> "ApiKeyCreatedOut":
        """Return the JSON representation of `issued`."""
        return cls(**_members(issued.key), key=issued.text)


def _members(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "last_used_ip": key.last_used_ip or None,
    }


class ActivityQuery(ActivityInput):
    """Filter and pagination parameters for the account's events."""

    cursor: str | None = Field(default=None, max_length=64, description="`next_cursor` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


class ExportQuery(ActivityInput):
    """Filter and format of an export of the account's events."""

    format: Format = Format.CSV


class EventOut(BaseModel):
    """One event of the account."""

    at: datetime
    kind: str
    label: str
    device: str
    ip: str
    user_agent: str
    session_id: UUID | None
    this_session: bool
    details: dict[str, Any]

    @classmethod
    def of(cls, event: AuditEvent, caller: Principal) -> "EventOut":
        """Return the JSON representation of `event` for `caller`; an API key has no session."""
        return cls(
            at=event.at,
            kind=event.kind.value,
            label=event.kind.label,
            device=describe_user_agent(event.user_agent),
            ip=event.ip,
            user_agent=event.user_agent,
            session_id=event.session_id,
            this_session=isinstance(caller, Viewer) and event.session_id == caller.session_id,
            details=event.details,
        )


class ActivityOut(BaseModel):
    """Events, newest first; `next_cursor` is null on the last page."""

    events: list[EventOut]
    next_cursor: str | None


class MessageOut(BaseModel):
    """A sentence that says what was done."""

    message: str


class LinkToken(BaseModel):
    """The last part of the link in a letter, after `#token=`."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]


class NewEmail(BaseModel):
    """The address to move to."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, Field(max_length=LONGEST_INPUT, examples=["mina@elsewhere.dev"])]


class VerificationConfirmation(BaseModel):
    """The token of the link; without a sign-in to the account, the password that was chosen for it."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=2048)]
    password: SecretStr | None = None


class RemovedOut(BaseModel):
    """What no longer opens the account: how many of each, and when the authenticator had been set up."""

    sessions: int
    authenticator_set_up_at: datetime | None
    recovery_codes: int
    trusted_devices: int
    api_keys: int
    password: bool

    @classmethod
    def of(cls, removed: Removed) -> "RemovedOut":
        """Return the JSON representation of `removed`."""
        return cls(**asdict(removed))


class EmailVerifiedOut(AccountOut):
    """The account. Both members are null unless what was set up before has ended: then choose a password."""

    removed: RemovedOut | None
    password_reset_token: str | None

    @classmethod
    def shown(cls, verified: Verified) -> "EmailVerifiedOut":
        """Return the JSON representation of `verified`."""
        account = AccountOut.of(verified.account).model_dump()
        removed = RemovedOut.of(verified.removed) if verified.removed else None
        return cls(**account, removed=removed, password_reset_token=verified.token)


class PasswordSetOut(MessageOut):
    """What was done, and what no longer opens the account."""

    removed: RemovedOut


class EmailUndoneOut(BaseModel):
    """The account is back at its old address; choose a new password with this token within an hour."""

    message: str = "Your account is at its old email again, and everybody is signed out."
    password_reset_token: str
    removed: RemovedOut


class RevokedOut(BaseModel):
    """How many sessions were signed out."""

    revoked: int


class HealthOut(BaseModel):
    """Whether the server, and each part it depends on, answers."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool] = {}
    mail_is_late: bool | None = Field(
        default=None,
        description="Whether letters wait for more than five minutes; that makes nobody unready.",
    )
    details: dict[str, dict[str, str | int | float | None]] | None = Field(
        default=None, description="What is known of each part; only told to operators, as `/metrics` is."
    )


class Problem(BaseModel):
    """A refusal (RFC 9457): `detail` is for people, `code` for programs."""

    type: str = "about:blank"
    title: str = Field(examples=["Rate limited"])
    status: int = Field(examples=[429])
    detail: str = Field(examples=["Too many tries. You can try again in 29 s."])
    code: str = Field(examples=["rate_limited"])
    instance: str | None = Field(
        default=None, description="The request, as `urn:uuid:` and its id: what to tell the operator."
    )
    field: str | None = None
    reasons: list[str] = []
    errors: list[dict[str, str]] = []
