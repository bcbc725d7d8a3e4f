"""Ways of calling `publish_many`: blocking and in asyncio."""

import asyncio
from typing import Any, TypeAlias

from centripetal import Limits, PublishSummary
from centripetal.testing import Recorder, RecorderV1

__all__ = ["WAYS", "Kit", "publish_many"]

Kit: TypeAlias = Recorder | RecorderV1
WAYS = ("blocking", "asyncio")


def publish_many(kit: Kit, way: str, items: Any, limits: Limits = Limits(), **options: Any) -> PublishSummary:  # noqa: B008
    """Call `publish_many` of a new client and return its summary."""
    if way == "blocking":
        return kit.client(group=limits).publish_many(items, **options)

    async def call() -> PublishSummary:
        async with kit.async_client(group=limits) as client:
            return await client.publish_many(items, **options)

    return asyncio.run(call())
