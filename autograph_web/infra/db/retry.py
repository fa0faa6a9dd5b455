"""Retries a unit of work that the database aborted because of a conflict."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from autograph_web.infra.errors import Unavailable
from autograph_web.infra.randomness import Randomness, SystemRandomness

_P = ParamSpec("_P")
_T = TypeVar("_T")
_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected (PostgreSQL, appendix A)
_PAUSES_S = (0.01, 0.04, 0.16, 0.64)
"""Seconds before each retry; up to the same amount of jitter is added, so that two do not collide again."""


def retried(
    work: Callable[_P, Coroutine[Any, Any, _T]],
    randomness: Randomness | None = None,
    pauses: Sequence[float] = _PAUSES_S,
) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Retry a use case if its unit of work was aborted because of a conflict with another one.

    PostgreSQL has then rolled everything back. So `work` may have only one unit of work, and before its
    commit no other effect, or only idempotent ones; what it reads within the unit is read again.

    Raises:
        Unavailable: Every attempt had a conflict.
    """
    chance = randomness or SystemRandomness()

    @wraps(work)
    async def begun_anew(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        for pause in pauses:
            try:
                return await work(*args, **kwargs)
            except Unavailable as refusal:
                if not is_conflict(refusal):
                    raise
            await asyncio.sleep(pause * (1 + chance.bytes(1)[0] / 255))
        return await work(*args, **kwargs)

    return begun_anew


def is_conflict(refusal: BaseException) -> bool:
    """Return True if the database aborted a unit of work because of a conflict, so that it can be retried."""
    error = refusal.__cause__
    return str(getattr(getattr(error, "orig", None), "sqlstate", None)) in _CONFLICTS
