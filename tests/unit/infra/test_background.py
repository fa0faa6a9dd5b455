"""Ending background tasks."""

import asyncio

from autograph_web.infra.background import BackgroundTasks, end


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


async def test_what_runs_beside_is_given_its_time_and_then_ended() -> None:
    done: list[str] = []
    go_on = asyncio.Event()

    async def waits() -> None:
        await go_on.wait()
        done.append("quick")

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            done.append("ended")

    beside = BackgroundTasks()
    beside.begin(waits())
    beside.begin(never())
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await beside.close(0.5)
    assert done == ["quick", "ended"]
    await beside.close()  # with nothing left


async def test_a_task_has_time_to_close_what_it_holds() -> None:
    closed = asyncio.Event()

    async def holds() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.3)
            closed.set()

    task = asyncio.create_task(holds())
    await asyncio.sleep(0)
    await end([task])
    assert closed.is_set()
