"""The links that arrive in the mailbox of a test."""

from tests.support.mail.mailbox import Mailbox


def token_to(mailbox: Mailbox, email: str, page: str) -> str:
    """Return the token of the newest link to `email`, which leads to `page`."""
    address, mark, token = mailbox.link_to(email).partition("#token=")
    assert address.endswith(page), address
    assert mark
    return token
