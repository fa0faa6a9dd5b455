"""What stands in the built pages: the hashes a strict content security policy needs, and its enemies."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

from autograph_web.frontend.paths import MANIFEST, STATIC_DIR
from autograph_web.infra.startup_error import StartupError

_FINGERPRINTED = re.compile(r"^/assets/[^/]+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$")
_LIVELY = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>.*?</script>|<link[^>]*\brel=\"modulepreload\"[^>]*>", re.DOTALL
)
# Comments on lines of their own, those after two spaces, and indentation.
_FOR_READERS = re.compile(r"^[ \t]*//.*\n|  // .*$|^[ \t]+", re.MULTILINE)
_SHEET = re.compile(r'<link href="(/assets/[^"]+\.css)" rel="stylesheet" type="text/css"/>')
_SHEET_AHEAD = re.compile(r'<link as="style" (?=href="/assets/)')
_PUT_IN = re.compile(r'<style data-sheet="">.*?</style><link disabled="" media="not all" ', re.DOTALL)
_AHEAD = '<link rel="modulepreload"'
_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"


@dataclass(frozen=True, slots=True)
class PageInfo:
    """One built page: its file below the static folder, and its inline scripts and styles as CSP sources.

    The hashes are of the form `sha256-…` without the quotes (CSP Level 3, section 2.3.1).
    """

    file: str
    script_hashes: tuple[str, ...]
    style_hashes: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def load_pages() -> dict[str, PageInfo]:
    """The built pages by file name below the static folder, e.g. "login.html"; read once per process.

    Raises:
        StartupError: Nothing has been built.
    """
    try:
        recorded: dict[str, dict[str, list[str]]] = json.loads(MANIFEST.read_text())
    except FileNotFoundError:
        raise StartupError("the pages are not built: run `make build`") from None
    return {
        file: PageInfo(file, tuple(hashes["scripts"]), tuple(hashes["styles"]))
        for file, hashes in recorded.items()
    }


def cache_control(path: str) -> str:
    """The Cache-Control value of a static file, by its request path.

    The bundler puts a hash of the content into the names below /assets/, so those never change; everything
    else may change with the next build and is asked for again, usually answered 304.
    """
    return _FOREVER if _FINGERPRINTED.match(path) else _REVALIDATE


@lru_cache(maxsize=4)
def plain_page(file: str, static_dir: Path = STATIC_DIR) -> str | None:
    """A built page without what would bring it to life, or None if it was not built.

    Shown at another page's address: there Reflex would put that page's content beside it.
    """
    try:
        page = (static_dir / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return _PUT_IN.sub("<link ", _LIVELY.sub("", page))


def inspect_pages(static_dir: Path) -> dict[str, dict[str, list[str]]]:
    """Hash the inline scripts of every page, and the style sheet that `put_sheet_in` has put there.

    Raises:
        ValueError: A page holds a style or a script that a strict policy would block; names each.
    """
    hashes: dict[str, dict[str, list[str]]] = {}
    refused: list[str] = []
    for page in sorted(static_dir.rglob("*.html")):
        name = page.relative_to(static_dir).as_posix()
        scan = _Scan.of(page.read_text(encoding="utf-8"))
        hashes[name] = {"scripts": _csp_hashes(scan.scripts), "styles": _csp_hashes(scan.styles)}
        refused += [f"{name}: {what}" for what in scan.refused]
    if refused:
        raise ValueError("the content security policy would block " + "; ".join(refused))
    return hashes


def let_scripts_wait(static_dir: Path) -> None:
    """Have browsers fetch style sheet and font before the modules.

    A page can be read and its form filled in before it comes to life. Fetched at the same time, the modules
    would share a slow line with what is needed to paint.

    Raises:
        ValueError: A page fetches no module ahead (another version of React Router).
    """
    for page in sorted(static_dir.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        if _AHEAD not in text:
            raise ValueError(f"{page.name} fetches no module ahead: has React Router changed?")
        page.write_text(text.replace(_AHEAD, f'{_AHEAD} fetchpriority="low"'), encoding="utf-8")


def put_sheet_in(static_dir: Path) -> None:
    """Put the style sheet into every page, which then can be painted as soon as it is there.

    The links stay for React to find, and fetch nothing: Chromium's preload scanner looks not at `disabled`,
    but at the media.

    Raises:
        ValueError: A page does not link its style sheet as we know it (another version of Reflex).
    """
    for page in sorted(static_dir.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        linked = _SHEET.findall(text)
        if len(linked) != 1 or len(_SHEET_AHEAD.findall(text)) != 1:
            raise ValueError(f"{page.name} does not link one style sheet: has Reflex changed?")
        sheet = (static_dir / linked[0].lstrip("/")).read_text(encoding="utf-8")
        put_in = f'<style data-sheet="">{sheet}</style><link disabled="" media="not all" '
        text = _SHEET.sub(lambda link, put_in=put_in: put_in + link[0].removeprefix("<link "), text)
        page.write_text(_SHEET_AHEAD.sub('<link as="style" media="not all" ', text), encoding="utf-8")


def leave_comments_out(static_dir: Path) -> None:
    """Take comments and indentation out of our own scripts, which no bundler has been through."""
    for script in sorted(static_dir.glob("*.js")):
        text = script.read_text(encoding="utf-8")
        script.write_text(_FOR_READERS.sub("", text), encoding="utf-8")


def write_manifest(static_dir: Path, manifest: Path = MANIFEST) -> None:
    """Record the hashes of the pages for the server, 404.html included.

    Reflex copies the fallback page (or the first page) to 404.html only after this runs.
    """
    hashes = inspect_pages(static_dir)
    fallback = hashes.get("__spa-fallback.html", hashes.get("index.html"))
    if fallback is not None:
        hashes["404.html"] = fallback
    manifest.write_text(json.dumps(hashes, indent=1))


def _csp_hashes(texts: list[str]) -> list[str]:
    return [_csp_hash(text) for text in dict.fromkeys(texts)]


def _csp_hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@dataclass
class _Scan(HTMLParser):
    """Collects inline scripts, our style sheet, and what a policy without 'unsafe-inline' would refuse."""

    scripts: list[str] = field(default_factory=list[str])
    styles: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    _text: list[str] | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> "_Scan":
        scan = cls()
        scan.feed(html)
        scan.close()
        return scan

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        if tag == "style" and "data-sheet" not in names:
            self.refused.append("a <style> element (a style prop of a component makes one)")
        elif tag == "style" or (tag == "script" and "src" not in names):
            self._text = []
        for name, value in attrs:
            self._check_attribute(tag, name, value or "")

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        if name in ("style", "css") or name.startswith("on"):
            self.refused.append(f"{name}={value!r} on <{tag}>")
        elif value.strip().lower().startswith("javascript:"):
            self.refused.append(f"a javascript: address in {name} of <{tag}>")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style") and self._text is not None:
            (self.scripts if tag == "script" else self.styles).append("".join(self._text))
            self._text = None
