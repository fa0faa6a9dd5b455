"""All modifications of Reflex internals, collected in one package; the pages do not depend on them.

Each module states what Reflex does, the effect on users, and where it is discussed upstream. The patches were
written for one version and are tested against each new one: with any other version the server does not start.
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
    """Apply all patches to `app`; `built` returns its services once they are open.

    Raises:
        StartupError: A different version of Reflex is installed.
    """
    require(version("reflex"))
    steady(app, settings, built)
    forget_gone_tabs(app)
    bind_tabs(app)
    seal_cookies(app)


def require(installed: str) -> None:
    """Check that the installed version is the one that the patches were written for.

    Raises:
        StartupError: It is a different version.
    """
    if installed != WRITTEN_FOR:
        raise StartupError(
            f"Reflex {installed} is installed, and this version works with {WRITTEN_FOR}:"
            " reinstall the packages in requirements.txt"
        )
