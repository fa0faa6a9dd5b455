"""Health."""

from typing import Literal

from pydantic import BaseModel, Field


class HealthOut(BaseModel):
    """Whether the server, and each part it depends on, answers."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool] = {}
    mail_is_late: bool | None = Field(
        default=None,
        description="Whether letters wait for more than five minutes; that makes nobody unready.",
    )
    details: dict[str, dict[str, str | int | float | None]] | None = Field(
        default=None, description="What is known of each part; only told to operators, as `/metrics` is."
    )
