"""Group commit: who shares a write, and who hears of its failure."""

import asyncio
import threading
from collections.abc import Sequence

from hivesight.notify.group_commit import GroupCommit


def test_what_comes_during_a_write_goes_into_the_next_one() -> None:
    written: list[list[int]] = []
    begun, go_on = threading.Event(), threading.Event()

    def write(items: Sequence[int]) -> None:
        begun.set()
        assert go_on.wait(10)
        written.append(list(items))

    async def go() -> None:
        commit = GroupCommit(write)
        first = asyncio.create_task(commit(1))
        await asyncio.to_thread(begun.wait, 10)
        others = [asyncio.create_task(commit(number)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        others[1].cancel()
        go_on.set()
        await asyncio.gather(first, *others, return_exceptions=True)
        await commit(5)

    asyncio.run(go())
    assert written == [[1], [2, 3, 4], [5]]


def test_a_failure_is_that_of_its_own_batch() -> None:
    def write(items: Sequence[int]) -> None:
        if 1 in items:
            raise OSError("full")

    async def go() -> list[BaseException | None]:
        commit = GroupCommit(write)
        first = await asyncio.gather(commit(1), commit(2), return_exceptions=True)
        return [*first, *await asyncio.gather(commit(3), return_exceptions=True)]

    assert [type(each) for each in asyncio.run(go())] == [OSError, OSError, type(None)]
