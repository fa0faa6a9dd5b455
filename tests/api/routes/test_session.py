"""GET /me, POST /refresh, /logout and /logout-all."""

import pytest
from httpx import ASGITransport, AsyncClient

from autograph_web.api.app import build_api
from autograph_web.api.schemas.session import MeOut
from autograph_web.container import Services
from tests.support.clients.http import assert_problem, bearer, but_its_id, sign_in, sign_up
from tests.support.services.app import Connect
from tests.support.services.clock import FakeClock
from tests.support.services.factories import EMAIL, open_cookie


async def test_me_tells_who_a_token_stands_for(api: AsyncClient) -> None:
    account = await sign_up(api)
    response = await api.get("/me", headers=bearer(await sign_in(api)))

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    me = MeOut.model_validate_json(response.content, strict=True)
    assert (str(me.id), me.email, me.role) == (account["id"], EMAIL, "user")


async def test_me_takes_the_session_cookie_as_well(api: AsyncClient, services: Services) -> None:
    await sign_up(api)
    cookie = f"autograph_session={await open_cookie(services)}"

    assert (await api.get("/me", headers={"Cookie": cookie})).json()["email"] == EMAIL


async def test_a_token_that_is_shown_counts_whatever_cookie_comes_along(
    api: AsyncClient, services: Services
) -> None:
    await sign_up(api)
    headers = {"Cookie": f"autograph_session={await open_cookie(services)}", "Authorization": "Bearer x"}

    assert_problem(await api.get("/me", headers=headers), 401, "invalid_token")


@pytest.mark.parametrize(
    ("headers", "code", "challenge"),
    [
        ({}, "not_authenticated", 'Bearer realm="autograph"'),
        ({"Cookie": "autograph_session="}, "not_authenticated", 'Bearer realm="autograph"'),
        ({"Cookie": "autograph_session=x"}, "not_authenticated", 'Bearer realm="autograph"'),
        ({"Cookie": "a=" + "b" * 20_000}, "not_authenticated", 'Bearer realm="autograph"'),
        ({"Authorization": "Bearer"}, "invalid_token", 'Bearer realm="autograph", error="invalid_token"'),
        ({"Authorization": "Bearer x"}, "invalid_token", 'Bearer realm="autograph", error="invalid_token"'),
        ({"Authorization": "Basic eDp5"}, "invalid_token", 'Bearer realm="autograph", error="invalid_token"'),
        ({"Authorization": ""}, "invalid_token", 'Bearer realm="autograph", error="invalid_token"'),
    ],
)
async def test_me_refuses_whoever_shows_nothing_good(
    api: AsyncClient, headers: dict[str, str], code: str, challenge: str
) -> None:
    response = await api.get("/me", headers=headers)

    assert_problem(response, 401, code)
    assert response.headers["www-authenticate"] == challenge


async def test_the_quick_way_to_me_answers_like_the_documented_route(
    api: AsyncClient, services: Services
) -> None:
    """GET /me is answered outside FastAPI, whose own route is in the OpenAPI document."""
    await sign_up(api)
    headers = bearer(await sign_in(api))
    async with AsyncClient(transport=ASGITransport(build_api()), base_url="http://localhost:3000") as plain:
        documented, refused = await plain.get("/me", headers=headers), await plain.get("/me")
    quick, quickly_refused = await api.get("/me", headers=headers), await api.get("/me")

    assert quick.json() == documented.json()
    assert quick.headers["content-type"] == documented.headers["content-type"]
    assert but_its_id(quickly_refused) == but_its_id(refused)
    assert quickly_refused.status_code == refused.status_code == 401
    assert quickly_refused.headers["www-authenticate"] == refused.headers["www-authenticate"]


async def test_a_refresh_answers_a_new_pair(api: AsyncClient) -> None:
    await sign_up(api)
    old = await sign_in(api)
    response = await api.post("/refresh", json={"refresh_token": old["refresh_token"]})

    assert response.status_code == 200
    assert set(response.json()) == set(old)
    assert (await api.get("/me", headers=bearer(response.json()))).status_code == 200


