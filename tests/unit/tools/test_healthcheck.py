"""The container's health check, at the address where the server listens."""

import http.server
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from tests.support.product.sources import ROOT


class _Live(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class _OnSix(http.server.HTTPServer):
    address_family = socket.AF_INET6


@contextmanager
def listening(host: str) -> Generator[int]:
    kind = _OnSix if ":" in host else http.server.HTTPServer
    with kind((host, 0), _Live) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def checked(host: str, port: int) -> int:
    settings = {"PATH": os.environ["PATH"], "PORT": str(port), "AUTOGRAPH_HOST": host}
    command = [sys.executable, "-I", "-S", str(ROOT / "deploy" / "healthcheck.py")]
    return subprocess.run(command, env=settings, capture_output=True, check=False).returncode


@pytest.mark.parametrize(
    ("listens", "host"),
    [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("127.0.0.1", ""), ("::1", "::1"), ("::1", "::")],  # noqa: S104
)
def test_the_check_asks_where_the_server_listens(listens: str, host: str) -> None:
    with listening(listens) as port:
        assert checked(host, port) == 0
    assert checked(host, port) == 1  # nothing listens there any longer
