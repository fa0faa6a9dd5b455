"""Authentication: the list of methods, the flow that uses them, and the revocation of credentials.

A new method is a package of `authn/methods` and a line in `build`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from autograph_web.accounts.module import AccountServices
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.device_cookies import DeviceCookies
from autograph_web.authn.flow.challenges import Challenges
from autograph_web.authn.flow.grants import Grants
from autograph_web.authn.flow.login import SignIn
from autograph_web.authn.flow.new_device_alerts import NewDeviceAlerts
from autograph_web.authn.flow.reauthentication import Reauthentication
from autograph_web.authn.flow.registration import Registration
from autograph_web.authn.flow.second_factor_step import SecondFactorStep
from autograph_web.authn.flow.second_factors import SecondFactors
from autograph_web.authn.methods.password.hashing import PasswordHasher
from autograph_web.authn.methods.password.method import PasswordMethod
from autograph_web.authn.methods.password.policy import PasswordPolicy
from autograph_web.authn.methods.recovery_codes.method import RecoveryCodes
from autograph_web.authn.methods.totp.enrolment import Enrolment
from autograph_web.authn.methods.totp.method import TotpMethod
from autograph_web.authn.methods.trusted_device.trusted_devices import TrustedDevices
from autograph_web.authn.ports import FirstFactor, SecondFactor
from autograph_web.authn.revocation import Revocable, Revocations
from autograph_web.flags.flags import Flags
from autograph_web.infra.crypto.keyring import Keyring
from autograph_web.infra.module import InfraServices
from autograph_web.infra.services import use_case
from autograph_web.sessions.sessions import Sessions

MoreMethods = Callable[[UseCaseContext], Sequence[object]]
"""Returns authentication methods (authn/ports.py) besides those of the product."""


@dataclass(frozen=True, kw_only=True)
class AuthnServices:
    """The services of `authn`."""

    methods: Sequence[object]
    """Every authentication method, for what it can do: see `authn.ports`."""
    hasher: PasswordHasher
    policy: PasswordPolicy
    passwords: PasswordMethod
    device_cookies: DeviceCookies
    trusted_devices: TrustedDevices
    second_factors: SecondFactors
    totp: TotpMethod
    grants: Grants
    new_device_alerts: NewDeviceAlerts
    revocations: Revocations
    registration: Registration = use_case()
    sign_in: SignIn = use_case()
    second_factor_step: SecondFactorStep = use_case()
    reauthentication: Reauthentication = use_case()
    enrolment: Enrolment = use_case()


def build(
    infra: InfraServices,
    deps: UseCaseContext,
    flags: Flags,
    accounts: AccountServices,
    sessions: Sessions,
    revocables: Sequence[Revocable],
    more_methods: MoreMethods,
) -> AuthnServices:
    """Build them; `revocables` are the credentials of other packages, revoked after those of the methods."""
    settings, redis, randomness, links = infra.settings, infra.redis, infra.randomness, accounts.links
    hasher = PasswordHasher(settings.bcrypt_cost, settings.hash_threads)
    policy = PasswordPolicy(settings.password_min_length, settings.password_min_score)
    device_cookies = DeviceCookies(Keyring(settings.master_secrets, "device cookies"), randomness)

    passwords = PasswordMethod(infra.database, hasher, policy, device_cookies, infra.limiter)
    totp, recovery_codes = TotpMethod(deps, infra.encryptor), RecoveryCodes(deps)
    trusted = TrustedDevices(deps, flags)
    methods: list[object] = [passwords, totp, recovery_codes, trusted, *more_methods(deps)]

    first_factors = [one for one in methods if isinstance(one, FirstFactor)]
    second_factors = SecondFactors(deps, [one for one in methods if isinstance(one, SecondFactor)])
    revocable = [one for one in (*methods, *revocables) if isinstance(one, Revocable)]
    revocations = Revocations(infra.clock, sessions, links, revocable, first=[totp])
    grants, challenges = Grants(deps), Challenges(redis, randomness)
    alerts = NewDeviceAlerts(deps, flags, redis, links, device_cookies)
    second_step = SecondFactorStep(deps, second_factors, challenges, grants, trusted, alerts)
    verification = accounts.verification
    return AuthnServices(
        methods=methods,
        hasher=hasher,
        policy=policy,
        passwords=passwords,
        device_cookies=device_cookies,
        trusted_devices=trusted,
        second_factors=second_factors,
        totp=totp,
        grants=grants,
        new_device_alerts=alerts,
        revocations=revocations,
        registration=Registration(deps, flags, passwords, verification),
        sign_in=SignIn(deps, first_factors, second_step, grants, trusted, alerts, verification),
        second_factor_step=second_step,
        reauthentication=Reauthentication(deps, first_factors, second_factors, grants),
        enrolment=Enrolment(
            *(deps, totp, recovery_codes, infra.encryptor, sessions, revocations, settings.issuer_label)
        ),
    )
