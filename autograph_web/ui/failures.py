"""How the failure of an event is shown; every event must answer its page."""

import logging
from collections.abc import Awaitable, Callable

from autograph_web.infra.errors import DomainError, InternalError

_logger = logging.getLogger(__name__)

Show = Callable[[DomainError], None]


async def show_failure(trying: Awaitable[None], show: Show) -> None:
    """Await `trying` and pass its failure to `show`; a fault is logged and becomes InternalError."""
    try:
        await trying
    except DomainError as error:
        show(error)
    except Exception:
        # If it were raised further, the page would wait for an answer that never comes.
        _logger.exception("an event handler failed unexpectedly")
        show(InternalError())
