"""What is in Redis while a user is signed in: nothing that gives access to anything."""

from typing import Any

from redis import Redis

from tests.support.browser.visitor import Visitor
from tests.support.servers.live_server import LiveServer


def strings_of(redis: Any) -> bytes:
    """Every string value of a Redis, including the states of pages."""
    return b"\n".join(redis.get(key) or b"" for key in redis.scan_iter(_type="STRING"))


async def test_no_cookie_of_a_connected_page_lies_in_redis(
    signed_in: Visitor, live_server: LiveServer
) -> None:
    await signed_in.open("/dashboard")
    await signed_in.connected()
    cookies = [str(cookie.get("value")) for cookie in await signed_in.context.cookies()]

    with Redis(unix_socket_path=str(live_server.data_dir / "redis" / "redis.sock")) as redis:
        lying = strings_of(redis)

    assert b"user-agent" in lying, "Reflex must have kept the headers there"
    assert b"sec-websocket-key" not in lying, "of those only what is read"
    assert len(cookies) >= 2
    assert [cookie for cookie in cookies if len(cookie) > 20 and cookie.encode() in lying] == []
