"""Ending what runs beside."""

import asyncio

from autograph_web.core.tasks import end


async def stubborn(swallowed: int) -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not swallowed:
                raise
            swallowed -= 1


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    tasks = [asyncio.create_task(stubborn(lost)) for lost in (0, 1, 3)]
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await end(tasks)

    assert all(task.cancelled() for task in tasks)


async def test_what_a_task_ended_with_is_no_complaint() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.wait([task])
    await end([task, asyncio.create_task(fails())])
