"""Changing flags in tests."""

from autograph_web.container import Services
from autograph_web.flags.flags import FlagState
from autograph_web.flags.inputs import ALL_ACCOUNTS, parse_flag_change
from tests.support.services.operators import OPERATOR


async def switch(services: Services, name: str, word: str | None, percent: int = ALL_ACCOUNTS) -> FlagState:
    """Change a flag as an operator would on the command line."""
    data = parse_flag_change(name, word, percent)
    return await services.flags.change(OPERATOR.context, OPERATOR.actor, data)
