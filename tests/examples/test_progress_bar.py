"""Tests of the progress bar example: the page in Chromium, the publisher that never delays a job, and the program."""

import contextlib
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from centripetal import Client, Retry
from centripetal.testing import ANYTHING, Centrifugo
from examples.progress_bar.progress import Progress
from examples.progress_bar.site import Backend, make_server
from tests.browser.conftest import OpenBrowser
from tests.conformance.servers_v6 import start
from tests.needs import find, needs

ROOT = Path(__file__).parent.parent.parent
CONFIG = json.loads((ROOT / "examples" / "progress_bar" / "centrifugo.json").read_text())
SECRET = CONFIG["client"]["token"]["hmac_secret_key"]


class Job:
    """A job that pauses until the test lets it continue."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.error: Exception | None = None

    def __call__(self, progress: Progress) -> None:
        progress.update(30, 200)
        self.begun.set()
        assert self.go_on.wait(60)
        if self.error is not None:
            raise self.error
        progress.update(200, 200)


@pytest.fixture
def job() -> Job:
    return Job()


@pytest.fixture(params=["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def page(request: pytest.FixtureRequest, job: Job, tmp_path: Path) -> Iterator[str]:
    """The URL of a page that starts *job*."""
    site = make_server(0)
    url = f"http://127.0.0.1:{site.server_port}/"
    config = CONFIG | {"client": {**CONFIG["client"], "allowed_origins": [url.rstrip("/")]}}
    sdk = Path(str(find("centrifuge-js"))) / "node_modules" / "centrifuge5" / "dist" / "centrifuge.js"
    with start(request.param, config, tmp_path) as server, Client(server.url, "key", retry=Retry()) as client:
        websocket_url = f"{server.url.replace('http', 'ws', 1)}/connection/websocket"
        site.backend = Backend(client, websocket_url, SECRET, job, sdk)  # type: ignore[attr-defined]
        thread = threading.Thread(target=site.serve_forever, args=[0.01])
        thread.start()
        yield url
        job.go_on.set()
        site.shutdown()
        thread.join()
        site.server_close()


@needs("node")
@needs("playwright")
@needs("chromium")
@needs("centrifuge-js")
async def test_pages_show_the_progress_of_the_job(page: str, job: Job, open_browser: OpenBrowser) -> None:
    """The page that starts the job, a page opened during it and a page opened after it all show the newest state."""
    browser = await open_browser()
    assert await browser.do("goto", page) == 200
    await browser.do("click", "button")
    await browser.sees("output:text-is('15 %')")
    address = await browser.do("evaluate", "location.href")
    await browser.do("goto", address, page="second")
    await browser.do("waitForSelector", "output:text-is('15 %')", page="second")
    assert await browser.do("getAttribute", "progress", "value", page="second") == "30"
    job.go_on.set()
    for name in ("main", "second", "late"):
        if name == "late":
            await browser.do("goto", address, page=name)
        await browser.do("waitForSelector", "[data-state=done] output:text-is('Done.')", page=name)

    job.error = ValueError("row 31 is no <number>")
    await browser.do("click", "button")
    await browser.sees("[data-state=failed] output:text-is('Failed at 15 %: row 31 is no <number>')")
    await browser.do("goto", f"{page}#unknown", page="lost")
    await browser.do("waitForSelector", "output:has-text('This job does not exist.')", page="lost")


JOBS = pytest.mark.centrifugo(config={"channel": {"namespaces": CONFIG["channel"]["namespaces"]}})


@JOBS
def test_intermediate_states_are_skipped(centrifugo: Centrifugo) -> None:
    """Updates made during a request are replaced by the newest state, and the last state is published."""
    under_way, let_go = threading.Event(), threading.Event()

    def wait(_: int) -> None:
        under_way.set()
        assert let_go.wait(60)

    with Progress(centrifugo.client(on_request=wait), "jobs:1", interval=0) as progress:
        assert under_way.wait(60)
        for step in range(1, 1001):
            progress.update(step, 1000)
        let_go.set()
        centrifugo.wait_until_published("jobs:1", times=2, timeout=60)
        progress.update(1000, 1000)
    messages = centrifugo.published.to("jobs:1")
    assert messages[:2] == [
        {"done": 0, "total": None, "state": "running"},
        {"done": 1000, "total": 1000, "state": "running"},
    ]
    assert messages[-1] == {"done": 1000, "total": 1000, "state": "done"}


@JOBS
def test_the_interval_limits_messages(centrifugo: Centrifugo) -> None:
    """A job shorter than the interval publishes its start and its end, without waiting for the interval at the end."""
    with Progress(centrifugo.client(), "jobs:1", interval=1000) as progress:
        centrifugo.wait_until_published("jobs:1", timeout=60)
        for step in range(1, 1001):
            progress.update(step, 1000)
    assert [message["state"] for message in centrifugo.published.to("jobs:1")] == ["running", "done"]


@JOBS
def test_a_job_is_independent_of_centrifugo(centrifugo: Centrifugo) -> None:
    """During an outage a job raises its own error, and its last message is retried and published once."""

    def fail() -> None:
        client = centrifugo.client(retry=Retry(attempts=1000, base=0.01, cap=0.01))
        with contextlib.ExitStack() as down, Progress(client, "jobs:1") as progress:
            down.enter_context(centrifugo.down())
            progress.update(1, 2)
            threading.Timer(0.1, down.pop_all().close).start()
            raise ZeroDivisionError("no")

    with pytest.raises(ZeroDivisionError):
        fail()
    centrifugo.assert_published("jobs:1", {"done": 1, "total": 2, "state": "failed", "error": "no"}, times=1)


def get(url: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_the_program_runs(tmp_path: Path) -> None:
    """The program runs with its embedded server, and a late subscriber receives the newest message at once."""
    command = [sys.executable, "-m", "examples.progress_bar"]
    (tmp_path / "centrifuge.js").touch()
    environment = {**os.environ, "PORT": "0", "CENTRIFUGE_JS": str(tmp_path / "centrifuge.js")}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            assert "embedded Centrifugo" in program.stdout.readline()
            found = re.search(r"http://\S+/", program.stdout.readline())
            assert found
            job = get(f"{found[0]}jobs", b"{}")["job"]
            way = get(f"{found[0]}jobs/{job}")
            with connect(way["url"]) as visitor:
                visitor.send(json.dumps({"id": 1, "connect": {"token": way["token"]}}))
                visitor.recv(10)
                subscribe = {"channel": way["channel"], "token": way["subscription"], "recover": True}
                visitor.send(json.dumps({"id": 2, "subscribe": subscribe}))
                message = {"done": ANYTHING, "total": ANYTHING, "state": "running"}
                answer = json.loads(visitor.recv(10))
                # If the job has not started yet, the message arrives next as a push.
                news = answer["subscribe"].get("publications") or [json.loads(visitor.recv(10))["push"]["pub"]]
                assert news[0]["data"] == message
        finally:
            program.kill()
