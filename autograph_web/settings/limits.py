"""Rate limits: one setting for each row of the table of limits."""

from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, create_model, field_validator
from pydantic_settings import NoDecode

from autograph_web.infra.ratelimit.table import Limit, Rate, parse_rates
from autograph_web.settings.section import Section


def _rates(value: object) -> object:
    return parse_rates(value) if isinstance(value, str) else value


_Rates = Annotated[tuple[Rate, ...], NoDecode, BeforeValidator(_rates)]
_LimitSettings = create_model(
    "_LimitSettings",
    __base__=Section,
    **cast(Any, {limit.setting: (_Rates, limit.default) for limit in Limit}),
)
"""One setting for each row of the table of limits."""
_OLD_LIMITS = {
    "login": (Limit.LOGIN, Limit.LOGIN_ACCOUNT),
    "registration": (Limit.REGISTER,),
    "password_reset": (Limit.RESET,),
    "api_key": (Limit.API_KEY,),
}
"""Settings of version 2 and the limits they set: `<name>_limit` and `<name>_window_seconds`."""


class LimitSettings(_LimitSettings):
    """Rate limits, including their deprecated names."""

    # Until the next version, in which only the names `limit_…` remain.
    login_limit: int | None = Field(None, ge=1)
    login_window_seconds: int | None = Field(None, ge=1)
    registration_limit: int | None = Field(None, ge=1)
    registration_window_seconds: int | None = Field(None, ge=1)
    password_reset_limit: int | None = Field(None, ge=1)
    password_reset_window_seconds: int | None = Field(None, ge=1)
    api_key_limit: int | None = Field(None, ge=1)

    @field_validator(Limit.API_KEY.setting, Limit.API_KEY_WRONG.setting)
    @classmethod
    def _check_one_rate(cls, rates: tuple[Rate, ...]) -> tuple[Rate, ...]:
        if len(rates) > 1:
            raise ValueError("must be one rate")
        return rates

    @property
    def rates(self) -> dict[Limit, tuple[Rate, ...]]:
        """The rates of each limit of the table."""
        return {limit: getattr(self, limit.setting) for limit in Limit} | self._old_rates

    @property
    def deprecated_limits(self) -> list[str]:
        """One line for each limit that is set by its deprecated name, with its current name."""
        told: list[str] = []
        for name, limits in _OLD_LIMITS.items():
            for old in (f"{name}_limit", f"{name}_window_seconds"):
                if getattr(self, old, None) is not None:
                    now = " and ".join(
                        f"AUTOGRAPH_{limit.setting.upper()}={','.join(map(str, self.rates[limit]))}"
                        for limit in limits
                    )
                    told.append(f"AUTOGRAPH_{old.upper()} is deprecated: set {now}")
        return told

    @property
    def _old_rates(self) -> dict[Limit, tuple[Rate, ...]]:
        found: dict[Limit, tuple[Rate, ...]] = {}
        for name, limits in _OLD_LIMITS.items():
            most = getattr(self, f"{name}_limit", None)
            window = getattr(self, f"{name}_window_seconds", None)
            if most is not None or window is not None:
                for limit in limits:
                    [usual] = limit.default
                    found[limit] = (Rate(most or usual.limit, window or usual.window),)
        return found
