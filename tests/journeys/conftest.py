"""Users and their browsers."""

from collections.abc import AsyncGenerator, Callable, Generator
from itertools import count
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.journeys.person import Person
from tests.support.browser.profiles import Browsers, ProfilePool
from tests.support.browser.visitor import DESKTOP, PHONE, Device, Visitor, running_browser
from tests.support.runner.retries import SECOND_TRY
from tests.support.servers.live_server import LiveServer

_HERE = Path(__file__).parent
_REPORT = pytest.StashKey[pytest.TestReport]()
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every journey, let all of them use the one browser's event loop, and give each a second try."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.journey)
            item.add_marker(SECOND_TRY)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Store the outcome of the test itself for its fixtures."""
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncGenerator[Browser]:
    """The browser that the journeys of one test worker share."""
    async with running_browser() as browser:
        yield browser


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked for it on a phone as well."""
    if "device" in metafunc.fixturenames:
        both = metafunc.definition.get_closest_marker("phone_too") is not None
        devices = [DESKTOP, PHONE] if both else [DESKTOP]
        metafunc.parametrize("device", devices, ids=lambda device: device.name)


class Visit(Protocol):
    """Opens a browser profile."""

    async def __call__(
        self,
        device: Device = DESKTOP,
        server: LiveServer | None = None,
        *,
        address: str = "",
        fresh: bool = False,
        javascript: bool = True,
        **options: Any,
    ) -> Visitor: ...


@pytest.fixture(scope="session")
def profile_pool() -> ProfilePool:
    """The browser profiles that the journeys of one test worker share, one after the other."""
    return ProfilePool()


@pytest_asyncio.fixture(loop_scope="session")
async def visit(
    browser: Browser,
    profile_pool: ProfilePool,
    live_server: LiveServer,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> AsyncGenerator[Visit]:
    """Opens browser profiles; at the end none of them may have reported an error."""
    browsers = Browsers(browser, profile_pool)

    async def opened(device: Device = DESKTOP, server: LiveServer | None = None, **options: Any) -> Visitor:
        return await browsers.visitor(server or live_server, device, **options)

    yield opened
    complaints = [one for visitor in browsers.visitors for one in visitor.complaints.left()]
    report = cast("pytest.Item", request.node).stash.get(_REPORT, None)
    passed = report is None or report.passed
    if not passed:
        await _show(browsers.visitors, complaints, tmp_path)
    await browsers.close(clean=passed and not complaints)
    assert not passed or not complaints, "the browser complained:\n" + "\n".join(complaints)


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(visit: Visit, device: Device) -> Visitor:
    """A browser profile on the device of the test."""
    return await visit(device)


@pytest.fixture
def new_person() -> Callable[[], Person]:
    """Invents users that do not exist yet."""

    def invent() -> Person:
        number = next(_numbers)
        return Person(f"mina.north{number}@northwind.dev", f"gravel harbour {number} violins")

    return invent


@pytest.fixture
def person(new_person: Callable[[], Person]) -> Person:
    """A user without an account."""
    return new_person()


@pytest.fixture
def member(person: Person, live_server: LiveServer) -> Person:
    """A user with an account who has never signed in."""
    person.join(live_server)
    return person


@pytest.fixture
def new_member(new_person: Callable[[], Person], live_server: LiveServer) -> Callable[[], Person]:
    """Invents users who already have an account."""

    def join() -> Person:
        person = new_person()
        person.join(live_server)
        return person

    return join


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(visit: Visit, device: Device, person: Person) -> Visitor:
    """The browser profile of a user who has just created an account; no page is open yet."""
    visitor = await visit(device)
    await person.come_in(visitor)
    return visitor


async def _show(visitors: list[Visitor], complaints: list[str], folder: Path) -> None:
    print("the browser complained:", *complaints, sep="\n  ")
    for number, visitor in enumerate(visitors):
        for place, page in enumerate(visitor.context.pages):
            file = folder / f"browser-{number}-tab-{place}.png"
            await page.screenshot(path=file, full_page=True)
            print(f"{page.url} ({await page.title()}): see {file}")
