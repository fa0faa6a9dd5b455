"""Whether the server of this container answers: exit code 0 or 1. It needs no package: it runs often."""

import os
import sys
import urllib.request

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def main() -> int:
    """Ask for `/health/live` at the address the server listens on; return the exit code."""
    host = os.environ.get("AUTOGRAPH_HOST", "").strip()
    host = _EVERYWHERE.get(host, host)
    place = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(
            f"http://{place}:{os.environ.get('PORT', '3000')}/health/live", timeout=4
        ):
            return 0
    except OSError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
