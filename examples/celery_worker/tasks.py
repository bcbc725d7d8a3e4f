"""A worker whose jobs publish their progress and result to browsers: `celery -A tasks worker --concurrency 2`.

The broker is a folder unless CELERY_BROKER_URL is set, so no other server is needed.
"""

import csv
import logging
import os
import time
from pathlib import Path
from typing import Any

import folder
from celery import Celery, Task
from celery.signals import worker_init

from centripetal import CentripetalError, Client

logger = logging.getLogger(__name__)

folder.register()
app = Celery("tasks", broker=os.environ.get("CELERY_BROKER_URL", "folder://"))
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=1)
if app.conf.broker_url == "folder://":
    app.conf.broker_transport_options = folder.options(Path(os.environ.get("CELERY_FOLDER", "queue")))

# One client per process. After a fork, each child opens its own connections.
client = Client(
    os.environ.get("CENTRIFUGO_API_URL", "http://localhost:8000"),
    os.environ.get("CENTRIFUGO_API_KEY", "key"),
    timeout=2,
)
# Seconds between two progress messages: people cannot see more frequent updates.
INTERVAL = float(os.environ.get("PROGRESS_INTERVAL", "0.2"))


@worker_init.connect
def look(**_: Any) -> None:
    """Report a wrong address or key when the worker starts instead of in the first job."""
    try:
        logger.warning("publishing to Centrifugo %s", client.info().nodes[0].version)
    except CentripetalError as error:
        logger.warning("cannot publish: %s", error)


@app.task(bind=True)
def add_up(self: Task, path: str) -> None:
    """Add up the second column of a CSV file and publish the progress."""
    job = self.request.id
    try:
        result = added_up(job, path)
    except Exception as error:
        announce.delay(job, {"state": "failed", "error": str(error)})
        raise
    announce.delay(job, {"state": "done", **result})


def added_up(job: str, path: str) -> dict[str, int]:
    """Do the work and publish the progress a few times per second."""
    tell(job, {"state": "running", "rows": 0, "worker": os.getpid()})
    due = time.monotonic() + INTERVAL
    rows = total = 0
    with open(path, newline="") as file:
        for _, amount in csv.reader(file):
            rows, total = rows + 1, total + int(amount)
            if time.monotonic() >= due:
                tell(job, {"state": "running", "rows": rows, "worker": os.getpid()})
                due = time.monotonic() + INTERVAL
    return {"rows": rows, "total": total}


def tell(job: str, progress: dict[str, Any]) -> None:
    """Publish the progress of *job*. Do not retry: the next message is newer, and the job must not wait."""
    try:
        client.publish(f"jobs:{job}", progress, timeout=0.5)
    except CentripetalError as error:
        logger.warning("job %s continues without progress messages: %s", job, error)


@app.task(bind=True, max_retries=7)
def announce(self: Task, job: str, result: dict[str, Any]) -> None:
    """Publish the result. A separate task, so that a retry does not repeat the job."""
    try:
        client.publish(f"jobs:{job}", result, idempotency_key=f"{job}-result")
    except CentripetalError as error:
        if not error.retryable:
            raise  # wrong key, unknown namespace, …: a retry does not help
        # 1 + 2 + 4 + … + 64 seconds: all within the five minutes for which the server remembers the key.
        raise self.retry(exc=error, countdown=2**self.request.retries) from error
