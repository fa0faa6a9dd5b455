"""A proxy for machines without nginx: TLS, round robin over several servers, failover to the next one."""

import asyncio
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from deploy.proxy import write_certificate

_CHUNK = 65_536


class Balancer:
    """Forwards connections without inspecting them, so the servers behind it see only its address."""

    def __init__(self, folder: Path, port: int, servers: Sequence[int]) -> None:
        self.certificate = write_certificate(folder)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(folder / "fullchain.pem", folder / "privkey.pem")
        self._port, self._servers = port, list(servers)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._listening: asyncio.Server | None = None

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        self._listening = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        """Close every connection."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", self._port, ssl=self._tls)

    async def _close(self) -> None:
        if self._listening:
            self._listening.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            there, back = await self._connect()
            try:
                ways = [asyncio.create_task(_pass(reader, back)), asyncio.create_task(_pass(there, writer))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                back.transport.abort()
        writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for _ in self._servers:
            self._servers.append(self._servers.pop(0))
            with suppress(ConnectionRefusedError):
                return await asyncio.open_connection("127.0.0.1", self._servers[0])
        raise ConnectionRefusedError


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
