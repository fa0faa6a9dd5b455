"""Distinguishing a worker that has stopped answering from one that is busy starting."""

import asyncio
import os
import subprocess
import sys

from autograph_web.infra.telemetry.heartbeat import Watch, show


async def shown_once() -> None:
    """Give one sign of life in this process, and none after it."""
    showing = asyncio.create_task(show())
    await asyncio.sleep(0)
    showing.cancel()


async def test_who_shows_nothing_new_is_silent_after_so_many_looks() -> None:
    watch, own = Watch(3), os.getpid()
    await shown_once()

    assert [watch.look([own]) for _ in range(4)] == [[], [], [], [own]]


async def test_a_sign_begins_the_count_anew() -> None:
    watch, own = Watch(2), os.getpid()
    await shown_once()
    for _ in range(2):
        assert watch.look([own]) == []
    await shown_once()

    assert [watch.look([own]) for _ in range(3)] == [[], [], [own]]


async def test_who_is_still_starting_is_not_silent() -> None:
    watch, own = Watch(1), os.getpid()
    await shown_once()
    watch.look([own])
    watch.look([])  # gone: the next process with this id starts from nothing

    assert [watch.look([own]) for _ in range(5)] == [[]] * 5


def test_a_silent_process_is_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        Watch(1).end(process.pid)
        assert process.wait() == -9
    Watch(1).end(process.pid)  # it is gone already
