"""What should be true of one account's sessions, tokens and keys: small enough to be checked by reading."""

from dataclasses import dataclass, field

GRACE_S = 10
"""How long a used refresh token gives its client the successor again."""
COPY_S = 300
"""How long a process may go without asking the database about a session."""


@dataclass(eq=False)
class SessionModel:
    """One session. When it idles out is known to within what copies leave open: not before `idle_low`."""

    browser: bool
    remember: bool
    idle: float
    ends: float
    idle_low: float
    idle_high: float
    checked: float
    over: bool = False

    def used(self, now: float) -> None:
        """Note a use: if every copy has run out by now, this use is written down."""
        if now - self.checked >= COPY_S + 60:
            self.idle_low = now + self.idle
        self.idle_high = max(self.idle_high, now + self.idle)
        self.checked = now

    def is_alive(self, now: float) -> bool | None:
        """Tell whether it may be used; None if either answer is right."""
        if self.over or now >= min(self.idle_high, self.ends):
            return False
        return True if now < self.idle_low else None


@dataclass(eq=False)
class Shown:
    """A cookie (`expires` None) or an access token, and the session it stands for."""

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
        """Tell whether the client that used it, and nobody else, gets its successor once more."""
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
    """Everything that was ever handed out for the account."""

    password: str
    locked: bool = False
    role: str = "user"
    sessions: list[SessionModel] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    refresh: list[RefreshModel] = field(default_factory=list)
    keys: list[KeyModel] = field(default_factory=list)

    def end_all(self) -> None:
        """Every session is over."""
        for session in self.sessions:
            session.over = True

    def accepts(self, shown: Shown, now: float) -> bool | None:
        """Tell whether a cookie or an access token opens anything; None if either answer is right."""
        if shown.expires is not None and now >= shown.expires:
            return False
        return shown.session.is_alive(now)

    def accepts_key(self, key: KeyModel, now: float) -> bool:
        """Tell whether an API key opens anything."""
        return not (key.revoked or self.locked or (key.expires is not None and now >= key.expires))
