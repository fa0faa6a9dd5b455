"""Child processes."""

import subprocess


def end_process(process: "subprocess.Popen[bytes]", patience_s: float) -> None:
    """Ask a child to end, and kill it if it has not after so many seconds; return once it has ended."""
    process.terminate()
    try:
        process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
