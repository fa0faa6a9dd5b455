"""Feature flags."""

from dataclasses import dataclass

from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import FLAGS
from autograph_web.infra.module import InfraServices


@dataclass(frozen=True, kw_only=True)
class FlagServices:
    """The services of `flags`."""

    flags: Flags


def build(infra: InfraServices, deps: UseCaseContext) -> FlagServices:
    """Build them; a flag that nobody has set has the value of the setting of its name."""
    defaults = {flag.name: getattr(infra.settings, flag.name) for flag in FLAGS}
    return FlagServices(flags=Flags(deps, defaults, infra.redis))
