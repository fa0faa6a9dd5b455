"""The parts of a form, as somebody finds them, and what is said above it."""

from playwright.async_api import Locator

from tests.support.browser.visitor import Visitor

MISMATCH = "That email and password don't match. Check both and try again."
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
    """What went wrong."""
    return visitor.page.locator("#form-alert")


def notice_of(visitor: Visitor) -> Locator:
    """What somebody should know."""
    return visitor.page.locator("#form-notice")


def banner_of(visitor: Visitor) -> Locator:
    """The words that appear while there is no connection."""
    return visitor.page.get_by_text(OFFLINE)


def said_by(visitor: Visitor) -> Locator:
    """What a page says, without JavaScript, of the form that led to it."""
    return visitor.page.locator(".answered:target")
