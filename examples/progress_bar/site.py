"""The page and its requests: `POST /jobs` starts a job, `GET /jobs/ID` returns how to watch it."""

import json
import logging
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from centripetal import Client
from centripetal.tokens import connection_token, subscription_token

from .progress import Progress

__all__ = ["Backend", "make_server"]

PAGE = Path(__file__).parent / "page.html"
logger = logging.getLogger(__name__)


@dataclass
class Backend:
    """The services of the site.

    Attributes:
        client: client that publishes.
        websocket_url: address for browsers.
        token_secret: the server's `client.token.hmac_secret_key`.
        work: the job, called with its `Progress`.
        sdk: file of the official JavaScript SDK, `dist/centrifuge.js` of the npm package centrifuge.
        jobs: ids of all jobs so far.
    """

    client: Client
    websocket_url: str
    token_secret: str
    work: Callable[[Progress], None]
    sdk: Path
    jobs: set[str] = field(default_factory=set)

    def start(self) -> str:
        """Start a job in a thread and return its id, which cannot be guessed."""
        job = secrets.token_urlsafe(12)
        self.jobs.add(job)
        threading.Thread(target=self._run, args=[job], name=f"job {job}").start()
        return job

    def _run(self, job: str) -> None:
        try:
            with Progress(self.client, f"jobs:{job}") as progress:
                self.work(progress)
        except Exception:
            logger.exception("job %s failed", job)

    def way_to(self, job: str) -> dict[str, str]:
        """Return everything that a page needs to watch *job*. Knowing the id is enough, without a login."""
        channel = f"jobs:{job}"
        return {
            "url": self.websocket_url,
            "channel": channel,
            "token": connection_token(self.token_secret, ""),
            "subscription": subscription_token(self.token_secret, channel, ""),
        }


def make_server(port: int) -> ThreadingHTTPServer:
    """Create the HTTP server of the site; set its `backend` before it serves."""
    return ThreadingHTTPServer(("127.0.0.1", port), Site)


class Site(BaseHTTPRequestHandler):
    """Handles one request."""

    @property
    def backend(self) -> Backend:
        return self.server.backend  # type: ignore[attr-defined,no-any-return]

    def do_GET(self) -> None:
        """Send the page, its script, or the way to watch a job."""
        _, first, *rest = self.path.split("/")
        if first == "" and not rest:
            self._answer("text/html; charset=utf-8", PAGE.read_bytes())
        elif first == "centrifuge.js":
            self._answer("text/javascript; charset=utf-8", self.backend.sdk.read_bytes())
        elif first == "jobs" and rest and rest[0] in self.backend.jobs:
            self._answer_json(self.backend.way_to(rest[0]))
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Start a job. Pages of other origins cannot, because JSON requests need a CORS preflight."""
        if self.path == "/jobs" and self.headers["Content-Type"] == "application/json":
            self._answer_json({"job": self.backend.start()})
        else:
            self.send_error(404)

    def _answer_json(self, value: Any) -> None:
        self._answer("application/json", json.dumps(value).encode())

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Do not log each request."""
