"""Errors (RFC 9457)."""

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """A refusal (RFC 9457): `detail` is for people, `code` for programs."""

    type: str = "about:blank"
    title: str = Field(examples=["Rate limited"])
    status: int = Field(examples=[429])
    detail: str = Field(examples=["Too many attempts. Try again in 29 seconds."])
    code: str = Field(examples=["rate_limited"])
    instance: str | None = Field(
        default=None, description="The request, as `urn:uuid:` and its id: what to tell the operator."
    )
    field: str | None = None
    reasons: list[str] = []
    errors: list[dict[str, str]] = []
