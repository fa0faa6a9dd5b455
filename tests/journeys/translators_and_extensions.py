"""Software that changes a page while it is read: translators, and extensions that fill it in."""

from playwright.async_api import expect

from tests.support.browser.visitor import Visitor

# What Chrome does to translate a page: every text node is removed and replaced by two nested elements. Other
# translators put the text node itself into such elements. The words stay the same, so that a test can read
# them.
_TRANSLATE = """(how) => {
  const left = new Set(["SCRIPT", "STYLE", "NOSCRIPT", "TITLE", "TEXTAREA", "OPTION", "FONT"]);
  const wanted = (text) => text.data.trim() && text.parentNode && !left.has(text.parentNode.nodeName)
    && !text.parentElement.closest("[translate=no]");
  const translate = (text) => {
    const outer = document.createElement("font"), inner = document.createElement("font");
    outer.append(inner);
    text.replaceWith(outer);
    inner.append(how === "moved" ? text : document.createTextNode(text.data));
  };
  const all = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), found = [];
    while (walker.nextNode()) if (wanted(walker.currentNode)) found.push(walker.currentNode);
    found.forEach(translate);
  };
  const watch = new MutationObserver(() => all(document.body));
  const start = () => {
    all(document.body);
    watch.observe(document, { childList: true, characterData: true, subtree: true });
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start); else start();
}"""

# What password managers and writing assistants do: an icon next to every field, an element at the top of
# every form.
_DECORATE = """() => {
  const beside = () => {
    for (const field of document.querySelectorAll("input:not([type=hidden]):not([data-icon])")) {
      field.dataset.icon = "true";
      field.after(Object.assign(document.createElement("div"), { className: "icon-of-an-extension" }));
      field.before(Object.assign(document.createElement("span"), { className: "icon-of-an-extension" }));
    }
    for (const form of document.querySelectorAll(":is(form, [role=alert]):not([data-filled])")) {
      form.dataset.filled = "true";
      form.prepend(document.createElement("span"));
      form.append(document.createElement("span"));
    }
  };
  const start = () => {
    beside();
    new MutationObserver(beside).observe(document.body, { childList: true, subtree: true });
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", start); else start();
}"""


async def translate(visitor: Visitor, how: str) -> None:
    """Translate every page from its first moment on, its text nodes "moved" or "replaced"."""
    await visitor.own_context.add_init_script(f"({_TRANSLATE})({how!r})")


async def translate_now(visitor: Visitor, how: str) -> None:
    """Translate the open page."""
    await visitor.page.evaluate(_TRANSLATE, how)
    await expect(visitor.page.locator("h1 font").first).to_be_visible()


async def decorate(visitor: Visitor) -> None:
    """Insert an extension's element into every form."""
    await visitor.own_context.add_init_script(f"({_DECORATE})()")
