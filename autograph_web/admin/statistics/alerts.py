"""The table of conditions that an operator should look at: when each applies, and its message."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from autograph_web.admin.statistics.figures import Day, Now
from autograph_web.infra.wording import counted

# When failed sign-ins are unusual: at least `_MANY` in a day, and `_TIMES` the average of the days before.
_MANY, _TIMES = 20, 3
_SEE_WHY = "Run `python -m autograph_web mail` to see why."


class AlertCode(StrEnum):
    """A condition that may require attention; the value is its name in REST."""

    LETTERS_FAILED = "letters_failed"
    MAIL_LATE = "mail_late"
    ADMINS_WITHOUT_MFA = "administrators_without_two_step"
    MANY_FAILURES = "many_failures_today"
    TOKENS_REUSED = "copied_tokens_stopped"


@dataclass(frozen=True, slots=True)
class Alert:
    """One condition that applies."""

    matter: AlertCode
    sentence: str


def alerts_for(
    days: Sequence[Day], now: Now, *, late: bool, admins_without_mfa: int, reused: int
) -> list[Alert]:
    """Return the conditions that apply, most urgent first."""
    today = days[-1].failures
    letters, admins = now.letters_failed, admins_without_mfa
    found = (
        (
            letters > 0,
            AlertCode.LETTERS_FAILED,
            f"{counted(letters, 'email')} couldn't be delivered. {_SEE_WHY}",
        ),
        (
            late,
            AlertCode.MAIL_LATE,
            "Emails have been queued for more than five minutes. The mail server may be unreachable.",
        ),
        (
            admins > 0,
            AlertCode.ADMINS_WITHOUT_MFA,
            f"{counted(admins, 'administrator')} {_without(admins)} two-step verification.",
        ),
        (
            _stands_out(today, [day.failures for day in days[:-1]]),
            AlertCode.MANY_FAILURES,
            f"{counted(today, 'failed sign-in')} today, far more than usual.",
        ),
        (
            reused > 0,
            AlertCode.TOKENS_REUSED,
            f"Blocked {counted(reused, 'reused refresh token')} in this period. {_stolen(reused)}",
        ),
    )
    return [Alert(matter, sentence) for true, matter, sentence in found if true]


def _stands_out(today: int, before: Sequence[int]) -> bool:
    average = sum(before) / len(before) if before else 0
    return today >= _MANY and today > _TIMES * average


def _without(number: int) -> str:
    return "doesn't use" if number == 1 else "don't use"


def _stolen(number: int) -> str:
    return f"Someone may have stolen {'it' if number == 1 else 'them'}."
