"""A server that refuses every request and does nothing else, attacked for comparison.

While the attacker runs on the server's machine, it takes processor time from sign-ins, whatever the server
does. The duration of a sign-in while the same attack runs against this server shows that share.
"""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from tests.support.servers.live_server import ROOT
from tests.support.servers.ports import free_port

Message = dict[str, Any]


async def app(scope: Message, receive: Any, send: Any) -> None:
    """Refuse every request (ASGI)."""
    if scope["type"] == "lifespan":
        while True:
            await send({"type": f"{(await receive())['type']}.complete"})
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


@contextmanager
def bare_server() -> Generator[str]:
    """Run it on the product's server program with as many workers, and yield its address."""
    port = str(free_port())
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--workers", "2", "--port", port]
    with subprocess.Popen(
        [*command, "--log-level", "error", "tests.lab.refusing_server:app"], cwd=ROOT
    ) as process:
        try:
            yield f"http://localhost:{port}"
        finally:
            process.terminate()
