"""What we change in Reflex's build: one origin for everything, and a policy without inline exceptions."""

from typing import Unpack

from reflex_base.plugins.base import Plugin, PostBuildContext, PreCompileContext

from autograph_web.frontend.pages import write_manifest

_STATE_SCRIPT = "utils/state.js"
_BAKED_ADDRESS = "  const endpoint = new URL(url_str);\n"
_OWN_ADDRESS = """  if (typeof window !== "undefined") {
    const own = new URL(new URL(url_str).pathname, window.location.origin);
    if (url_str.startsWith("ws")) own.protocol = own.protocol.replace("http", "ws");
    return own;
  }
"""


class FrontendPlugin(Plugin):
    """Makes the built pages work at whatever address the visitor opened, under a strict policy."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Have the browser find the backend at the page's own origin.

        Reflex bakes an address into the pages and, on https, drops its port. One build then fits one
        address only; ours must fit any host, port and scheme, as settings and proxies choose.
        """
        context["add_modify_task"](_STATE_SCRIPT, use_own_origin)

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Record the pages' script hashes before Reflex makes the compressed copies.

        Raises:
            ValueError: A page holds something the policy would block.
        """
        write_manifest(context["static_dir"])


def use_own_origin(script: str) -> str:
    """Return Reflex's client script with every backend address taken from the page's own address.

    Raises:
        ValueError: The script is not the one this was written for (another version of Reflex).
    """
    if _OWN_ADDRESS in script:
        return script
    if script.count(_BAKED_ADDRESS) != 1:
        raise ValueError(f"cannot find the backend address in Reflex's {_STATE_SCRIPT}: has Reflex changed?")
    return script.replace(_BAKED_ADDRESS, _OWN_ADDRESS + _BAKED_ADDRESS)
