"""Configuration of Reflex; all options for operators are in autograph_web/settings/."""

import reflex as rx

from autograph_web.frontend.plugin import FrontendPlugin
from autograph_web.infra.redis.url import one_address
from autograph_web.settings import load_settings

_settings = load_settings()

config = rx.Config(
    app_name="autograph_web",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[FrontendPlugin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
    frontend_compression_formats=["brotli", "gzip"],
    transport="websocket",
    # The pages derive the backend's address from their own (see FrontendPlugin): this one is never used.
    api_url="http://localhost",
    deploy_url=None,
    backend_host=_settings.host,
    cors_allowed_origins=sorted(_settings.origins),
    trusted_proxy_hops=_settings.trusted_proxy_hops,
    # Building the pages needs no Redis; a server always has one, embedded if necessary.
    # Reflex does not support Sentinel: its clients are replaced (reflex_patches/state_manager.py).
    redis_url=one_address(_settings.redis_url) if _settings.redis_url else None,
    state_manager_mode=rx.constants.StateManagerMode.REDIS
    if _settings.redis_url
    else rx.constants.StateManagerMode.MEMORY,
)
