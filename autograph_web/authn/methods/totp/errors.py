"""Errors about authenticators."""

from autograph_web.authn.errors import InvalidCode
from autograph_web.infra.errors import DomainError
from autograph_web.infra.wording import counted


class CodeOfReplaced(InvalidCode):
    """A code of an authenticator that has been replaced; the reasons name the entry to use instead."""

    sentence = "That code is from an authenticator app you've replaced."


class SetupCodeInvalid(DomainError):
    """A wrong code while turning two-step verification on."""

    code, status, default_field = "setup_code_invalid", 400, "code"
    sentence = "That code didn't work. Codes change every 30 seconds, so enter the latest one."


class AuthenticatorClockWrong(SetupCodeInvalid):
    """A code of the right key for another time, during setup."""

    code = "authenticator_clock_wrong"
    sentence = "That code is for another time."

    @classmethod
    def by(cls, seconds: int) -> "AuthenticatorClockWrong":
        """Return the error for a code whose time differs from the server's by `seconds`."""
        off = counted(max(1, round(abs(seconds) / 60)), "minute")
        told = f"Your device's clock is off by about {off}. Set its time automatically."
        return cls(reasons=(told,))


class SetupCodeOfOther(SetupCodeInvalid):
    """A code of the authenticator that is about to be replaced; the reasons name the entry to use instead."""

    sentence = "That code is from the authenticator app you're replacing."


class NoPendingSetup(DomainError):
    """No setup is pending: it was not started, or a newer setup replaced it."""

    code, status = "no_pending_setup", 400
    sentence = "Your setup has expired. Start again."
