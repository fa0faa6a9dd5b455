"""Our changes to Reflex's build: they must fail loudly where Reflex differs from what they expect."""

import base64
import hashlib
from pathlib import Path

import pytest

from autograph_web.frontend.pages import (
    inspect_pages,
    leave_comments_out,
    let_scripts_wait,
    plain_page,
    put_sheet_in,
)
from autograph_web.frontend.plugin import leave_emotion_out, use_own_origin

CONFIG = "  resolve: {\n    alias: [\n      {\n        find: '$',\n      },\n    ],\n"
AHEAD = '<link rel="modulepreload" href="/assets/a.js"/>'


def test_elements_are_made_without_emotion() -> None:
    changed = leave_emotion_out(CONFIG)
    assert 'find: "@emotion/react"' in changed
    assert changed.index("@emotion/react") < changed.index("find: '$'")
    assert leave_emotion_out(changed) == changed


@pytest.mark.parametrize("config", ["", CONFIG + CONFIG])
def test_another_bundler_configuration_is_refused(config: str) -> None:
    with pytest.raises(ValueError, match="has Reflex changed"):
        leave_emotion_out(config)


def test_another_client_script_is_refused() -> None:
    with pytest.raises(ValueError, match="has Reflex changed"):
        use_own_origin("const endpoint = 1;\n")


def test_modules_wait_for_what_paints(tmp_path: Path) -> None:
    page = tmp_path / "login.html"
    page.write_text(f"<head>{AHEAD}{AHEAD}</head>")
    let_scripts_wait(tmp_path)
    assert page.read_text().count('<link rel="modulepreload" fetchpriority="low" href="/assets/a.js"/>') == 2


def test_a_page_that_fetches_no_module_ahead_is_refused(tmp_path: Path) -> None:
    (tmp_path / "login.html").write_text("<head></head>")
    with pytest.raises(ValueError, match="fetches no module"):
        let_scripts_wait(tmp_path)


@pytest.mark.parametrize(
    "inline", ['<p style="color: red">', '<p css="[object Object]">', "<style>p{}</style>"]
)
def test_a_page_with_an_inline_style_is_refused(tmp_path: Path, inline: str) -> None:
    (tmp_path / "login.html").write_text(inline)
    with pytest.raises(ValueError, match="content security policy would block"):
        inspect_pages(tmp_path)


def test_the_style_sheet_stands_in_the_page_and_is_not_fetched(tmp_path: Path) -> None:
    page, sheet = with_sheet(tmp_path)
    put_sheet_in(tmp_path)
    text = page.read_text()
    assert (
        f'<style data-sheet="">{sheet}</style><link disabled="" media="not all" href="/assets/a.css"' in text
    )
    assert '<link as="style" media="not all" href="/assets/a.css" rel="preload"/>' in text
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert inspect_pages(tmp_path)["login.html"] == {"scripts": [], "styles": [f"sha256-{digest}"]}


def test_a_page_that_is_shown_elsewhere_links_its_style_sheet_again(tmp_path: Path) -> None:
    page, _ = with_sheet(tmp_path)
    put_sheet_in(tmp_path)
    shown = plain_page(page.name, tmp_path)
    assert shown is not None
    assert '<link href="/assets/a.css" rel="stylesheet" type="text/css"/>' in shown
    assert "<style" not in shown


def test_a_page_without_the_style_sheet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "login.html").write_text("<head></head>")
    with pytest.raises(ValueError, match="has Reflex changed"):
        put_sheet_in(tmp_path)


def with_sheet(folder: Path) -> tuple[Path, str]:
    page, sheet = folder / "login.html", r'a > b { content: "\201c" }'
    (folder / "assets").mkdir()
    (folder / "assets" / "a.css").write_text(sheet)
    ahead = '<link as="style" href="/assets/a.css" rel="preload"/>'
    page.write_text(f'<head>{ahead}<link href="/assets/a.css" rel="stylesheet" type="text/css"/></head>')
    return page, sheet


def test_our_scripts_go_out_without_their_comments(tmp_path: Path) -> None:
    script = tmp_path / "session.js"
    script.write_text('// What it is for.\nconst home = "//elsewhere"; // kept\n  // Why.\nopen(home);\n')
    leave_comments_out(tmp_path)
    assert script.read_text() == 'const home = "//elsewhere"; // kept\nopen(home);\n'
