"""The ways back into an account, and out of an attacker's hands."""

from dataclasses import dataclass

from autograph_web.accounts.module import AccountServices
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.module import AuthnServices
from autograph_web.infra.services import use_case
from autograph_web.recovery.email_change_undo import EmailUndo
from autograph_web.recovery.first_verification import FirstVerification
from autograph_web.recovery.password_reset import PasswordReset, ResetRules
from autograph_web.recovery.reclaiming import Reclaiming
from autograph_web.recovery.sign_in_disavowal import SignInDisavowal
from autograph_web.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RecoveryServices:
    """The services of `recovery`."""

    password_reset: PasswordReset = use_case()
    sign_in_disavowal: SignInDisavowal = use_case()
    first_proof: FirstVerification = use_case()
    email_undo: EmailUndo = use_case()


def build(
    settings: Settings, deps: UseCaseContext, accounts: AccountServices, authn: AuthnServices
) -> RecoveryServices:
    """Build them."""
    links, verification, passwords = accounts.links, accounts.verification, authn.passwords
    reclaiming = Reclaiming(deps, links, authn.revocations)
    rules = ResetRules(settings.password_reset_ttl, verification.is_wanted)
    return RecoveryServices(
        password_reset=PasswordReset(deps, links, passwords, reclaiming, rules),
        sign_in_disavowal=SignInDisavowal(deps, links, reclaiming, settings.password_reset_ttl),
        first_proof=FirstVerification(deps, links, verification, passwords, reclaiming),
        email_undo=EmailUndo(deps, links, reclaiming),
    )
