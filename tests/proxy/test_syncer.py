from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from sockguard.proxy.syncer import Syncer

if TYPE_CHECKING:
    from collections.abc import Sequence


def test_those_who_come_during_a_sync_share_the_next_one() -> None:
    calls = []
    busy, go_on = threading.Event(), threading.Event()

    def sync() -> None:
        calls.append(1)
        busy.set()
        go_on.wait(5)

    async def main() -> None:
        syncer = Syncer(sync)
        first = asyncio.ensure_future(syncer.synced())
        await asyncio.to_thread(busy.wait, 5)
        later = [asyncio.ensure_future(syncer.synced()) for _ in range(5)]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(first, *later)

    asyncio.run(main())

    assert len(calls) == 2


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), RuntimeError("no thread")])
def test_whatever_a_sync_raises_reaches_everybody_who_waits(error: Exception) -> None:
    failing = True

    def sync() -> None:
        if failing:
            raise error

    async def main() -> Sequence[object]:
        nonlocal failing
        syncer = Syncer(sync)
        failed = await asyncio.gather(*[syncer.synced() for _ in range(3)], return_exceptions=True)
        failing = False
        await syncer.synced()
        return failed

    assert list(asyncio.run(main())) == [error] * 3
