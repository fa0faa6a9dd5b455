"""Text of a query as people write it by hand."""

from typing import Annotated

from pydantic import AfterValidator


def _with_plus(text: str) -> str:
    """Return an address whose plus arrived as a space, because the query was not percent-encoded."""
    return text if "<" in text else text.strip().replace(" ", "+")


AddressText = Annotated[str, AfterValidator(_with_plus)]
"""An email address or a part of one: there is no space in those that people have, but beside a name."""
