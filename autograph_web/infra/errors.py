"""The common domain errors: each has a stable code, an HTTP status and a sentence for the user.

REST returns the sentence as the `detail` of an RFC 9457 problem, the pages show it beside the field.
"""

from typing import ClassVar


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
        sentence = self.sentence.format(retry_after=self.retry_after or 1)
        return " ".join((sentence, *self.reasons))


class InvalidInput(DomainError):
    """The request does not have the documented form."""

    code, status = "invalid_input", 422
    sentence = "Some of what you sent isn't in the expected form."


class NotFound(DomainError):
    """There is no such page or resource."""

    code, status = "not_found", 404
    sentence = "There is nothing at this address."


class Unavailable(DomainError):
    """The database or Redis is unavailable."""

    code, status = "unavailable", 503
    sentence = "We can't do that right now. Nothing was changed - try again in a moment."


class Uncertain(Unavailable):
    """The database connection was lost during a commit: whether it took effect is unknown."""

    code = "uncertain"
    sentence = "We can't tell whether that was done. Look before you try again in a moment."


class InternalError(DomainError):
    """An internal error; its trace is only logged."""

    code, status = "internal_error", 500
    sentence = "Something went wrong on our side. Try again in a moment."


class RateLimited(DomainError):
    """A rate limit was exceeded (RFC 6585 section 4)."""

    code, status = "rate_limited", 429
    sentence = "Too many tries. You can try again in {retry_after} s."


class TicketExpired(DomainError):
    """The one-time ticket between sign-in and cookie is unknown, used or older than 30 s."""

    code, status = "ticket_expired", 400
    sentence = "That took too long. Sign in once more."


def error_kinds() -> dict[str, type[DomainError]]:
    """Return every kind of error by its code; a subclass that refines another has no code of its own."""
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return {kind.code: kind for kind in kinds if "code" in vars(kind)}
