"""The parts of a form, as a user finds them, and the messages above it."""

from playwright.async_api import Locator

from tests.support.browser.visitor import Visitor

MISMATCH = "Wrong email or password."
CHECK_FIELD = "Check the highlighted field and try again."
ENDED = "You were signed out. Sign in to continue."
GO_ON = "Sign in to continue."
EVERYWHERE = "You're signed out everywhere. Sign in to continue."
OFFLINE = "You're offline. We'll reconnect automatically, and nothing you've entered will be lost."


def email_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_label("Email", exact=True)


def password_of(visitor: Visitor) -> Locator:
    return visitor.page.get_by_label("Password", exact=True)


def button_of(visitor: Visitor) -> Locator:
    """The one button that sends the form of a page."""
    return visitor.page.locator("[data-submit]")


def alert_of(visitor: Visitor) -> Locator:
    """The error message."""
    return visitor.page.locator("#form-alert")


def notice_of(visitor: Visitor) -> Locator:
    """The notice."""
    return visitor.page.locator("#form-notice")


def banner_of(visitor: Visitor) -> Locator:
    """The text that appears while there is no connection."""
    return visitor.page.get_by_text(OFFLINE)


def said_by(visitor: Visitor) -> Locator:
    """The message of a page, without JavaScript, about the form that led to it."""
    return visitor.page.locator(".answered:target")
