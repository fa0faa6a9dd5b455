"""Everything that is replaced inside Reflex, in one place; the pages know nothing of it.

Each module says what Reflex does, what that would do to people, and where it is discussed upstream. They were
written against one version and are tried anew with each: with another one the server does not start.
"""

from collections.abc import Callable
from importlib.metadata import version

import reflex as rx

from autograph_web.container import Services
from autograph_web.infra.startup_error import StartupError
from autograph_web.reflex_patches.bound_tabs import bind_tabs
from autograph_web.reflex_patches.cookies import seal_cookies
from autograph_web.reflex_patches.gone_tabs import forget_gone_tabs
from autograph_web.reflex_patches.state_manager import steady
from autograph_web.settings import Settings

WRITTEN_FOR = "0.10.1"


def patch(app: rx.App, settings: Settings, built: Callable[[], Services]) -> None:
    """Replace what is replaced in `app`; `built` returns its services once they are open.

    Raises:
        StartupError: It is another version of Reflex.
    """
    require(version("reflex"))
    steady(app, settings, built)
    forget_gone_tabs(app)
    bind_tabs(app)
    seal_cookies(app)


def require(installed: str) -> None:
    """Let the version pass that the patches were written for.

    Raises:
        StartupError: It is another one.
    """
    if installed != WRITTEN_FOR:
        raise StartupError(
            f"Reflex {installed} is installed, and this version works with {WRITTEN_FOR}:"
            " install what requirements.txt says"
        )
