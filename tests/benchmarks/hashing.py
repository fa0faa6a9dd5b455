"""The bare limit of sign-ins: nothing but hashes, in processes and threads like the server's."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any, cast

import passlib.hash

COST = 12
_PASSWORD = "violet anchor meadow sky"
_NICENESS = 10  # as in the server, so that other load on the machine affects both alike
_PATIENCE_S = 30.0


class Hashing:
    """Processes that hash on demand."""

    def __init__(self, processes: list[asyncio.subprocess.Process]) -> None:
        self._processes = processes

    async def rate(self, hashes: int) -> float:
        """Verify this many passwords as fast as possible and return the rate per second."""
        share = hashes // len(self._processes)
        start = time.perf_counter()
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.gather(*(_verify(process, share) for process in self._processes))
        return share * len(self._processes) / (time.perf_counter() - start)


@asynccontextmanager
async def hashing(processes: int, threads: int) -> AsyncGenerator[Hashing]:
    """Keep this many processes with this many threads ready within the block."""
    command = (sys.executable, "-m", __name__, str(threads))
    pipe = asyncio.subprocess.PIPE
    started = [
        await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(processes)
    ]
    try:
        for process in started:
            await _verify(process, threads)  # awake, and everything imported
        yield Hashing(started)
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _verify(process: asyncio.subprocess.Process, hashes: int) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{hashes}\n".encode())
    await process.stdout.readline()


def main() -> None:
    """Read a number, verify that many passwords in `threads` threads, report it; repeatedly."""
    threads, scheme = int(sys.argv[1]), cast(Any, passlib.hash).bcrypt_sha256.using(rounds=COST)
    known = scheme.hash(_PASSWORD)
    for line in sys.stdin:
        numbers, hashes = count(), int(line)

        def work(numbers: "count[int]" = numbers, hashes: int = hashes) -> None:
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
            while next(numbers) < hashes:
                assert scheme.verify(_PASSWORD, known)

        workers = [threading.Thread(target=work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print("done", flush=True)


if __name__ == "__main__":
    main()
