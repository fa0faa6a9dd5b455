"""The built pages: when to build them, what they contain, how browsers may keep them.

Importing this package stays cheap: Reflex is only imported by `plugin` and by the build's own process.
"""

from autograph_web.frontend.build import ensure_built, fingerprint
from autograph_web.frontend.pages import PageInfo, cache_control, load_pages, plain_page
from autograph_web.frontend.paths import STATIC_DIR

__all__ = [
    "STATIC_DIR",
    "PageInfo",
    "cache_control",
    "ensure_built",
    "fingerprint",
    "load_pages",
    "plain_page",
]
