"""Everything a page showed, even if only for a moment."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from playwright.async_api import Response

from tests.support.browser.visitor import Visitor

# Called at every change of the document, from before its first element exists.
_TELL = """(() => {
  let last = "";
  const tell = () => {
    const text = document.body?.textContent ?? "";
    if (text !== last) { last = text; window.tellRecording(text); }
  };
  new MutationObserver(tell).observe(document, { childList: true, subtree: true, characterData: true });
  addEventListener("pageshow", tell);
})();"""


class Recording:
    """The documents that were served, and every text that appeared in one of them."""

    def __init__(self) -> None:
        self.documents: list[Response] = []
        self._texts: list[str] = []

    @property
    def text(self) -> str:
        """All texts, one after the other."""
        return "\n".join(self._texts)

    def answered(self, response: Response) -> None:
        if response.request.resource_type == "document":
            self.documents.append(response)

    def showed(self, _source: object, text: str) -> None:
        self._texts.append(text)


@asynccontextmanager
async def recorded(visitor: Visitor) -> AsyncGenerator[Recording]:
    """Record what the page of `visitor` shows from its next document on."""
    recording = Recording()
    await cast(Any, visitor.own_page).expose_binding("tellRecording", recording.showed)
    await visitor.own_page.add_init_script(_TELL)
    visitor.own_page.on("response", recording.answered)
    yield recording
    visitor.page.remove_listener("response", recording.answered)
