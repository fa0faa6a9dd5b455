"""What we change in Reflex's build: one origin for everything, no inline styles, translatable text."""

from pathlib import Path
from typing import Unpack

from reflex_base.plugins.base import Plugin, PostBuildContext, PreCompileContext

from autograph_web.frontend.pages import leave_comments_out, let_scripts_wait, put_sheet_in, write_manifest

_STATE_SCRIPT = "utils/state.js"
_BAKED_ADDRESS = "  const endpoint = new URL(url_str);\n"
_OWN_ADDRESS = """  if (typeof window !== "undefined") {
    const own = new URL(new URL(url_str).pathname, window.location.origin);
    if (url_str.startsWith("ws")) own.protocol = own.protocol.replace("http", "ws");
    return own;
  }
"""
_BUNDLER = "vite.config.js"
_ALIASES = "    alias: [\n"
_ELEMENTS = "utils/elements.js"
_NO_EMOTION = f"""      {{
        find: "@emotion/react",
        replacement: fileURLToPath(new URL("./{_ELEMENTS}", import.meta.url)),
      }},
"""
_OWN_ELEMENTS = Path(__file__).with_name("elements.js")


class FrontendPlugin(Plugin):
    """Makes the built pages work at whatever address the visitor opened, under a strict policy."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Have the browser find the backend at the page's own origin, and make elements our own way.

        Reflex bakes an address into the pages and, on https, drops its port. One build then fits one
        address only; ours must fit any host, port and scheme, as settings and proxies choose.

        It makes every element with Emotion, which is there for style props. The policy forbids those: without
        them Emotion's function does what React's does, and weighs 7 kB more. Ours (elements.js) also keeps
        every text in an element of its own, so that pages survive being translated by the browser.
        """
        context["add_modify_task"](_STATE_SCRIPT, use_own_origin)
        context["add_save_task"](_write_elements)
        context["add_modify_task"](_BUNDLER, leave_emotion_out)

    def post_build(self, **context: Unpack[PostBuildContext]) -> None:
        """Finish the pages and record the hashes a policy needs before Reflex makes the compressed copies.

        Raises:
            ValueError: A page holds something the policy would block.
        """
        let_scripts_wait(context["static_dir"])
        put_sheet_in(context["static_dir"])
        leave_comments_out(context["static_dir"])
        write_manifest(context["static_dir"])


def use_own_origin(script: str) -> str:
    """Return Reflex's client script with every backend address taken from the page's own address.

    Raises:
        ValueError: The script is not the one this was written for (another version of Reflex).
    """
    return _changed(
        script, _BAKED_ADDRESS, _OWN_ADDRESS + _BAKED_ADDRESS, "the backend address", _STATE_SCRIPT
    )


def leave_emotion_out(config: str) -> str:
    """Return the bundler's configuration with our own function in Emotion's place.

    Raises:
        ValueError: The configuration is not the one this was written for (another version of Reflex).
    """
    return _changed(config, _ALIASES, _ALIASES + _NO_EMOTION, "the aliases", _BUNDLER)


def _changed(text: str, found: str, wanted: str, what: str, file: str) -> str:
    """Return a file of Reflex's with `wanted` in the one place of `found`; it may stand there already."""
    if wanted in text:
        return text
    if text.count(found) != 1:
        raise ValueError(f"cannot find {what} in Reflex's {file}: has Reflex changed?")
    return text.replace(found, wanted)


def _write_elements() -> tuple[str, str]:
    return _ELEMENTS, _OWN_ELEMENTS.read_text()
