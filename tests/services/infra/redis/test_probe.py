"""A Redis that answers but is unsuitable: readiness, log and `doctor` name the cause and the remedy."""

import json
import logging
from pathlib import Path

import pytest

from autograph_web.commands.common import refuse_redis
from autograph_web.container import Services
from autograph_web.infra.clock import SystemClock
from autograph_web.infra.health.failures import Trouble
from autograph_web.infra.redis.client import RedisClient, RedisDown
from autograph_web.infra.redis.probe import what_fails
from autograph_web.infra.startup_error import StartupError
from autograph_web.infra.telemetry.logs import configure_logging
from tests.support.clients.command_line import command
from tests.support.servers.certificates import certificate_for_localhost
from tests.support.servers.restricted_redis import as_admin, redis_with
from tests.support.services.app import OpenServices
from tests.support.services.factories import make_settings

pytestmark = pytest.mark.slow  # programs are started

# As documented in docs/deployment.md.
LEAST = (
    "on >hunter2 resetchannels &* ~* -@all +@connection +ping +info +role +get +mget +set +del +exists"
    " +expire +pexpire +pttl +getdel +sadd +srem +scard +zadd +zrange +zrem +zremrangebyscore +hset +hmget"
    " +eval +evalsha +script|load +multi +exec +discard +watch +publish +subscribe +psubscribe +unsubscribe"
    " +punsubscribe +pubsub|numsub +scan +config|set"
)


async def failures(url: str) -> dict[str, Trouble]:
    redis = RedisClient(url, SystemClock())
    try:
        return {failure.command: failure.trouble for failure in await what_fails(redis)}
    finally:
        await redis.close()


async def test_the_least_rights_of_the_documentation_are_enough(tmp_path: Path) -> None:
    with redis_with(tmp_path, f"user nora {LEAST}") as port:
        assert await failures(f"redis://nora:hunter2@127.0.0.1:{port}") == {}


@pytest.mark.parametrize(
    ("less", "named"),
    [
        ("-getdel", {"GETDEL"}),
        ("-set", {"SET", "EVALSHA"}),
        ("-evalsha -eval -script", {"SCRIPT LOAD", "EVALSHA", "EVAL"}),
        ("-publish", {"PUBLISH"}),
        ("-psubscribe -subscribe", {"PSUBSCRIBE", "SUBSCRIBE"}),
        ("resetchannels", {"PUBLISH", "PSUBSCRIBE", "SUBSCRIBE", "PUBSUB NUMSUB"}),
        ("-zadd", {"EVALSHA"}),
        ("-multi -exec", {"MULTI", "EXEC"}),
    ],
)
async def test_a_right_that_is_missing_is_named(tmp_path: Path, less: str, named: set[str]) -> None:
    with redis_with(tmp_path, f"user nora {LEAST} {less}") as port:
        found = await failures(f"redis://nora:hunter2@127.0.0.1:{port}")
    assert found
    assert set(found) <= named
    assert set(found.values()) == {Trouble.RIGHTS}


async def test_without_info_nothing_can_be_done(tmp_path: Path) -> None:
    with redis_with(tmp_path, f"user nora {LEAST} -info") as port, pytest.raises(RedisDown) as down:
        await failures(f"redis://nora:hunter2@127.0.0.1:{port}")
    assert (down.value.trouble, down.value.command) == (Trouble.RIGHTS, "INFO")


async def test_a_replica_and_a_full_memory_are_told_apart(tmp_path: Path) -> None:
    with redis_with(tmp_path) as port:
        url = f"redis://127.0.0.1:{port}"
        admin = as_admin(port)
        admin.config_set("maxmemory", "1")
        full = await failures(url)
        admin.config_set("maxmemory", "0")
        admin.replicaof("127.0.0.1", port)
        replica = await failures(url)
        admin.close()
    assert (full["SET"], replica["SET"]) == (Trouble.FULL, Trouble.REPLICA)


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("redis://nora:wrong@127.0.0.1:{port}", Trouble.PASSWORD),
        ("redis://127.0.0.1:{port}", Trouble.PASSWORD),
        ("redis://127.0.0.1:1", Trouble.AWAY),
        ("redis://no-such-host.invalid:{port}", Trouble.ADDRESS),
    ],
)
async def test_who_cannot_come_in_learns_why(tmp_path: Path, url: str, trouble: Trouble) -> None:
    users = "user default off", f"user nora {LEAST}"
    with redis_with(tmp_path, *users) as port, pytest.raises(RedisDown) as down:
        await failures(url.format(port=port))
    assert down.value.trouble is trouble


async def test_a_certificate_must_be_one_we_trust(tmp_path: Path) -> None:
    _, authority = certificate_for_localhost(tmp_path)
    with redis_with(tmp_path, f"user nora {LEAST}", tls=(authority, tmp_path / "key.pem")) as port:
        place = f"nora:hunter2@127.0.0.1:{port}"
        assert await failures(f"rediss://{place}?ssl_ca_certs={authority}") == {}
        for url, trouble in ((f"rediss://{place}", Trouble.CERTIFICATE), (f"redis://{place}", Trouble.AWAY)):
            with pytest.raises(RedisDown) as down:
                await failures(url)
            assert down.value.trouble is trouble


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_readiness_doctor_and_start_name_what_is_missing(
    tmp_path: Path, open_services: OpenServices, database_url: str, services: Services
) -> None:
    with redis_with(tmp_path, f"user nora {LEAST} -getdel -publish") as port:
        url = f"redis://nora:hunter2@127.0.0.1:{port}"
        restricted = await open_services(
            make_settings(tmp_path / "data", database_url=database_url, redis_url=url)
        )
        checks = {check.name: check for check in await restricted.health.look()}
        assert (checks["database"].well, checks["redis"].well) == (True, False)
        assert checks["redis"].details == {"trouble": "rights", "refuses": "GETDEL, PUBLISH"}
        done = await command(services, "doctor", "--json", REDIS_URL=url)
        [finding] = [one for one in json.loads(done.stdout) if one["about"].startswith("redis")]
        assert (done.returncode, finding["outcome"]) == (1, "failed")
        assert "GETDEL, PUBLISH" in finding["text"]
        assert "docs/deployment.md" in finding["advice"]
        assert "hunter2" not in done.stdout


def test_a_start_is_refused_in_one_line(tmp_path: Path) -> None:
    with redis_with(tmp_path, f"user nora {LEAST} -getdel") as port:
        with pytest.raises(StartupError, match=r"REDIS_URL: the user lacks a privilege \(GETDEL\)"):
            refuse_redis(f"redis://nora:hunter2@127.0.0.1:{port}")
        with pytest.raises(StartupError, match="rejects the user or password"):
            refuse_redis(f"redis://nora:wrong@127.0.0.1:{port}")


async def test_what_fails_again_and_again_is_one_line_and_no_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    configure_logging("INFO", "text")
    try:
        with redis_with(tmp_path, f"user nora {LEAST} -getdel") as port:
            redis = RedisClient(f"redis://nora:hunter2@127.0.0.1:{port}", SystemClock())
            for _ in range(50):
                try:
                    await redis.take("nothing")
                except RedisDown:
                    logging.getLogger("reflex.istate").exception("an event of a page failed")
            await redis.close()
    finally:
        logging.getLogger().handlers[:] = handlers
        logging.getLogger().setLevel(level)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2, lines
    assert not any("Traceback" in line for line in lines)
    assert "trouble='rights'" in lines[0]
