"""A browser for tests: Chromium, driven from Python through `browser.cjs`."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import find

PROGRAM = Path(__file__).parent / "browser.cjs"


class Browser:
    """Browser pages with the methods of Playwright's `Page`, called by name."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, method: str, *args: object, page: str = "main") -> Any:
        """Call a method of the page and return its result if that is plain data."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"method": method, "args": args, "page": page}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        assert line, "the browser has ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    async def open(self, url: str) -> None:
        """Open the console and wait until it is live."""
        assert await self.do("goto", url) == 200
        await self.do("waitForSelector", "body[data-link=live]")

    async def sees(self, selector: str, state: str = "visible") -> None:
        """Wait until an element matches *selector*; with "hidden", until no visible element does."""
        await self.do("waitForSelector", selector, {"state": state})

    async def text(self, selector: str) -> str:
        return str(await self.do("innerText", selector))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.do("keyboard.press", key)


OpenBrowser = Callable[..., Awaitable[Browser]]


@contextlib.asynccontextmanager
async def start_browser(**options: object) -> AsyncIterator[Browser]:
    """Run a browser with *options* of Playwright's context; at the end, no script in its pages may have failed."""
    command = (find("node"), PROGRAM, find("playwright"), find("chromium"), json.dumps(options))
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    browser = Browser(process)
    complaints: Any = None
    try:
        yield browser
        complaints = await browser.do("complaints")
    finally:
        assert process.stdin is not None
        process.stdin.close()
        code = await process.wait()
    assert code == 0
    assert complaints == []


@pytest.fixture
async def open_browser() -> AsyncIterator[OpenBrowser]:
    """Start browsers, with options of Playwright's context."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(**options: object) -> Browser:
            return await stack.enter_async_context(start_browser(**options))

        yield start


@pytest.fixture
async def browser(open_browser: OpenBrowser) -> Browser:
    return await open_browser(viewport={"width": 1280, "height": 800})
