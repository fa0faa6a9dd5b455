"""Whether a sign-in is recent and strong enough to change how one signs in."""

from autograph_web.infra.clock import Clock
from autograph_web.mfa.errors import ReauthenticationRequired
from autograph_web.sessions.viewer import Viewer

RECENT_S = 600
_SECOND_FACTORS = ("totp", "recovery_code")


def is_fresh(viewer: Viewer, enabled: bool, clock: Clock) -> bool:
    """Tell whether the person confirmed who they are within ten minutes, factor included if they have one."""
    recent = clock.seconds() - viewer.signed_in_at.timestamp() <= RECENT_S
    return recent and (not enabled or viewer.method.endswith(_SECOND_FACTORS))


def require_fresh(viewer: Viewer, enabled: bool, clock: Clock) -> None:
    """Let a fresh sign-in pass.

    Raises:
        ReauthenticationRequired: It is over ten minutes old, or a trusted device stood in for the factor.
    """
    if not is_fresh(viewer, enabled, clock):
        raise ReauthenticationRequired
