"""API keys and their rate limits."""

from dataclasses import dataclass

from autograph_web.accounts.links import Links
from autograph_web.api_keys.keys import ApiKeys
from autograph_web.api_keys.throttle import ApiKeyThrottle
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.infra.module import InfraServices
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.infra.services import use_case
from autograph_web.sessions.sessions import Sessions


@dataclass(frozen=True, kw_only=True)
class ApiKeyServices:
    """The services of `api_keys`."""

    api_keys: ApiKeys = use_case()


def build(infra: InfraServices, deps: UseCaseContext, links: Links, sessions: Sessions) -> ApiKeyServices:
    """Build them."""
    settings = infra.settings
    [uses], [wrong] = settings.rates[Limit.API_KEY], settings.rates[Limit.API_KEY_WRONG]
    throttle = ApiKeyThrottle(infra.redis, infra.clock, uses, wrong, settings.workers)
    return ApiKeyServices(api_keys=ApiKeys(deps, throttle, links, sessions))
