"""Tests of the asyncio `publish_many`: several requests in flight, async iterables, cancellation."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

import centripetal
from centripetal import Limits, Publish, UsageError
from centripetal.testing import Recorder
from tests.client.bulk.ways import Kit, publish_many


@given(
    items=st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4, unique=True), max_size=40),
    limit=st.integers(1, 7),
)
def test_broadcasts_keep_the_order_of_all_their_channels(items: list[list[str]], limit: int) -> None:
    """Commands that concern several channels run after earlier items of each of them, and before later ones."""
    kit = Recorder()
    commands = [
        Publish(channels[0], place) if len(channels) == 1 else centripetal.Broadcast(channels, place)
        for place, channels in enumerate(items)
    ]
    publish_many(kit, "asyncio", commands, Limits(commands=limit))
    for channel in "abcdefgh":
        assert kit.published.to(channel) == [place for place, channels in enumerate(items) if channel in channels]


async def numbers(count: int) -> AsyncIterator[tuple[str, int]]:
    for number in range(count):
        yield "a", number


def test_items_of_an_async_iterable(kit: Kit) -> None:
    """The asyncio client reads async iterables; the blocking client names it."""
    assert publish_many(kit, "asyncio", numbers(50), Limits(commands=7)).sent == 50
    assert kit.published.to("a") == list(range(50))
    with pytest.raises(UsageError, match="use AsyncClient"):
        publish_many(kit, "blocking", numbers(1))


def test_a_cancelled_call_ends_its_requests() -> None:
    """After a cancellation no request of the call is in flight, and the error tells the counts."""

    async def scenario() -> None:
        kit = Recorder()
        async with kit.async_client() as client:
            never = asyncio.Event()

            async def source() -> AsyncIterator[tuple[str, int]]:
                for number in range(1500):
                    yield "a", number
                await never.wait()

            task = asyncio.ensure_future(client.publish_many(source()))
            await kit.until_published("a", 0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert kit.published.to("a") == list(range(1000))

    asyncio.run(scenario())
