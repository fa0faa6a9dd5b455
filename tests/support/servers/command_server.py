"""Runs commands as processes that need not import anything: each is a fork of one that has imported all.

Starting Python and importing the product takes far longer than most commands. The command itself behaves the
same: it has its own arguments, environment, streams, signals and exit code, and ends as Python ends.
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
from importlib import import_module

_MOST = 1 << 20


def main() -> None:
    """Serve requests from the socket on standard input until it is closed."""
    for name in sys.argv[1:]:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no process waits for a keeper
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as requests:
        while True:
            message, handles, _, _ = socket.recv_fds(requests, _MOST, 4)
            if not message:
                return
            if os.fork() == 0:
                requests.close()
                break
            for handle in handles:
                os.close(handle)
    _keep(message, handles)


def _keep(message: bytes, handles: list[int]) -> None:
    """Run one command in a separate process; report its process id, then its exit status."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, report = handles
    process = os.fork()
    if process:
        os.write(report, f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        os.write(report, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    os.close(report)
    for number, handle in enumerate(streams):
        os.dup2(handle, number)
        os.close(handle)
    asked = json.loads(message)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["autograph_web", *asked["arguments"]]
    runpy.run_module("autograph_web", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
