"""Binds the handler of an event to its services."""

from collections.abc import Callable

from reflex.app import App
from reflex.middleware.middleware import Middleware
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event

from autograph_web.container import Services
from autograph_web.runtime import bind


class BoundEvents(Middleware):
    """Must come first: Reflex runs events in tasks of its queue, not in those of their connections."""

    def __init__(self, built: Callable[[], Services]) -> None:
        """Store `built`, which returns the open services."""
        super().__init__()
        self._built = built

    async def preprocess(self, app: App, state: BaseState, event: Event) -> StateUpdate | None:
        """Bind the task of `event`, whose context ends with it."""
        bind(self._built())
        return None
