"""JSON schemas of the server overview and the feature flags, for administrators."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from autograph_web.admin.statistics.figures import Day, Now, Span
from autograph_web.admin.statistics.statistics import Report
from autograph_web.flags.flags import FlagState
from autograph_web.flags.inputs import ALL_ACCOUNTS


class StatisticsQuery(BaseModel):
    """The period of the statistics."""

    model_config = ConfigDict(extra="forbid")

    days: Span = Field(default=Span.MONTH, description="Number of days including today: 7, 30 or 90.")


class DayOut(BaseModel):
    """One day in UTC; today is still in progress."""

    day: date
    sign_ins: int
    failures: int = Field(description="Wrong passwords and wrong codes.")
    registrations: int
    accounts: int = Field(description="At the end of the day.")
    with_mfa: int
    mfa_percent: float

    @classmethod
    def of(cls, day: Day) -> "DayOut":
        """Return the JSON representation of `day`."""
        return cls(
            day=day.day,
            sign_ins=day.sign_ins,
            failures=day.failures,
            registrations=day.registrations,
            accounts=day.accounts,
            with_mfa=day.with_mfa,
            mfa_percent=day.adoption,
        )


class NowOut(BaseModel):
    """Current totals."""

    accounts: int
    active: int = Field(description="Accounts that signed in or used a session in the last seven days.")
    with_mfa: int
    mfa_percent: float
    locked: int
    open_sessions: int
    letters_waiting: int
    letters_failed: int

    @classmethod
    def of(cls, now: Now) -> "NowOut":
        """Return the JSON representation of `now`."""
        return cls(
            accounts=now.accounts,
            active=now.active,
            with_mfa=now.with_mfa,
            mfa_percent=now.adoption,
            locked=now.locked,
            open_sessions=now.open_sessions,
            letters_waiting=now.letters_waiting,
            letters_failed=now.letters_failed,
        )


class AttentionOut(BaseModel):
    """Something that needs attention."""

    code: str
    detail: str


class StatisticsOut(BaseModel):
    """Usage of the server; days are in UTC, oldest first."""

    at: datetime
    now: NowOut
    attention: list[AttentionOut]
    days: list[DayOut]

    @classmethod
    def of(cls, report: Report) -> "StatisticsOut":
        """Return the JSON representation of `report`."""
        return cls(
            at=report.at,
            now=NowOut.of(report.now),
            attention=[AttentionOut(code=one.matter, detail=one.sentence) for one in report.attention],
            days=[DayOut.of(day) for day in report.days],
        )


class FlagOut(BaseModel):
    """A feature flag: its value, the percentage of accounts it applies to, and the value for all others."""

    name: str
    value: str
    percent: int
    default: str = Field(description="Server default: the value for all other accounts.")
    choices: list[str]
    per_account: bool = Field(description="Whether it can apply to a percentage of accounts.")
    meaning: str
    changed_at: datetime | None
    changed_by: str | None

    @classmethod
    def of(cls, standing: FlagState) -> "FlagOut":
        """Return the JSON representation of `standing`."""
        flag, switched = standing.flag, standing.switched
        return cls(
            name=flag.name,
            value=standing.word,
            percent=standing.percent,
            default=standing.default,
            choices=list(flag.choices),
            per_account=flag.per_account,
            meaning=flag.meanings[standing.word],
            changed_at=switched.at if switched else None,
            changed_by=switched.by if switched else None,
        )


class FlagRequest(BaseModel):
    """The new value of a flag; null resets it to the server default."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[str | None, Field(max_length=32, examples=["off"])]
    percent: Annotated[int, Field(strict=True)] = ALL_ACCOUNTS
