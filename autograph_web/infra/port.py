"""Whether the port of a server is free."""

import socket

from autograph_web.infra.startup_error import StartupError


def check_port(host: str, port: int) -> None:
    """Make sure nobody listens at an address yet.

    Raises:
        StartupError: The port is taken, or the address is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = "stop what uses it or choose another with PORT=…"
            raise StartupError(f"port {port} is not free ({error.strerror}); {advice}") from None
