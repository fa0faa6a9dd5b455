"""The password policy: length, strength, and the reasons for a rejection."""

from dataclasses import dataclass
from functools import cache
from typing import Any, cast
from unicodedata import normalize

import anyio
from anyio import CapacityLimiter
from zxcvbn import matching, zxcvbn

from autograph_web.accounts.errors import (
    PasswordTooCommon,
    PasswordTooLong,
    PasswordTooShort,
    PasswordTooWeak,
)
from autograph_web.infra.errors import DomainError, Unavailable
from autograph_web.infra.ratelimit.bounds import LONGEST_EMAIL

MOST_BYTES = 1024
_ESTIMATED = 64  # zxcvbn takes superlinear time; characters after the 64th only add strength
_PRODUCT_WORDS = ("autograph", "autographv3")
_LABELS = ("Weak", "Weak", "Fair", "Good", "Strong")
_LONGEST_QUEUE = 64
_METER_QUEUE = 8
_MOST_SPELLINGS = 16
_ADVICE = "Try something longer or less common, such as a short sentence."


@dataclass(frozen=True, slots=True)
class Assessment:
    """The strength of a password: `score` 0..4 (zxcvbn), whether the policy accepts it, and why not."""

    score: int
    acceptable: bool
    label: str
    reasons: tuple[str, ...]


class PasswordPolicy:
    """Assesses passwords: NIST SP 800-63B-4 section 3.1.1.2 (length, no composition rules, a blocklist)."""

    def __init__(self, min_length: int, min_score: int) -> None:
        _bound_spellings()
        self._min_length, self._min_score = min_length, min_score
        # Estimating is pure Python, so it runs one at a time and off the event loop; the strength meter needs
        # no account, so it has its own limiter and a short queue, and never delays a registration.
        self._meter, self._registrations = CapacityLimiter(1), CapacityLimiter(1)

    async def assess(self, password: str, email: str = "") -> Assessment:
        """Assess `password` for the account of `email`, for a strength meter; never raises.

        A score of -1 means that too many requests are waiting.
        """
        try:
            score, refusal = await self._judge(password, email, self._meter, _METER_QUEUE)
        except Unavailable:
            return Assessment(-1, False, "", ())
        if isinstance(refusal, PasswordTooShort):
            return Assessment(0, False, "Too short", refusal.reasons)
        reasons = (refusal.reasons or (refusal.detail,)) if refusal else ()
        return Assessment(score, refusal is None, _LABELS[score], reasons)

    async def require(self, password: str, email: str) -> None:
        """Require that a password is acceptable.

        Raises:
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            Unavailable: Too many requests are waiting for an assessment.
        """
        _, refusal = await self._judge(password, email, self._registrations, _LONGEST_QUEUE)
        if refusal is not None:
            raise refusal

    async def _judge(
        self, password: str, email: str, slot: CapacityLimiter, queue: int
    ) -> tuple[int, DomainError | None]:
        refusal = self._wrong_length(password)
        if refusal is not None:
            return 1, refusal
        text = normalize("NFKC", password)
        words = _context_words(email)
        if _is_context(text, words):
            return 1, PasswordTooCommon(reasons=("Don't base it on your email or this service's name.",))
        if slot.statistics().tasks_waiting >= queue:
            raise Unavailable(retry_after=2)
        score, guesses_listed, reasons = await anyio.to_thread.run_sync(_estimate, text, words, limiter=slot)
        if score >= self._min_score:
            return score, None
        return max(score, 1), (PasswordTooCommon if guesses_listed else PasswordTooWeak)(reasons=reasons)

    def _wrong_length(self, password: str) -> DomainError | None:
        if len(password) > MOST_BYTES or len(password.encode("utf-8", "replace")) > MOST_BYTES:
            return PasswordTooLong()
        if len(normalize("NFKC", password)) < self._min_length:
            return PasswordTooShort(reasons=(f"Use at least {self._min_length} characters.",))
        return None


def _context_words(email: str) -> tuple[str, ...]:
    email = normalize("NFKC", email[:LONGEST_EMAIL]).lower()
    local, _, domain = email.partition("@")
    parts = {email, local, domain, *local.replace(".", " ").replace("+", " ").split(), domain.split(".")[0]}
    return tuple(sorted(word for word in {*parts, *_PRODUCT_WORDS} if len(word) > 2))


def _is_context(password: str, words: tuple[str, ...]) -> bool:
    rest = password.lower()
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "")
    return len("".join(letter for letter in rest if letter.isalpha())) < 3 and rest != password.lower()


def _estimate(password: str, words: tuple[str, ...]) -> tuple[int, bool, tuple[str, ...]]:
    result = zxcvbn(password[:_ESTIMATED].replace("\0", " "), user_inputs=list(words))
    warning = result["feedback"]["warning"]
    listed = len(result["sequence"]) == 1 and result["sequence"][0].get("dictionary_name") == "passwords"
    reasons = (f"{str(warning).rstrip('.')}.", _ADVICE) if warning else (_ADVICE,)
    return int(result["score"]), listed, reasons


@cache
def _bound_spellings() -> None:
    """Limit zxcvbn to the most common leetspeak substitutions, for the lifetime of the process.

    It tries every way to read "4" as "a", "!" as "i" or "l" and so on: hundreds for a password made of such
    characters, which takes seconds.
    """
    every: Any = cast(Any, matching).enumerate_l33t_subs

    def first(table: Any) -> Any:
        return every(table)[:_MOST_SPELLINGS]

    cast(Any, matching).enumerate_l33t_subs = first
