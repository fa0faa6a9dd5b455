"""Errors (RFC 9457)."""

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """An error (RFC 9457): `detail` is a message for people, `code` is stable."""

    type: str = "about:blank"
    title: str = Field(examples=["Rate limited"])
    status: int = Field(examples=[429])
    detail: str = Field(examples=["Too many attempts. Try again in 29 seconds."])
    code: str = Field(examples=["rate_limited"])
    instance: str | None = Field(
        default=None, description="The request as `urn:uuid:` and its ID, to quote to an administrator."
    )
    field: str | None = None
    reasons: list[str] = []
    errors: list[dict[str, str]] = []
