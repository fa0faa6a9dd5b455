"""The common domain errors: each has a stable code, an HTTP status and a sentence for the user.

REST returns the sentence as the `detail` of an RFC 9457 problem, the pages show it beside the field.
"""

from typing import ClassVar

from autograph_web.infra.wording import counted


class DomainError(Exception):
    """A named error that a user or a client can act on.

    `field` names the invalid input, `retry_after` is in whole seconds, `reasons` are further sentences.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    sentence: ClassVar[str] = "That didn't work. Try again."
    default_field: ClassVar[str | None] = None

    def __init__(
        self, *, field: str | None = None, retry_after: int | None = None, reasons: tuple[str, ...] = ()
    ) -> None:
        super().__init__(self.code)
        self.field = field or self.default_field
        self.retry_after = retry_after
        self.reasons = reasons

    @property
    def detail(self) -> str:
        """The sentence shown to the user, including the waiting time and the reasons."""
        sentence = self.sentence.format(wait=counted(self.retry_after or 1, "second"))
        return " ".join((sentence, *self.reasons))


class InvalidInput(DomainError):
    """The request does not have the documented form."""

    code, status = "invalid_input", 422
    sentence = "Some fields aren't in the expected format."


class NotFound(DomainError):
    """There is no such page or resource."""

    code, status = "not_found", 404
    sentence = "Not found."


class Unavailable(DomainError):
    """The database or Redis is unavailable."""

    code, status = "unavailable", 503
    sentence = "We can't do that right now. Nothing was changed. Try again in a moment."


class Uncertain(Unavailable):
    """The database connection was lost during a commit: whether it took effect is unknown."""

    code = "uncertain"
    sentence = "We couldn't confirm that your change was saved. Check before you try again."


class InternalError(DomainError):
    """An internal error; its trace is only logged."""

    code, status = "internal_error", 500
    sentence = "Something went wrong on our side. Try again in a moment."


class RateLimited(DomainError):
    """A rate limit was exceeded (RFC 6585 section 4)."""

    code, status = "rate_limited", 429
    sentence = "Too many attempts. Try again in {wait}."


class TicketExpired(DomainError):
    """The one-time ticket between sign-in and cookie is unknown, used or older than 30 s."""

    code, status = "ticket_expired", 400
    sentence = "That took too long. Sign in again."


def error_kinds() -> dict[str, type[DomainError]]:
    """Return every kind of error by its code; a subclass that refines another has no code of its own."""
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return {kind.code: kind for kind in kinds if "code" in vars(kind)}
