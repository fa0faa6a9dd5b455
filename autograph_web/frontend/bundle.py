"""The build itself, in a process of its own: `python -m autograph_web.frontend.bundle`.

`reflex export` would do the same, but its first run also writes .gitignore and AGENTS.md into the project.
Lines that start with STEP are for the person who waits, everything else is for the log.
"""

from pathlib import Path

from reflex.utils import build, path_ops, prerequisites
from reflex_base.constants import Env
from reflex_base.environment import environment

STEP = "@step "


def _step(text: str) -> None:
    print(STEP + text, flush=True)


def main() -> None:
    """Write .web/build from the pages."""
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    with path_ops.file_lock(prerequisites.get_web_dir()):
        if prerequisites.needs_reinit():
            _step("preparing the page compiler")
            prerequisites.initialize_frontend_dependencies()
        _step("compiling the pages and installing their npm packages")
        prerequisites.get_compiled_app(prerender_routes=True, use_rich=False, trigger="export")
        _step("bundling for the browser")
        build.setup_frontend(Path.cwd())
        build.build()


if __name__ == "__main__":
    main()
