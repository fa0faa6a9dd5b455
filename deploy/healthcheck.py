"""Container health check: exit code 0 if the server answers, else 1. No packages, as it runs often."""

import os
import sys
import urllib.request

_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def main() -> int:
    """Request `/health/live` at the server's listening address; return the exit code."""
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