async def test_a_second_refresh_by_the_same_client_gives_the_same_successor(api: AsyncClient) -> None:
    await sign_up(api)
    old = await sign_in(api)
    answers = [await api.post("/refresh", json={"refresh_token": old["refresh_token"]}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    pairs = [answer.json() for answer in answers]
    assert pairs[0]["refresh_token"] == pairs[1]["refresh_token"]
    for pair in pairs:
        assert (await api.get("/me", headers=bearer(pair))).status_code == 200


async def test_a_second_refresh_by_another_client_ends_the_family(api: AsyncClient, connect: Connect) -> None:
    await sign_up(api)
    old = await sign_in(api)
    new = (await api.post("/refresh", json={"refresh_token": old["refresh_token"]})).json()

    again = await connect("192.0.2.66").post("/refresh", json={"refresh_token": old["refresh_token"]})
    assert_problem(again, 401, "token_reused")
    assert_problem(await api.get("/me", headers=bearer(new)), 401, "session_ended")
    next_one = await api.post("/refresh", json={"refresh_token": new["refresh_token"]})
    assert_problem(next_one, 401, "session_ended")


@pytest.mark.parametrize("token", ["x", "a.b.c", "\0", "x" * 4096])
async def test_a_made_up_refresh_token_is_refused(api: AsyncClient, token: str) -> None:
    assert_problem(await api.post("/refresh", json={"refresh_token": token}), 401, "invalid_token")


@pytest.mark.parametrize(
    "body",
    [{}, {"refresh_token": ""}, {"refresh_token": "x" * 4097}, {"refresh_token": 1}, {"token": "x"}],
)
async def test_a_refresh_of_another_shape_is_refused(api: AsyncClient, body: dict[str, object]) -> None:
    assert_problem(await api.post("/refresh", json=body), 422, "invalid_input")


async def test_tokens_are_good_for_their_own_purpose_only(api: AsyncClient) -> None:
    await sign_up(api)
    pair = await sign_in(api)
    swapped = {"access_token": pair["refresh_token"]}

    assert_problem(await api.get("/me", headers=bearer(swapped)), 401, "invalid_token")
    response = await api.post("/refresh", json={"refresh_token": pair["access_token"]})
    assert_problem(response, 401, "invalid_token")


async def test_an_expired_access_token_is_refused(api: AsyncClient, clock: FakeClock) -> None:
    await sign_up(api)
    pair = await sign_in(api)
    clock.advance(3600)

    assert_problem(await api.get("/me", headers=bearer(pair)), 401, "invalid_token")


async def test_after_signing_out_nothing_of_the_session_works(api: AsyncClient) -> None:
    await sign_up(api)
    pair, other = await sign_in(api), await sign_in(api)
    response = await api.post("/logout", headers=bearer(pair))

    assert response.status_code == 200
    assert response.json() == {"message": "You're signed out."}
    assert_problem(await api.get("/me", headers=bearer(pair)), 401, "session_ended")
    assert_problem(await api.post("/logout", headers=bearer(pair)), 401, "session_ended")
    refreshed = await api.post("/refresh", json={"refresh_token": pair["refresh_token"]})
    assert_problem(refreshed, 401, "session_ended")
    assert (await api.get("/me", headers=bearer(other))).status_code == 200


async def test_signing_out_everywhere_counts_and_ends_every_session(
    api: AsyncClient, services: Services
) -> None:
    await sign_up(api)
    pair, other = await sign_in(api), await sign_in(api)
    cookie = {"Cookie": f"autograph_session={await open_cookie(services)}"}
    response = await api.post("/logout-all", headers=bearer(pair))

    assert response.json() == {"revoked": 3}
    for headers in (bearer(pair), bearer(other), cookie):
        assert_problem(await api.get("/me", headers=headers), 401, "session_ended")
    assert (await api.get("/me", headers=bearer(await sign_in(api)))).status_code == 200


@pytest.mark.parametrize("path", ["/logout", "/logout-all"])
async def test_signing_out_needs_a_credential(api: AsyncClient, path: str) -> None:
    assert_problem(await api.post(path), 401, "not_authenticated")


@pytest.mark.parametrize("path", ["/logout", "/logout-all"])
@pytest.mark.parametrize(
    "origin", [None, "https://evil.example", "null", "http://localhost:3001", "http://localhost.evil"]
)
async def test_another_site_cannot_sign_a_browser_out(
    connect: Connect, services: Services, path: str, origin: str | None
) -> None:
    client = connect(origin=origin)
    await sign_up(connect())
    cookie = {"Cookie": f"autograph_session={await open_cookie(services)}"}

    assert_problem(await client.post(path, headers=cookie), 403, "origin_refused")
    assert (await client.get("/me", headers=cookie)).status_code == 200


async def test_our_own_page_can_sign_its_browser_out(browser: AsyncClient, services: Services) -> None:
    await sign_up(browser)
    cookie = {"Cookie": f"autograph_session={await open_cookie(services)}"}

    assert (await browser.post("/logout", headers=cookie)).status_code == 200


async def test_asking_with_get_changes_nothing(browser: AsyncClient, services: Services) -> None:
    await sign_up(browser)
    cookie = {"Cookie": f"autograph_session={await open_cookie(services)}"}
    for path in ("/logout", "/logout-all", "/refresh", "/session/end"):
        assert (await browser.get(path, headers=cookie)).status_code == 405

    assert (await browser.get("/me", headers=cookie)).status_code == 200
