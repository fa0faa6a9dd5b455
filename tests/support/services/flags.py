"""Switching flags in tests."""

from autograph_web.container import Services
from autograph_web.flags.flags import Standing
from autograph_web.flags.inputs import EVERYBODY, read_wish
from tests.support.services.operators import OPERATOR


async def switch(services: Services, name: str, word: str | None, percent: int = EVERYBODY) -> Standing:
    """Switch a flag as an operator at the command line would."""
    wish = read_wish(name, word, percent)
    return await services.flags.change(OPERATOR.context, OPERATOR.actor, wish)
