"""Tokens, sessions, and the principal of a request."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from autograph_web.api_keys.key import ApiKeyPrincipal, Scope, in_order
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authz.principal import Principal
from autograph_web.infra.user_agent import describe_user_agent
from autograph_web.sessions.devices import OpenSession
from autograph_web.sessions.principal import SessionPrincipal
from autograph_web.sessions.tokens import TokenPair


class RefreshRequest(BaseModel):
    """A refresh token to exchange."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: Annotated[str, Field(min_length=1, max_length=4096)]


class TokensOut(BaseModel):
    """A token pair (RFC 6749 section 5.1); `expires_in` is the lifetime of the access token in seconds."""

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


class OpenSessionOut(BaseModel):
    """An active session of the account."""

    id: UUID
    current: bool = Field(description="Whether this is the session of the request.")
    kind: Literal["browser", "client"] = Field(description="A cookie, or the tokens of a REST client.")
    method: str = Field(description="Sign-in methods used.", examples=["password+totp"])
    ip: str
    device: str = Field(description="Guessed from `user_agent`.", examples=["Firefox 140 on Linux"])
    user_agent: str
    signed_in_at: datetime
    last_seen_at: datetime = Field(description="Accurate to a few minutes.")

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
    signed_in_at: datetime = Field(description="When the user authenticated (OpenID Connect's `auth_time`).")
    expires_at: datetime
    remember_me: bool
    amr: list[str] = Field(description="Authentication methods (RFC 8176).", examples=[["pwd", "otp", "mfa"]])
    aal: int = Field(description="Authenticator assurance level (NIST SP 800-63B-4).", examples=[2])


class MeOut(BaseModel):
    """The account behind the credential."""

    id: UUID
    email: str
    role: str
    mfa_enabled: bool
    session: SessionOut

    @classmethod
    def of(cls, principal: SessionPrincipal) -> "MeOut":
        """Return the JSON representation of `principal`."""
        assurance = principal.assurance
        session = SessionOut(
            id=principal.session_id,
            signed_in_at=principal.signed_in_at,
            expires_at=principal.expires_at,
            remember_me=principal.remember,
            amr=list(assurance.amr),
            aal=assurance.level,
        )
        return cls(
            id=principal.user_id,
            email=principal.email,
            role=principal.role,
            mfa_enabled=principal.mfa_enabled,
            session=session,
        )


class ShownKeyOut(BaseModel):
    """The API key behind the request, with its effective scopes."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: datetime | None


class KeyMeOut(BaseModel):
    """The account behind an API key."""

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


class RevokedOut(BaseModel):
    """How many sessions were signed out."""

    revoked: int
