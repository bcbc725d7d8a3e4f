"""A browser for tests: Chromium, driven from Python through `browser.cjs`."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.needs import find

PROGRAM = Path(__file__).parent / "browser.cjs"


class Browser:
    """Some pages; a method of Playwright's page is called by its name."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, method: str, *args: object, page: str = "main") -> Any:
        """What the page's *method* returns, if that is plain data."""
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
        """Go to the console and wait until it is live."""
        assert await self.do("goto", url) == 200
        await self.do("waitForSelector", "body[data-link=live]")

    async def sees(self, selector: str, state: str = "visible") -> None:
        """Wait until there is such an element to see; "hidden": until there is none."""
        await self.do("waitForSelector", selector, {"state": state})

    async def text(self, selector: str) -> str:
        return str(await self.do("innerText", selector))

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.do("keyboard.press", key)


OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def open_browser() -> AsyncIterator[OpenBrowser]:
    """Starts browsers, with options of Playwright's context; no script in their pages may have failed at the end."""
    started: list[tuple[asyncio.subprocess.Process, Browser]] = []

    async def start(**options: object) -> Browser:
        command = (find("node"), PROGRAM, find("playwright"), find("chromium"), json.dumps(options))
        process = await asyncio.create_subprocess_exec(
            *map(str, command), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        browser = Browser(process)
        started.append((process, browser))
        return browser

    yield start
    for process, browser in started:
        complaints = await browser.do("complaints")
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0
        assert complaints == []


@pytest.fixture
async def browser(open_browser: OpenBrowser) -> Browser:
    return await open_browser(viewport={"width": 1280, "height": 800})
