"""Hashes passwords in a dedicated thread pool, so that nothing else waits for them."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from typing import Any, TypeVar, cast
from unicodedata import normalize

import passlib.hash

from autograph_web.authn.methods.password.hash_queue import Asker, HashQueue
from autograph_web.infra.telemetry.metrics import meters
from autograph_web.infra.telemetry.tracing import step

# passlib creates its handlers on first access, so its type stubs do not name them.
_BCRYPT_SHA256: Any = cast(Any, passlib.hash).bcrypt_sha256
_T = TypeVar("_T")
_NICENESS = 10
_OURSELVES = Asker()


class PasswordHasher:
    """bcrypt over SHA-256 (no truncation, NUL allowed), in `threads` low-priority threads.

    Two threads per worker keep both cores busy; their low priority leaves the event loop CPU time, which
    keeps the latency of other requests flat during sign-ins.
    """

    def __init__(self, cost: int, threads: int) -> None:
        self._hash = _BCRYPT_SHA256.using(rounds=cost)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="hash", initializer=_be_nice)
        self._queue = HashQueue(self._pool, threads)
        self._nobody = cast(str, self._hash.hash("no account has this"))

    async def hash(self, password: str, asker: Asker = _OURSELVES) -> str:
        """Return the hash of `password`.

        Raises:
            Unavailable: Too many requests are waiting already.
        """
        return await self._run(asker, lambda: cast(str, self._hash.hash(canonical(password))))

    async def verify(self, password: str, known: str | None, asker: Asker = _OURSELVES) -> bool:
        """Return True if `password` has the hash `known`; None takes the same time and never matches.

        Raises:
            Unavailable: Too many requests are waiting already.
        """
        candidate = known or self._nobody
        right = await self._run(asker, lambda: bool(self._hash.verify(canonical(password), candidate)))
        return right and known is not None

    def outdated(self, known: str) -> bool:
        """Return True if `known` was made with other parameters and should be rehashed."""
        return bool(self._hash.needs_update(known))

    def close(self) -> None:
        """Stop the threads once they are idle."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, asker: Asker, work: Callable[[], _T]) -> _T:
        meters().hashes_waiting.inc()
        asked = perf_counter()
        try:
            with step("hash password"):
                done, began, ended = await self._queue.run(asker, lambda: _timed(work))
        finally:
            meters().hashes_waiting.dec()
        meters().hash_wait.observe(began - asked)
        meters().hash_time.observe(ended - began)
        return done


def canonical(password: str) -> str:
    """Return `password` in the normalized form (NFKC) that is hashed; equal results are the same password."""
    # The same characters typed on different keyboards arrive in different forms (NIST SP 800-63B-4 3.1.1.2);
    # a lone surrogate, which no keyboard produces, must not raise an encoding error.
    return normalize("NFKC", password).encode("utf-8", "replace").decode("utf-8")


def _timed(work: Callable[[], _T]) -> tuple[_T, float, float]:
    began = perf_counter()
    return work(), began, perf_counter()


def _be_nice() -> None:
    with suppress(OSError, AttributeError):
        # On Linux this applies to the calling thread only.
        os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
