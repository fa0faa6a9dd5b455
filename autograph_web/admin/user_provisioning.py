"""Accounts created by an operator."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts.creation import add_user, new_user
from autograph_web.accounts.emails import EmailAddress, parse_email
from autograph_web.accounts.errors import EmailTaken
from autograph_web.accounts.links import Links, Purpose
from autograph_web.accounts.models import User
from autograph_web.admin.admin_policy import AdminPolicy
from autograph_web.admin.messages import invitation_email
from autograph_web.admin.user_summary import Actor, Role
from autograph_web.audit.event_types import EventType
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.ports import Registrable
from autograph_web.infra.db.retry import retried
from autograph_web.infra.ratelimit.bounds import LONGEST_INPUT

_INVITATION_SECONDS = 86_400


class CreationInput(BaseModel):
    """An account to create. Without a password, a link to choose one is made; `invite` sends it by email."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: str = Field(max_length=LONGEST_INPUT)
    role: Role = Role.USER
    password: SecretStr | None = None
    invite: bool = False


@dataclass(frozen=True, slots=True)
class Created:
    """A new account; `link` is where its user chooses a password, if it has none yet."""

    id: UUID
    email: str
    link: str | None


class UserProvisioning:
    """Creates accounts for others. Their addresses count as verified, as the operator vouches for them."""

    def __init__(
        self,
        deps: UseCaseContext,
        first: Registrable,
        links: Links,
        administrators: AdminPolicy,
    ) -> None:
        self._deps, self._first, self._links = deps, first, links
        self._administrators = administrators

    async def create(self, operator: Actor, data: CreationInput) -> Created:
        """Create the account that `data` describes.

        Raises:
            NotAdmin, ReauthenticationRequired: As `AdminPolicy.require_change` does.
            EmailInvalid: It is not an email address.
            PasswordTooShort, PasswordTooLong, PasswordTooCommon, PasswordTooWeak: With the reasons.
            EmailTaken: The address already has an account, in whatever spelling, or is reserved for one.
            Unavailable: The database is unavailable; no account was created.
        """
        # Checked before anything is read, and again with the write, because hashing takes time.
        async with self._deps.database.read() as connection:
            await self._administrators.require_change(connection, operator)
        email = parse_email(data.email, self._deps.reserved_domains)
        prepared = await self._prepare(data, email)
        try:
            return await self._add(operator, data, email, prepared)
        except IntegrityError:
            raise EmailTaken from None

    @retried
    async def _add(
        self, operator: Actor, data: CreationInput, email: EmailAddress, prepared: str | None
    ) -> Created:
        user = new_user(self._deps, email, data.role.value, is_verified=True)
        async with self._deps.database.unit() as connection:
            await self._administrators.require_change(connection, operator)
            await add_user(connection, user)
            if prepared is not None:
                await self._first.enrol(connection, user.id, prepared)
            await self._deps.audit_log.record(
                connection,
                EventType.ACCOUNT_CREATED_BY_ADMIN,
                operator.context,
                user_id=user.id,
                actor=operator.actor,
                role=user.role,
            )
            link = None if data.password else await self._invite(connection, user, post=data.invite)
        return Created(user.id, user.email, link)

    async def _prepare(self, data: CreationInput, email: EmailAddress) -> str | None:
        if data.password is None:
            return None
        password = data.password.get_secret_value()
        await self._first.require(password, email.text)
        return await self._first.prepare(password)

    async def _invite(self, connection: AsyncConnection, user: User, *, post: bool) -> str:
        token = await self._links.issue(
            connection, Purpose.PASSWORD_RESET, user.id, _INVITATION_SECONDS, user.email, alone=True
        )
        url = self._links.url(Purpose.PASSWORD_RESET, token)
        if post:
            await self._deps.outbox.post(connection, invitation_email(user.email, url, user.created_at))
        return url
