"""Where the project, its built pages and the tools' own files are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""The project folder, which Reflex calls the application's root."""

BUILD_DIR = ROOT / ".web" / "build"
"""What one build wrote; Reflex removes it whole before the next."""

STATIC_DIR = BUILD_DIR / "client"
"""The files browsers get."""

MANIFEST = BUILD_DIR / "csp.json"
STAMP = BUILD_DIR / "fingerprint"

TOOLS_DIR = ROOT / ".build"
"""Lock, log and caches of the build. Not below .web: Reflex empties that folder when its version changes."""

LOCK_DIR = ROOT / "reflex.lock"
"""The pinned npm packages, kept in the repository."""
