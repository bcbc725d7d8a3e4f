"""The generations of Centrifugo that there is a stand-in for: what a server of each is made of.

A *generation* is a configuration that was read; its `serve` makes a *service*, which is one server process from its
start to its stop. Here is what a service needs of the world: ids, the clock, readings of the process.
"""

import os
import random
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from centripetal.server.console.backend import Backend
from centripetal.server.current.client_endpoint import Clients as ClientsCurrent
from centripetal.server.current.config import Config as ConfigCurrent
from centripetal.server.current.console_backend import CurrentBackend
from centripetal.server.current.http_endpoints import Endpoints as EndpointsCurrent
from centripetal.server.current.node import VERSION as VERSION_CURRENT
from centripetal.server.current.node import Node as NodeCurrent
from centripetal.server.current.origins import Origins
from centripetal.server.current.permissions import Gate
from centripetal.server.engine.events import Events
from centripetal.server.listening.http1 import Request, Response
from centripetal.server.session import Realtime
from centripetal.server.v1.api import VERSION as VERSION_V1
from centripetal.server.v1.api import Node as NodeV1
from centripetal.server.v1.client_endpoint import Clients as ClientsV1
from centripetal.server.v1.config import Config as ConfigV1
from centripetal.server.v1.console_backend import V1Backend
from centripetal.server.v1.http_endpoints import Endpoints as EndpointsV1

try:
    import resource
except ImportError:  # on Windows
    resource = None  # type: ignore[assignment]

__all__ = ["V1", "Current", "Generation", "Service"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALPHABET = "0123456789" + _LETTERS


class Service(Protocol):
    """One server process."""

    @property
    def realtime(self) -> Realtime[Any]:
        """The half that clients connect to."""
        ...

    @property
    def backend(self) -> Backend:
        """What the console sees and acts on."""
        ...

    def answer(self, request: Request) -> Response:
        """The answer to *request*, whatever it is."""
        ...

    def opens_websocket(self, request: Request) -> bool:
        """Whether *request* is a handshake of a client, and welcome."""
        ...

    def tick(self) -> None:
        """Do what is due: to be called once a second."""
        ...

    def stop(self) -> None:
        """From now on, answer that the server is going down."""
        ...


class Generation(Protocol):
    """One that was configured."""

    @property
    def name(self) -> str:
        """Such as "1.x"."""
        ...

    @property
    def version(self) -> str:
        """The version that it stands in for."""
        ...

    @property
    def path(self) -> str:
        """What the URL of the API has after the address."""
        ...

    @property
    def api_path(self) -> str:
        """What the paths of the API are, or begin with."""
        ...

    @property
    def websocket_path(self) -> str:
        """Where clients connect to."""
        ...

    @property
    def secret(self) -> str:
        """The key of signs and tokens of 1.x; empty: none."""
        ...

    @property
    def token_secret(self) -> str:
        """What tokens of clients are signed with; empty: nothing is configured."""
        ...

    @property
    def api_key(self) -> str:
        """What the API is called with; empty: none."""
        ...

    def serve(self, name: str, events: Events, *, websockets: bool) -> Service:
        """Begin.

        Args:
            name: of the node, if none is configured.
            events: who is told what happens.
            websockets: whether there is something to hand a WebSocket over to.
        """
        ...


class V1:
    """Centrifugo 1.x."""

    name = "1.x"
    version = VERSION_V1
    api_key = ""

    def __init__(self, config: ConfigV1) -> None:
        self._config = config
        self.path = config.http_prefix
        self.api_path = f"{config.http_prefix}/api"
        self.websocket_path = f"{config.http_prefix}/connection/websocket"
        self.secret = self.token_secret = config.secret

    def serve(self, name: str, events: Events, *, websockets: bool) -> Service:
        config = msgspec.structs.replace(self._config, name=self._config.name or name)
        node = NodeV1(config, uid=str(uuid.uuid4()), now=time.time(), next_uid=_message_ids(), events=events)
        return _ServiceV1(node, websockets=websockets)


class _ServiceV1:
    def __init__(self, node: NodeV1, *, websockets: bool) -> None:
        self._node = node
        self._endpoints = EndpointsV1(node, time.time, time.perf_counter, websockets=websockets)
        self.answer = self._endpoints.answer
        self.opens_websocket = self._endpoints.opens_websocket
        self.realtime = ClientsV1(node, lambda: str(uuid.uuid4()))
        self.backend: Backend = V1Backend(node, time.time)

    def tick(self) -> None:
        self._node.tick(time.time(), _readings())

    def stop(self) -> None:
        self._endpoints.stopping = True


class Current:
    """Centrifugo 6.

    Raises:
        UsageError: something in *config* is no pattern or regular expression where it has to be one.
    """

    name = "6"
    version = VERSION_CURRENT
    secret = ""

    def __init__(self, config: ConfigCurrent) -> None:
        # What these cannot work with, the real server would not start with: said now, and not when it is to start.
        Gate(config)
        Origins(config.client.allowed_origins)
        self._config = config
        self.api_path = prefix = config.http_api.handler_prefix
        # Clients add "/api" themselves, so that is no part of the URL.
        self.path = prefix.removesuffix("/api") if prefix.endswith("/api") else prefix
        self.websocket_path = config.websocket.handler_prefix
        self.api_key = config.http_api.key
        self.token_secret = config.client.token.hmac_secret_key

    def serve(self, name: str, events: Events, *, websockets: bool) -> Service:
        return _ServiceCurrent(
            NodeCurrent(
                self._config,
                name=self._config.node.name or name,
                uid=str(uuid.uuid4()),
                now=time.time(),
                new_epoch=lambda: "".join(secrets.choice(_LETTERS) for _ in range(8)),
                events=events,
            ),
            websockets=websockets,
        )


class _ServiceCurrent:
    def __init__(self, node: NodeCurrent, *, websockets: bool) -> None:
        self._node = node
        self.realtime = ClientsCurrent(node, lambda: str(uuid.uuid4()), random.random)
        self.backend: Backend = CurrentBackend(node, time.time)
        self._endpoints = EndpointsCurrent(node, time.time, websockets=websockets)
        self.answer = self._endpoints.answer
        self.opens_websocket = self._endpoints.opens_websocket

    def tick(self) -> None:
        self._node.tick(time.time())

    def stop(self) -> None:
        self._endpoints.stopping = True


def _readings() -> Mapping[str, int]:
    """What the process uses, under the names of the metrics of 1.x."""
    used = os.times()
    readings = {
        "node_num_goroutine": threading.active_count(),
        "node_rusage_utime": int(used.user * 1e9),
        "node_rusage_stime": int(used.system * 1e9),
    }
    if resource is not None:
        readings["node_memory_sys"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return readings


def _message_ids() -> Callable[[], str]:
    """Ids of 22 characters, as a 1.x server makes them: a long prefix that all of one process share, and a number."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    number = secrets.randbelow(62**10)
    step = 33 + secrets.randbelow(300)

    def next_id() -> str:
        nonlocal number
        number = (number + step) % 62**10
        rest, digits = number, ""
        for _ in range(10):
            rest, digit = divmod(rest, 62)
            digits = _ALPHABET[digit] + digits
        return prefix + digits

    return next_id
