"""The example of a Celery worker, run for real: a parent that used its client, two children, a folder as broker."""

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
    """A worker under way: its server, its main process, and what it has logged."""

    server: Centrifugo
    process: subprocess.Popen[bytes]
    log: Path
    environment: dict[str, str]

    def start_jobs(self, *paths: Path) -> list[str]:
        """Start a job for each path; their channels."""
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
            "PROGRESS_INTERVAL": "0",  # a message for each row
        }
        command = [*CELERY, "--loglevel", "info", "--without-gossip", "--without-mingle", "--without-heartbeat"]
        process = subprocess.Popen(
            command, cwd=EXAMPLE, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        worker = Worker(server, process, log, environment)
        worker.wait_until_logged(" ready.")
        yield worker
        assert process.poll() is None, log.read_text()
        os.killpg(process.pid, signal.SIGKILL)  # the worker's own way to stop takes five seconds
        process.wait()


@pytest.fixture
def pipes(tmp_path: Path) -> tuple[Path, Path]:
    """Two files to read from; who opens them waits until somebody writes."""
    paths = (tmp_path / "a.csv", tmp_path / "b.csv")
    for path in paths:
        os.mkfifo(path)
    return paths


def test_children_publish_side_by_side(worker: Worker, pipes: tuple[Path, Path]) -> None:
    """The parent has a connection when it forks; two children publish at the same time, and nothing gets mixed up."""
    channels = worker.start_jobs(*pipes)
    # Each job waits for its file, so that they are surely in two children.
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


def test_a_result_waits_for_centrifugo(worker: Worker, pipes: tuple[Path, Path]) -> None:
    """The job ends while Centrifugo is down; its result is published when it is up again, once."""
    (channel,) = worker.start_jobs(pipes[0])
    worker.server.wait_until_published(channel, timeout=60)
    with worker.server.down():
        pipes[0].write_text("row,7\n")
        worker.wait_until_logged("retry: Retry in 1s: ConnectError")
    worker.server.wait_until_published(channel, {"state": "done", "rows": 1, "total": 7}, timeout=60)
    worker.server.assert_published(channel, {"state": "done", "rows": 1, "total": 7}, times=1)


def test_a_job_that_fails_says_so(worker: Worker, tmp_path: Path) -> None:
    """Whoever watches learns why."""
    file = tmp_path / "bad.csv"
    file.write_text("row,many\n")
    (channel,) = worker.start_jobs(file)
    error = "invalid literal for int() with base 10: 'many'"
    worker.server.wait_until_published(channel, {"state": "failed", "error": error}, timeout=60)


def test_its_configuration_is_one() -> None:
    """The embedded server takes it whole, and keeps the last message of a job."""
    EmbeddedServer(config=EXAMPLE / "centrifugo.json")
