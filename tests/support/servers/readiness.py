"""Waiting for third-party programs."""

import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def until_it_listens(process: "subprocess.Popen[bytes]", port: int, log: Path, patience: float) -> None:
    """Wait until a program listens on `port`; fail with its log if it ends or after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError(log.read_text())
