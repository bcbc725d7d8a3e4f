"""A user's program that the Python of a test environment runs; it prints as JSON the features that work there."""

import importlib
import json
import pkgutil
import re
import sys
import urllib.request
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urljoin, urlsplit

import centripetal
from centripetal import Client, UsageError
from centripetal.server import EmbeddedServer
from centripetal.tokens import connection_token, explain


def imports() -> dict[str, str]:
    """Return every module with its import error, or an empty text if it imports."""
    found = {}
    for module in [
        "pytest_centripetal",
        *(info.name for info in pkgutil.walk_packages(centripetal.__path__, "centripetal.")),
    ]:
        if not module.endswith("__main__"):
            try:
                importlib.import_module(module)
                found[module] = ""
            except (ModuleNotFoundError, UsageError) as error:
                found[module] = str(error)
    return found


def get(url: str) -> int:
    """Return the HTTP status of *url*."""
    with urllib.request.urlopen(url) as reply:
        status: int = reply.status
        return status


def upgrade(url: str) -> tuple[int, str]:
    """Return the status and the text of the server's reply to a WebSocket handshake."""
    place = urlsplit(url)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    headers["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    with closing(HTTPConnection(place.netloc, timeout=10)) as connection:
        connection.request("GET", place.path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()


def rsa(pem: str) -> str:
    """Return the explanation of a token signed with an RSA key, or the error."""
    try:
        return str(explain(connection_token(pem, "ann"), pem)).split("\n")[0]
    except UsageError as error:
        return str(error)


def console(url: str) -> dict[str, int]:
    """Return the HTTP status of the console page and of each file that it loads."""
    with urllib.request.urlopen(url) as reply:
        page = reply.read().decode()
    return {name: get(urljoin(url, name)) for name in ["", *re.findall(r'(?:src|href)="(\w+\.\w+)"', page)]}


def facts(pem: str) -> dict[str, Any]:
    """Return the results of all checks."""
    config = {"channel": {"without_namespace": {"history_size": 1, "history_ttl": "60s"}}}
    with EmbeddedServer(api_key="key", config=config) as server:
        return {
            "file": centripetal.__file__,
            "offset": Client(server.url, "key").publish("news", 1).offset,
            "websocket": upgrade(server.websocket_url),
            "console": console(server.console_url),
            "rsa": rsa(pem),
            "imports": imports(),
        }


if __name__ == "__main__":
    json.dump(facts(sys.stdin.read()), sys.stdout)
