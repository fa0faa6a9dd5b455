"""Refusals about authenticators."""

from autograph_web.authn.errors import InvalidCode
from autograph_web.infra.errors import DomainError


class CodeOfReplaced(InvalidCode):
    """A code of the authenticator that another has replaced; the reasons tell which entry is good."""

    sentence = "That code is of an authenticator you have replaced."


class SetupCodeInvalid(DomainError):
    """A wrong code while turning two-step verification on."""

    code, status, default_field = "setup_code_invalid", 400, "code"
    sentence = "That code didn't work. Codes change every 30 seconds - enter the newest one."


class AuthenticatorClockWrong(SetupCodeInvalid):
    """A code of the right key for another time, while turning two-step verification on."""

    code = "authenticator_clock_wrong"
    sentence = "That code is for another time."

    @classmethod
    def by(cls, seconds: int) -> "AuthenticatorClockWrong":
        """Return the refusal of a code whose time is `seconds` from ours."""
        minutes = max(1, round(abs(seconds) / 60))
        about = f"about {minutes} minute{'s' if minutes > 1 else ''}"
        told = f"Your phone's clock and ours differ by {about}. Set the phone's time automatically."
        return cls(reasons=(told,))


class SetupCodeOfOther(SetupCodeInvalid):
    """A code of the authenticator that is about to be replaced; the reasons tell which entry is asked for."""

    sentence = "That code is of the authenticator you are replacing."


class NoPendingSetup(DomainError):
    """Nothing to turn on: the setup was not begun, or it was abandoned for another."""

    code, status = "no_pending_setup", 400
    sentence = "Start the setup again: there is no new key to confirm."
