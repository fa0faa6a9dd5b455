"""Errors about authenticators."""

from autograph_web.authn.errors import InvalidCode
from autograph_web.infra.errors import DomainError


class CodeOfReplaced(InvalidCode):
    """A code of an authenticator that has been replaced; the reasons name the entry to use instead."""

    sentence = "That code is of an authenticator you have replaced."


class SetupCodeInvalid(DomainError):
    """A wrong code while turning two-step verification on."""

    code, status, default_field = "setup_code_invalid", 400, "code"
    sentence = "That code didn't work. Codes change every 30 seconds - enter the newest one."


class AuthenticatorClockWrong(SetupCodeInvalid):
    """A code of the right key for another time, during setup."""

    code = "authenticator_clock_wrong"
    sentence = "That code is for another time."

    @classmethod
    def by(cls, seconds: int) -> "AuthenticatorClockWrong":
        """Return the error for a code whose time differs from the server's by `seconds`."""
        minutes = max(1, round(abs(seconds) / 60))
        about = f"about {minutes} minute{'s' if minutes > 1 else ''}"
        told = f"Your phone's clock and ours differ by {about}. Set the phone's time automatically."
        return cls(reasons=(told,))


class SetupCodeOfOther(SetupCodeInvalid):
    """A code of the authenticator that is about to be replaced; the reasons name the entry to use instead."""

    sentence = "That code is of the authenticator you are replacing."


class NoPendingSetup(DomainError):
    """No setup is pending: it was not started, or a newer setup replaced it."""

    code, status = "no_pending_setup", 400
    sentence = "Start the setup again: there is no new key to confirm."
