"""The Caddy and HAProxy configurations that operators copy: what they log, pass on and refuse."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.proxy import write_certificate
from tests.interop.proxies import installed
from tests.support.servers.ports import free_port
from tests.support.servers.readiness import until_it_listens

DEPLOY = Path(__file__).parents[2] / "deploy"
TOKEN = "b7c2545f-309a-41d4-94e1-d1f2a9c0b3e4"
MOST = 300
_PATIENCE_S = 15.0


@dataclass
class Backend:
    """Answers /login, disconnects on /away, lets all others wait; records the request heads it receives."""

    port: int
    heads: list[str] = field(default_factory=list[str])
    keeps: asyncio.Event = field(default_factory=asyncio.Event)
    over: list[asyncio.Event] = field(default_factory=list[asyncio.Event])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over = asyncio.Event()
        self.over.append(over)
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            over.set()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head.lower())
        asked = head.partition("\r\n")[0]
        if "/login" in asked:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        elif "/away" not in asked:
            self.keeps.set()
            await reader.read()


@dataclass
class Site:
    """A running proxy with the configuration of `deploy`, except for the addresses and the certificate."""

    port: int
    logs: list[Path]
    trusted: ssl.SSLContext

    async def say(self, request: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("localhost", self.port, ssl=self.trusted)
        writer.write(request.replace("\n", "\r\n").encode())
        return reader, writer

    async def status(self, request: str) -> str:
        """Return the status of the response to `request`."""
        reader, writer = await self.say(request)
        async with asyncio.timeout(_PATIENCE_S):
            line = await reader.readline()
        writer.transport.abort()
        return line.split(b" ")[1].decode() if line else ""

    @property
    def log(self) -> str:
        return "".join(file.read_text() for file in self.logs if file.exists())


WEBSOCKET = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)


def get(path: str, *headers: str) -> str:
    return "\n".join((f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""))


def caddy(folder: Path, port: int, behind: int) -> tuple[str, list[str]]:
    text = (DEPLOY / "caddy" / "Caddyfile").read_text()
    text = text.replace(
        "{\n    log default", "{\n    admin off\n    auto_https disable_redirects\n    log default", 1
    )
    here = f"https://localhost:{port} {{\n    tls {folder}/fullchain.pem {folder}/privkey.pem"
    text = text.replace("accounts.example.com {", here, 1)
    text = text.replace("/var/log/caddy", str(folder)).replace(
        "127.0.0.1:3001 127.0.0.1:3002", f"127.0.0.1:{behind}"
    )
    (folder / "Caddyfile").write_text(text)
    return text, ["run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


def haproxy(folder: Path, port: int, behind: int) -> tuple[str, list[str]]:
    (folder / "site.pem").write_text(
        (folder / "fullchain.pem").read_text() + (folder / "privkey.pem").read_text()
    )
    text = (DEPLOY / "haproxy" / "haproxy.cfg").read_text()
    text = text.replace("    bind :80\n", "").replace("bind :443", f"bind 127.0.0.1:{port}")
    text = text.replace("/etc/autograph/tls", str(folder)).replace(
        "    option httpchk GET /health/ready\n", ""
    )
    text = text.replace("default-server check inter 2s fall 1 rise 1\n    server one 127.0.0.1:3001\n", "")
    text = text.replace("server two 127.0.0.1:3002", f"server two 127.0.0.1:{behind}")
    (folder / "haproxy.cfg").write_text(text)
    return text, ["-db", "-f", str(folder / "haproxy.cfg")]


@contextmanager
def running(name: str, folder: Path, behind: int) -> Generator[Site]:
    program, port = installed(name), free_port()
    trusted = ssl.create_default_context(cafile=write_certificate(folder))
    text, arguments = {"caddy": caddy, "haproxy": haproxy}[name](folder, port, behind)
    assert str(behind) in text
    assert "example.com" not in text.partition("\n\n")[2]
    said = folder / "said.log"
    with said.open("wb") as log:
        process = subprocess.Popen([program, *arguments], stdout=log, stderr=log, env={"HOME": str(folder)})
    try:
        until_it_listens(process, port, said, _PATIENCE_S)
        yield Site(port, [said, folder / "autograph.log"], trusted)
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def backend() -> AsyncGenerator[Backend]:
    serving = Backend(free_port())
    server = await asyncio.start_server(serving.serve, "127.0.0.1", serving.port)
    try:
        yield serving
    finally:
        server.close()
        async with asyncio.timeout(_PATIENCE_S):
            for over in serving.over:
                await over.wait()


@pytest.mark.parametrize("name", ["caddy", "haproxy"])
async def test_no_log_has_the_token_of_a_tab(name: str, tmp_path: Path) -> None:
    async with backend() as behind:
        with running(name, tmp_path, behind.port) as site:
            referer = f"Referer: https://localhost/login?token={TOKEN}"
            assert await site.status(get(f"/login?token={TOKEN}", referer)) == "200"
            assert await site.status(get(f"/login?token={TOKEN}", "no header")) == "400"
            _, cut = await site.say(get(f"/_event/?token={TOKEN}", *WEBSOCKET))
            async with asyncio.timeout(_PATIENCE_S):
                await behind.keeps.wait()
            cut.transport.abort()
            assert await site.status(get(f"/away?token={TOKEN}", referer)) == "502"
        said = site.log
    assert "/login" in said
    assert "/away" in said
    assert TOKEN not in said


@pytest.mark.parametrize("name", ["caddy", "haproxy"])
async def test_what_a_stranger_claims_to_be_goes_no_further(name: str, tmp_path: Path) -> None:
    async with backend() as behind:
        with running(name, tmp_path, behind.port) as site:
            lies = "X-Forwarded-For: 203.0.113.9", "Forwarded: for=203.0.113.9", "X-Forwarded-Proto: http"
            assert await site.status(get("/login", *lies)) == "200"
    [head] = behind.heads
    assert "203.0.113.9" not in head
    assert "x-forwarded-for: 127.0.0.1\r\n" in head
    assert "x-forwarded-proto: https\r\n" in head


@pytest.mark.parametrize("name", ["caddy", "haproxy"])
async def test_the_proxy_refuses_metrics(name: str, tmp_path: Path) -> None:
    async with backend() as behind:
        with running(name, tmp_path, behind.port) as site:
            assert await site.status(get("/metrics")) == "404"
            assert await site.status(get("/metrics/")) == "404"
    assert behind.heads == []


async def test_an_address_has_so_many_connections_to_haproxy(tmp_path: Path) -> None:
    async with backend() as behind:
        with running("haproxy", tmp_path, behind.port) as site:
            big = "POST /login HTTP/1.1\nHost: localhost\nContent-Length: 65537\n\n"
            assert await site.status(big) == "413"
            held = [await site.say(get("/_event/", *WEBSOCKET)) for _ in range(MOST)]
            assert await site.status(get("/login")) == "429"
            for _, one in held:
                one.transport.abort()
            async with asyncio.timeout(_PATIENCE_S):
                while True:
                    if await site.status(get("/login")) == "200":
                        break
                    await asyncio.sleep(0.05)
