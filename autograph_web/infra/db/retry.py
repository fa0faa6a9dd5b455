"""A unit of work that the database gave up in favour of another is done once more, from its beginning."""

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
"""Before each further try; up to as much again is added by chance, so that two do not meet once more."""


def retried(
    work: Callable[_P, Coroutine[Any, Any, _T]],
    randomness: Randomness | None = None,
    pauses: Sequence[float] = _PAUSES_S,
) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Have a use case begin anew if its unit of work was ended for a conflict with another one.

    PostgreSQL has taken everything back by then. So `work` may have one unit of work and no other effect
    before the unit has committed, or only such as may happen twice; what it reads in the unit is read again.

    Raises:
        Unavailable: There was a conflict each time.
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
    """Return True if the database ended a unit of work for a conflict with another: it can be done again."""
    error = refusal.__cause__
    return str(getattr(getattr(error, "orig", None), "sqlstate", None)) in _CONFLICTS
