"""The load of GET /me: from wrk if it is installed, otherwise from our own client."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.client import Wrong, for_seconds
from tests.benchmarks.exchanges import Reading, Wandering
from tests.benchmarks.figures import Timed

_SCRIPT = Path(__file__).with_name("load.lua")
_MOST_THREADS = 2


def generator() -> str:
    """The name of the load generator."""
    return "wrk" if shutil.which("wrk") else "an asyncio client"


async def read(port: int, readings: Sequence[Reading], connections: int, seconds: int) -> Timed:
    """Read over this many connections for this many seconds, in random order; check every response."""
    if not shutil.which("wrk"):
        shares = [readings[number % len(readings) :: connections] for number in range(connections)]
        return await for_seconds(port, [Wandering(share) for share in shares], seconds)
    threads = str(min(len(readings), _MOST_THREADS))
    options = ["-t", threads, "-c", str(connections), "-d", f"{seconds}s", "--timeout", "5s"]
    with tempfile.NamedTemporaryFile("w", prefix="ag-readings-") as file:
        file.writelines(f"{reading.token} {reading.expected}\n" for reading in readings)
        file.flush()
        place = f"http://127.0.0.1:{port}/me"
        output = await _run(*options, "-s", str(_SCRIPT), place, "--", threads, file.name)
    answers, microseconds, p50, p99, failed = map(int, output.rpartition("result ")[2].split())
    if failed or "Non-2xx" in output:
        raise Wrong(f"{failed} of {answers} answers to GET /me were not what they must be\n{output}")
    return Timed(answers, answers / microseconds * 1e6, p50 / 1e6, p99 / 1e6)


async def _run(*arguments: str) -> str:
    pipe, merged = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec("wrk", *arguments, stdout=pipe, stderr=merged)
    try:
        async with asyncio.timeout(30):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    text = output.decode(errors="replace")
    if process.returncode or "result " not in text:
        raise Wrong(f"wrk failed: {text}")
    return text
