"""Every refusal the product can give: its stable code, HTTP status and sentence, once.

REST shows the sentence as the `detail` of an RFC 9457 problem, the pages show it beside the field.
"""

from typing import ClassVar


class DomainError(Exception):
    """A named refusal that a person or a client can act on.

    `field` names the input at fault, `retry_after` is in whole seconds, `reasons` are further sentences.
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
        """The sentence a person reads, with the wait and the reasons filled in."""
        sentence = self.sentence.format(retry_after=self.retry_after or 1)
        return " ".join((sentence, *self.reasons))


class InvalidInput(DomainError):
    """A request that does not have the documented shape."""

    code, status = "invalid_input", 422
    sentence = "Some of what you sent isn't in the expected form."


class NotFound(DomainError):
    """No such page or resource."""

    code, status = "not_found", 404
    sentence = "There is nothing at this address."


class Unavailable(DomainError):
    """The database or Redis cannot be reached right now."""

    code, status = "unavailable", 503
    sentence = "We can't do that right now. Nothing was changed - try again in a moment."


class Uncertain(Unavailable):
    """The database went away just as it was to keep something for good: nobody can tell whether it did."""

    code = "uncertain"
    sentence = "We can't tell whether that was done. Look before you try again in a moment."


class InternalError(DomainError):
    """A fault of ours; the trace stays in the log."""

    code, status = "internal_error", 500
    sentence = "Something went wrong on our side. Try again in a moment."


class RateLimited(DomainError):
    """Too many tries (RFC 6585 section 4)."""

    code, status = "rate_limited", 429
    sentence = "Too many tries. You can try again in {retry_after} s."


class TicketExpired(DomainError):
    """The one-use ticket between signing in and the cookie is unknown, used or over 30 s old."""

    code, status = "ticket_expired", 400
    sentence = "That took too long. Sign in once more."


def error_kinds() -> dict[str, type[DomainError]]:
    """Return every kind of refusal by its code; what merely refines another has no code of its own."""
    kinds = DomainError.__subclasses__()
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return {kind.code: kind for kind in kinds if "code" in vars(kind)}
