"""Checks whether the port of the server is free."""

import errno
import socket

from autograph_web.infra.startup_error import StartupError


def check_port(host: str, port: int) -> None:
    """Check that no process is listening on an address.

    Raises:
        StartupError: The port is in use, or the address does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                reason = f"port {port} is already in use; stop that program or set PORT=…"
            else:
                reason = f"cannot listen on port {port} ({error.strerror}); set PORT or AUTOGRAPH_HOST"
            raise StartupError(reason) from None
