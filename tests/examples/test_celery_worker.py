"""Tests of the Celery worker example with processes: a parent, two children and a folder as broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from centripetal.server import EmbeddedServer
from centripetal.testing import ANYTHING, Centrifugo

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "celery_worker"
CELERY = (sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "2")


class Worker(NamedTuple):
    """A running worker: its server, its main process and its log."""

    server: Centrifugo
    process: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str]

    def start_jobs(self, *paths: Path) -> list[str]:
        """Start a job for each path and return the jobs' channels."""
        command = [sys.executable, "start.py", *map(str, paths)]
        done = subprocess.run(command, cwd=EXAMPLE, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    def wait_until_logged(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    folder = tmp_path_factory.mktemp("celery")
    log = folder / "log"
    with Centrifugo(config={"channel": {"namespaces": [{"name": "jobs"}]}}) as server, log.open("wb") as output:
        environment = {
            **os.environ,
            "CENTRIFUGO_API_URL": server.url,
            "CENTRIFUGO_API_KEY": server.api_key,
            "CELERY_FOLDER": str(folder / "queue"),
            "PROGRESS_INTERVAL": "0",  # publish a message for each row
        }
        command = [*CELERY, "--loglevel", "info", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        process = subprocess.Popen(
            command, cwd=EXAMPLE, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        worker = Worker(server, process, log, environment)
        worker.wait_until_logged(" ready.")
        yield worker
        assert process.poll() is None, log.read_text()
        os.killpg(process.pid, signal.SIGKILL)  # the worker takes five seconds to stop by itself
        process.wait()


@pytest.fixture
def pipes(tmp_path: Path) -> tuple[Path, Path]:
    """Two named pipes; opening one for reading blocks until the test writes to it."""
    paths = (tmp_path / "a.csv", tmp_path / "b.csv")
    for path in paths:
        os.mkfifo(path)
    return paths


def test_children_publish_concurrently(worker: Worker, pipes: tuple[Path, Path]) -> None:
    """The parent has a connection when it forks, and two children publish concurrently without mixing up messages."""
    channels = worker.start_jobs(*pipes)
    # Each job waits for its pipe, so the two jobs run in different children.
    for channel in channels:
        worker.server.wait_until_published(channel, {"state": "running", "rows": 0, "worker": ANYTHING}, timeout=60)
    assert "publishing to Centrifugo 6" in worker.log.read_text()
    pids = {worker.server.published.to(channel)[0]["worker"] for channel in channels}
    assert len(pids | {worker.process.pid}) == 3
    for pipe, amount in zip(pipes, (1, 10), strict=True):
        pipe.write_text(f"row,{amount}\n" * 100)
    for channel, total in zip(channels, (100, 1000), strict=True):
        worker.server.wait_until_published(channel, {"state": "done", "rows": 100, "total": total}, timeout=60)
        assert [each["rows"] for each in worker.server.published.to(channel)] == [*range(101), 100]


def test_a_result_is_retried_until_centrifugo_is_up(worker: Worker, pipes: tuple[Path, Path]) -> None:
    """A job that ends during an outage publishes its result once after the outage."""
    (channel,) = worker.start_jobs(pipes[0])
    worker.server.wait_until_published(channel, timeout=60)
    with worker.server.down():
        pipes[0].write_text("row,7\n")
        worker.wait_until_logged("retry: Retry in 1s: ConnectError")
    worker.server.wait_until_published(channel, {"state": "done", "rows": 1, "total": 7}, timeout=60)
    worker.server.assert_published(channel, {"state": "done", "rows": 1, "total": 7}, times=1)


def test_a_failed_job_publishes_its_error(worker: Worker, tmp_path: Path) -> None:
    """A failed job publishes its error to its channel."""
    file = tmp_path / "bad.csv"
    file.write_text("row,many\n")
    (channel,) = worker.start_jobs(file)
    error = "invalid literal for int() with base 10: 'many'"
    worker.server.wait_until_published(channel, {"state": "failed", "error": error}, timeout=60)


def test_the_configuration_is_valid() -> None:
    """The embedded server accepts the configuration without warnings."""
    EmbeddedServer(config=EXAMPLE / "centrifugo.json")
