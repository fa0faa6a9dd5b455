"""Creates accounts."""

from sqlalchemy.exc import IntegrityError

from autograph_web.accounts import store
from autograph_web.accounts.account import Account
from autograph_web.accounts.creation import account_of, add_user, new_user
from autograph_web.accounts.emails import EmailAddress, parse_email
from autograph_web.accounts.errors import EmailTaken, RegistrationClosed
from autograph_web.accounts.inputs import RegistrationInput
from autograph_web.accounts.models import User
from autograph_web.accounts.verification import Verification
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.ports import Registrable
from autograph_web.flags.flags import Flags
from autograph_web.flags.table import REGISTRATION_OPEN
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.retry import retried
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ip_addresses import address_bucket
from autograph_web.infra.ratelimit.limiter import RateLimitExceeded
from autograph_web.infra.ratelimit.table import Limit


class Registration:
    """Registers accounts; each address can be registered once."""

    def __init__(
        self,
        deps: UseCaseContext,
        flags: Flags,
        first: Registrable,
        verification: Verification,
    ) -> None:
        self._deps, self._flags, self._first = deps, flags, first
        self._verification = verification

    @property
    def is_open(self) -> bool:
        """Whether self-registration is open.

        Raises:
            Unavailable: The flags have not been loaded yet.
        """
        return self._flags.of(REGISTRATION_OPEN)

    async def register(self, context: RequestContext, data: RegistrationInput) -> Account:
        """Create the account that `data` describes.

        Raises:
            EmailInvalid: It is not an email address.
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            EmailTaken: The address already has an account, in whatever spelling, or is reserved.
            RegistrationClosed: Self-registration is closed.
            RateLimited: Too many registrations from this address.
            Unavailable: The database is unavailable; no account was created.
        """
        await self._spend(context)
        try:
            if not self.is_open:
                raise RegistrationClosed
            email = parse_email(data.email, self._deps.reserved_domains)
            password = data.password.get_secret_value()
            await self._first.require(password, email.text)
            return await self._create(context, email, password)
        except DomainError as refusal:
            await self._note_refusal(context, refusal)
            raise

    async def _spend(self, context: RequestContext) -> None:
        bucket = address_bucket(context.ip)
        try:
            await self._deps.limiter.consume(Limit.REGISTER, bucket)
        except RateLimitExceeded as refusal:
            if refusal.first:
                await self._note_refusal(context, refusal)
            raise

    async def _create(self, context: RequestContext, email: EmailAddress, password: str) -> Account:
        await self._refuse_taken(email)
        prepared = await self._first.prepare(password, context)
        try:
            user = await self._add(context, email, prepared)
        except IntegrityError:
            # The unique index decides between concurrent requests; the earlier check only saves the hashing.
            raise EmailTaken from None
        return account_of(user)

    @retried
    async def _add(self, context: RequestContext, email: EmailAddress, prepared: str) -> User:
        user = new_user(self._deps, email)
        async with self._deps.database.unit() as connection:
            await add_user(connection, user)
            await self._first.enrol(connection, user.id, prepared)
            await self._deps.audit_log.record(
                connection, EventType.REGISTRATION_SUCCESS, context, user_id=user.id
            )
            if self._verification.is_wanted(user.id):
                await self._verification.post(connection, user.id, user.email)
        return user

    async def _refuse_taken(self, email: EmailAddress) -> None:
        async with self._deps.database.read() as connection:
            if await store.is_taken(connection, email.key, None, self._deps.clock.now()):
                raise EmailTaken

    async def _note_refusal(self, context: RequestContext, refusal: DomainError) -> None:
        await self._deps.audit_log.record_alone(EventType.REGISTRATION_FAILED, context, reason=refusal.code)
