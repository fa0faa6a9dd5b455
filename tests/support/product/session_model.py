"""The expected state of one account's sessions, tokens and keys: small enough to be verified by reading."""

from dataclasses import dataclass, field

GRACE_S = 10
"""How long a used refresh token still returns its successor to the client."""
COPY_S = 300
"""How long a process may go without checking a session in the database."""


@dataclass(eq=False)
class SessionModel:
    """One session. Its idle expiry is known only to within the age of cached copies: at least `idle_low`."""

    browser: bool
    remember: bool
    idle: float
    ends: float
    idle_low: float
    idle_high: float
    checked: float
    over: bool = False

    def used(self, now: float) -> None:
        """Record a use: if every cached copy has expired by now, this use is written to the database."""
        if now - self.checked >= COPY_S + 60:
            self.idle_low = now + self.idle
        self.idle_high = max(self.idle_high, now + self.idle)
        self.checked = now

    def is_alive(self, now: float) -> bool | None:
        """Return whether it may be used; None if either answer is correct."""
        if self.over or now >= min(self.idle_high, self.ends):
            return False
        return True if now < self.idle_low else None


@dataclass(eq=False)
class Shown:
    """A cookie (`expires` None) or an access token, and the session it belongs to."""

    text: str
    session: SessionModel
    expires: float | None = None


@dataclass(eq=False)
class RefreshModel:
    """A refresh token."""

    text: str
    session: SessionModel
    expires: float
    used: float | None = None
    user: str = ""
    successor: "RefreshModel | None" = None

    def repeats(self, now: float) -> bool:
        """Return True if the client that used it, and only that client, gets its successor once more."""
        return (
            self.used is not None
            and now - self.used <= GRACE_S
            and self.successor is not None
            and self.successor.used is None
        )


@dataclass(eq=False)
class KeyModel:
    """An API key."""

    id: str
    text: str
    expires: float | None
    revoked: bool = False


@dataclass
class AccountModel:
    """Everything that was ever issued to the account."""

    password: str
    locked: bool = False
    role: str = "user"
    sessions: list[SessionModel] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    refresh: list[RefreshModel] = field(default_factory=list)
    keys: list[KeyModel] = field(default_factory=list)

    def end_all(self) -> None:
        """End every session."""
        for session in self.sessions:
            session.over = True

    def accepts(self, shown: Shown, now: float) -> bool | None:
        """Return whether a cookie or an access token is accepted; None if either answer is correct."""
        if shown.expires is not None and now >= shown.expires:
            return False
        return shown.session.is_alive(now)

    def accepts_key(self, key: KeyModel, now: float) -> bool:
        """Return whether an API key is accepted."""
        return not (key.revoked or self.locked or (key.expires is not None and now >= key.expires))
