"""A new authentication method is a package and a line: nothing else is edited for it.

The method here, a word that is good once, exists in this file alone. It signs people in as a first factor and
as a second one, and is listed, shown, audited, exported, purged and revoked like those of the product.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import (
    Boolean,
    Column,
    MetaData,
    String,
    Table,
    Uuid,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from autograph_web.accounts import store as accounts
from autograph_web.accounts.account import Account
from autograph_web.accounts.exporting import picked
from autograph_web.admin.user_provisioning import CreationInput
from autograph_web.admin.user_summary import UserFilter
from autograph_web.audit.use_case_context import UseCaseContext
from autograph_web.authn.errors import InvalidCode, MfaNotEnabled
from autograph_web.authn.flow.challenges import ChallengeRequired
from autograph_web.authn.flow.errors import ChallengeExpired, InvalidCredentials
from autograph_web.authn.flow.inputs import ReauthenticationInput, SignInInput
from autograph_web.authn.ports import Checked, CodeUse, Wrong
from autograph_web.authn.revocation import Order, Taken
from autograph_web.container import Services, build_services
from autograph_web.infra.context import RequestContext
from autograph_web.infra.db.types import UtcDateTime
from autograph_web.infra.errors import DomainError
from autograph_web.infra.ratelimit.limiter import RateLimit
from autograph_web.infra.ratelimit.table import Limit
from autograph_web.lifespan import opened, purge
from autograph_web.sessions.assurance import Level, MethodId
from autograph_web.sessions.principal import AuthenticationGrant
from autograph_web.settings import Settings
from autograph_web.ui.view_models import device_row
from tests.support.mail.mailbox import Mailbox
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, PASSWORD, audited, context, how_many, register
from tests.support.services.operators import OPERATOR
from tests.support.services.randomness import RecordedEntropy
from tests.support.services.two_step import open_browser, principal_of, verify

WORDS = Table(
    "magic_words",
    MetaData(),
    Column("user_id", Uuid(), primary_key=True),
    Column("word", String(32)),
    Column("created_at", UtcDateTime()),
    Column("used_at", UtcDateTime()),
    Column("is_second_factor", Boolean()),
)
WORD = "abracadabra"


class MagicWord:
    """A word that is good once."""

    id = MethodId("magic_word")
    amr: tuple[str, ...] = ("kba",)
    kind = "second_factors"

    def __init__(self, on: UseCaseContext) -> None:
        self._deps = on

    async def upgrade(self) -> str:
        """What a migration would do; returns what the view was made of before.

        That is a table of its own, and its rows in the view of credentials.
        """
        async with self._deps.database.unit() as connection:
            view = await connection.run_sync(lambda plain: inspect(plain).get_view_definition("credentials"))
            before = view[view.index("SELECT") :].strip().rstrip(";")
            await connection.run_sync(WORDS.create)
            mine = "SELECT user_id, user_id, 'magic_word', '', created_at, used_at, is_second_factor"
            await self._view(connection, f"{before} UNION ALL {mine} FROM magic_words")
        return before

    async def downgrade(self, before: str) -> None:
        async with self._deps.database.unit() as connection:
            await self._view(connection, before)
            await connection.run_sync(WORDS.drop)

    @staticmethod
    async def _view(connection: AsyncConnection, of: str) -> None:
        await connection.execute(text("DROP VIEW credentials"))
        await connection.execute(text(f"CREATE VIEW credentials AS {of}"))

    async def enrol(self, user_id: UUID, *, as_second_factor: bool = True) -> None:
        row = {"user_id": user_id, "word": WORD, "is_second_factor": as_second_factor}
        async with self._deps.database.unit() as connection:
            await connection.execute(insert(WORDS).values(row | {"created_at": self._deps.clock.now()}))

    async def renew(self, user_id: UUID, word: str) -> None:
        async with self._deps.database.unit() as connection:
            await connection.execute(update(WORDS).values(word=word, used_at=None))

    # As a first factor.

    def limits(self, context: RequestContext, email_key: str, device: str | None) -> list[RateLimit]:
        return self._deps.limiter.limits(Limit.LOGIN_ACCOUNT, email_key)

    async def check(self, context: RequestContext, whom: str | UUID, answer: str) -> Checked | Wrong:
        async with self._deps.database.read() as connection:
            find = accounts.find_by_email if isinstance(whom, str) else accounts.find_by_id
            account: Account | None = await find(connection, whom)  # pyright: ignore[reportArgumentType]
            if account is None:
                return Wrong()
            right = (
                await connection.execute(select(WORDS).where(WORDS.c.user_id == account.id, *_good(answer)))
            ).first()
        return Checked(account, answer) if right else Wrong(account)

    async def confirm(self, connection: AsyncConnection, checked: Checked) -> Account | None:
        if not await self.use(connection, checked.account.id, checked.renewal or ""):
            return None
        return await accounts.lock_unchanged(connection, checked.account)

    # As a second factor.

    def read(self, typed: str) -> str | None:
        return typed if typed.isalpha() else None

    async def use(self, connection: AsyncConnection, user_id: UUID, code: str) -> bool:
        used = update(WORDS).where(WORDS.c.user_id == user_id, *_good(code))
        return (await connection.execute(used.values(used_at=self._deps.clock.now()))).rowcount == 1

    async def refusal_of(self, connection: AsyncConnection, user_id: UUID, code: str) -> DomainError | None:
        return None

    async def remaining(self, connection: AsyncConnection, user_id: UUID) -> int:
        return 0

    async def record_use(self, connection: AsyncConnection, use: CodeUse) -> None:
        pass

    # As something that opens an account.

    async def revoke_all(self, connection: AsyncConnection, order: Order) -> Taken:
        gone = delete(WORDS).where(WORDS.c.user_id == order.user_id).returning(WORDS.c.created_at)
        since: datetime | None = (await connection.execute(gone)).scalar_one_or_none()
        return Taken({"magic_words": int(since is not None)}, since)

    # As something that stores data about an account.

    async def exported(self, connection: AsyncConnection, user_id: UUID) -> dict[str, Any]:
        mine = await connection.execute(select(WORDS).where(WORDS.c.user_id == user_id))
        return {"magic_words": picked(mine, "created_at", "used_at")}

    async def purge_expired(self) -> int:
        async with self._deps.database.unit() as connection:
            return (await connection.execute(delete(WORDS).where(WORDS.c.used_at.is_not(None)))).rowcount


def _good(word: str) -> Sequence[Any]:
    return WORDS.c.word == word, WORDS.c.used_at.is_(None)


class Product:
    """The services with the new method in them."""

    def __init__(self) -> None:
        self.services: Services
        self.method: MagicWord

    def methods(self, on: UseCaseContext) -> Sequence[object]:
        self.method = MagicWord(on)
        return [self.method]

    async def show_the_word(self, word: str = WORD) -> AuthenticationGrant | ChallengeRequired:
        data = SignInInput(email=EMAIL, password=SecretStr(word))
        return await self.services.sign_in.start(context(), data, method=MagicWord.id)


@pytest.fixture
async def product(
    settings: Settings, clock: FakeClock, randomness: RecordedEntropy, mailbox: Mailbox
) -> AsyncGenerator[Product]:
    product = Product()
    built = build_services(settings, clock, randomness, mailbox, product.methods)
    async with opened(built) as services:
        product.services = services
        before = await product.method.upgrade()
        yield product
        await product.method.downgrade(before)


async def test_it_signs_somebody_in_who_has_no_password(product: Product) -> None:
    services = product.services
    mina = await services.user_provisioning.create(OPERATOR, CreationInput(email=EMAIL))
    await product.method.enrol(mina.id, as_second_factor=False)
    with pytest.raises(InvalidCredentials):
        await product.show_the_word("hocuspocus")
    with pytest.raises(InvalidCredentials):
        await services.sign_in.start(context(), SignInInput(email=EMAIL, password=SecretStr("")))

    outcomes = await asyncio.gather(*(product.show_the_word() for _ in range(4)), return_exceptions=True)

    [grant] = [one for one in outcomes if isinstance(one, AuthenticationGrant)]
    assert all(isinstance(one, InvalidCredentials) for one in outcomes if one is not grant)
    principal = await principal_of(services, await open_browser(services, grant))
    assert (principal.method, principal.assurance.amr) == ("magic_word", ("kba",))
    assert principal.assurance.level is Level.AAL1
    [event] = await audited(services, "login_success")
    assert event.details["method"] == "magic_word"
    [session] = await services.devices.of(principal)
    assert device_row(session).how == "Magic word"


async def test_it_confirms_who_somebody_is(product: Product) -> None:
    services = product.services
    mina = await services.user_provisioning.create(OPERATOR, CreationInput(email=EMAIL))
    await product.method.enrol(mina.id, as_second_factor=False)
    grant = await product.show_the_word()
    assert isinstance(grant, AuthenticationGrant)
    principal = await principal_of(services, await open_browser(services, grant))
    await product.method.renew(mina.id, "sesame")

    data = ReauthenticationInput(password=SecretStr("sesame"))
    again = await services.reauthentication.confirm(context(), principal, data, method=MagicWord.id)

    assert (again.method, again.replaces) == ("magic_word", principal.session_id)


async def test_one_that_is_several_factors_at_once_asks_for_no_other(
    product: Product, clock: FakeClock
) -> None:
    services = product.services
    product.method.amr = ("hwk", "user", "mfa")
    mina = await register(services)
    await product.method.enrol(mina.id)

    grant = await product.show_the_word()

    assert isinstance(grant, AuthenticationGrant)
    principal = await principal_of(services, await open_browser(services, grant))
    assert (principal.mfa_enabled, principal.assurance.level) == (True, Level.AAL2)
    principal.assurance.require_recent(mfa_enabled=True, clock=clock)
    await product.method.renew(mina.id, "sesame")
    data = ReauthenticationInput(password=SecretStr("sesame"))
    again = await services.reauthentication.confirm(context(), principal, data, method=MagicWord.id)
    assert again.amr == "hwk user mfa"


async def test_it_completes_a_sign_in_that_began_with_the_password(
    product: Product, clock: FakeClock
) -> None:
    services = product.services
    mina = await register(services)
    await product.method.enrol(mina.id)
    asked = await services.sign_in.start(context(), SignInInput(email=EMAIL, password=SecretStr(PASSWORD)))
    assert isinstance(asked, ChallengeRequired)
    with pytest.raises(InvalidCode):
        await verify(services, "hocuspocus", asked.token)

    outcomes = await asyncio.gather(
        *(verify(services, WORD, asked.token) for _ in range(4)), return_exceptions=True
    )

    [grant] = [one for one in outcomes if isinstance(one, AuthenticationGrant)]
    refused = [one for one in outcomes if one is not grant]
    assert all(isinstance(one, InvalidCode | ChallengeExpired) for one in refused)
    principal = await principal_of(services, await open_browser(services, grant))
    assert principal.method == "password+magic_word"
    assert principal.assurance.amr == ("pwd", "kba", "mfa")
    assert principal.assurance.level is Level.AAL2
    principal.assurance.require_recent(mfa_enabled=True, clock=clock)
    [event] = await audited(services, "login_success")
    assert event.details["method"] == "password+magic_word"
    [session] = await services.devices.of(principal)
    assert device_row(session).how == "Password and magic word"


async def test_what_it_stores_is_exported_and_purged(product: Product) -> None:
    services = product.services
    mina = await services.user_provisioning.create(OPERATOR, CreationInput(email=EMAIL))
    await product.method.enrol(mina.id, as_second_factor=False)
    await purge(services)
    grant = await product.show_the_word()
    assert isinstance(grant, AuthenticationGrant)
    principal = await principal_of(services, await open_browser(services, grant))

    document = "".join([part async for part in await services.data_export.begin(context(), principal)])

    assert [one["used_at"] is not None for one in json.loads(document)["magic_words"]] == [True]
    assert WORD not in document
    await purge(services)
    assert await how_many(services, WORDS) == 0


async def test_it_is_listed_and_it_is_revoked(product: Product) -> None:
    services = product.services
    mina = await register(services)
    assert not (await services.user_directory.find(EMAIL)).mfa_enabled
    await product.method.enrol(mina.id)

    assert (await services.user_directory.find(EMAIL)).mfa_enabled
    assert (await services.second_factors.status(mina.id)).enabled
    people, _ = await services.user_directory.page(UserFilter(mfa=True), "", 9)
    assert [person.email for person in people] == [EMAIL]
    async with services.database.read() as connection:
        listed = await accounts.credentials_of(connection, mina.id)
    assert {(one.method, one.is_second_factor) for one in listed} == {
        ("password", False),
        ("magic_word", True),
    }

    await services.user_actions.reset_mfa(OPERATOR, mina.id)

    assert not (await services.user_directory.find(EMAIL)).mfa_enabled
    assert await how_many(services, WORDS) == 0
    with pytest.raises(MfaNotEnabled):
        await services.user_actions.reset_mfa(OPERATOR, mina.id)
