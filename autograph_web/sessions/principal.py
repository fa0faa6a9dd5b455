"""The authenticated user of a request, and the grant that entitles to a session."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from autograph_web.sessions.assurance import Assurance


@dataclass(frozen=True, slots=True)
class SessionPrincipal:
    """The user that a valid credential authenticates, as of this request.

    `token_id` is the access token's jti (RFC 7519 section 4.1.7), or None for a cookie.
    """

    user_id: UUID
    email: str
    role: str
    mfa_enabled: bool
    session_id: UUID
    signed_in_at: datetime
    expires_at: datetime
    remember: bool
    method: str
    amr: str | None = None
    token_id: str | None = None
    token_expires_at: int = 0

    @property
    def assurance(self) -> Assurance:
        """How and when the user authenticated."""
        return Assurance.of(self.method, self.amr, self.signed_in_at)


@dataclass(frozen=True, slots=True)
class AuthenticationGrant:
    """Proof that every stage of a sign-in was passed; it opens exactly one session.

    `session_id` is chosen when the grant is made, so that the audit log can name the session and a second use
    of the grant violates the primary key. `method` lists the methods that were verified, such as
    `password+totp`, and `amr` the corresponding RFC 8176 values (None in a ticket of the previous version);
    `replaces` is the session that ends when this one opens, after a reauthentication. `password_changed_at`
    identifies the password that was verified: once the password changes, the grant opens no session.
    """

    session_id: UUID
    user_id: UUID
    email: str
    epoch: int
    remember: bool
    method: str
    authenticated_at: datetime
    password_changed_at: datetime
    trust_device: bool = False
    replaces: UUID | None = None
    amr: str | None = None

    @property
    def has_factor(self) -> bool:
        """Whether more than the password was verified: a second factor, or a trusted device in its place."""
        return Assurance.of(self.method, self.amr, self.authenticated_at).is_two_step
