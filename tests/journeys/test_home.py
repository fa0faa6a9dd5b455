"""The start page: what the product is, and the two links onwards."""

import pytest
from playwright.async_api import expect

from tests.support.browser.visitor import Visitor


async def test_it_says_what_this_is_on_a_page_anybody_can_use(visitor: Visitor) -> None:
    await visitor.open("/")
    await expect(visitor.page).to_have_title("AutoGraph")
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
        "Self-hosted accounts and sign-in."
    )
    await visitor.check()


@pytest.mark.parametrize(
    ("words", "path", "heading"),
    [("Create account", "/register", "Create your account"), ("Sign in", "/login", "Sign in")],
)
@pytest.mark.phone_too
async def test_its_buttons_lead_on(visitor: Visitor, words: str, path: str, heading: str) -> None:
    await visitor.open("/")
    await visitor.page.get_by_role("link", name=words).click()
    await visitor.at(path)
    title = visitor.page.get_by_role("heading", level=1)
    await expect(title).to_have_text(heading)
    await expect(title).to_be_focused()
    await visitor.page.get_by_role("link", name="AutoGraph").click()
    await visitor.at("/")
    await visitor.page.go_back()
    await visitor.at(path)
