"""What is changed in Reflex's build: it must fail loudly where Reflex is not as we know it."""

from pathlib import Path

import pytest

from autograph_web.frontend.pages import inspect_pages, let_scripts_wait
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
