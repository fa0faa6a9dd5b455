"""Who is signed in, and the grant that lets a session be opened."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from autograph_web.sessions.assurance import Assurance


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person behind a valid credential, as of this request.

    `token_id` is the access token's jti (RFC 7519 section 4.1.7), None behind a cookie.
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
        """How and when the person authenticated."""
        return Assurance.of(self.method, self.amr, self.signed_in_at)


@dataclass(frozen=True, slots=True)
class AuthenticationGrant:
    """Proof that somebody passed every stage of signing in: it opens exactly one session.

    `session_id` is chosen when the grant is made, so the audit log can name the session, and a grant shown
    twice would collide with itself. `method` is what was shown, such as `password+totp`, and `amr` that in
    the values of RFC 8176 (None in a ticket of the version before); `replaces` is the session that ends when
    this one opens, after a re-authentication. `password_changed_at` names the password
    that was shown: once there is another one, the grant opens nothing.
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
        """Whether more than the password stands behind it: a second factor, or a device trusted with it."""
        return Assurance.of(self.method, self.amr, self.authenticated_at).is_two_step
