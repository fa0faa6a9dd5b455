"""Health."""

from typing import Literal

from pydantic import BaseModel, Field


class HealthOut(BaseModel):
    """Whether the server and each component it depends on is available."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, bool] = {}
    mail_is_late: bool | None = Field(
        default=None,
        description="Whether email has been queued for more than five minutes; doesn't affect readiness.",
    )
    details: dict[str, dict[str, str | int | float | None]] | None = Field(
        default=None, description="Details of each component, for operators only (see `/metrics`)."
    )
