"""The nginx configuration that operators copy: what it logs, and how much of it one address can occupy."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from deploy.proxy import Proxy, nginx
from tests.support.servers.ports import free_port

TOKEN = "b7c2545f-309a-41d4-94e1-d1f2a9c0b3e4"
MOST = 300

pytestmark = pytest.mark.skipif(nginx() is None, reason="nginx is not installed")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that, except for one page, accepts a request and never answers before the client leaves."""
    if b"/login" in await reader.readline():
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    await reader.read()
    writer.close()


async def test_the_log_has_no_token_and_a_flood_is_cut(tmp_path: Path) -> None:
    port, behind = free_port(), free_port()
    site = Proxy(tmp_path / "nginx", port, free_port(), [behind])
    trusted = ssl.create_default_context(cafile=site.certificate)

    async def ask(path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("localhost", port, ssl=trusted)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await writer.drain()
        return reader, writer

    async with AsyncExitStack() as stack:
        server = await asyncio.start_server(silent, "127.0.0.1", behind)
        stack.callback(server.close)
        stack.enter_context(site)
        async with asyncio.timeout(10):
            while True:
                try:
                    reader, writer = await ask("/login")
                    break
                except ConnectionError:
                    await asyncio.sleep(0.05)
        assert b" 200 " in await reader.readline()
        writer.close()

        held = [await ask(f"/_event/?token={TOKEN}") for _ in range(MOST)]
        async with asyncio.timeout(20):
            reader, writer = await ask(f"/_event/?token={TOKEN}")
            assert b" 429 " in await reader.readline()
            for _, one in [*held, (reader, writer)]:
                one.transport.abort()
        server.close()
        async with asyncio.timeout(20):
            reader, writer = await ask(f"/login?token={TOKEN}")
            assert b" 503 " in await reader.readline()
            writer.transport.abort()
    said = (tmp_path / "nginx" / "access.log").read_text()
    assert "/_event/ 429" in said
    assert "/login 200" in said
    assert "/login 503" in said
    assert TOKEN not in said + (tmp_path / "nginx" / "error.log").read_text()
