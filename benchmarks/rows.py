"""The races there are, by name, who competes in each, and what is aimed at."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.gocent import Gocent
from benchmarks.measure import Contender, Race, Target
from benchmarks.work import CHANNELS
from benchmarks.worker import Apart

__all__ = ["ROWS", "Place"]

GOCENT = "gocent"
BUSY_US = 6.0  # processor time of a message in groups of a hundred and more


class Place(NamedTuple):
    """Where to race: a server, and the program of the Go client, if there is one."""

    url: str
    secret: str
    program: str | None

    def apart(self, name: str, module: str, contender: str, **options: object) -> Contender:
        return Apart(name, module, contender, url=self.url, secret=self.secret, **options)

    def gocent(self, mode: str, workers: int = 1) -> list[Contender]:
        name = GOCENT if workers == 1 else f"{GOCENT}, {workers} goroutines"
        return [Gocent(name, self.program, self.url, self.secret, mode, workers)] if self.program else []


def _one_by_one(place: Place) -> Race:
    contenders = [
        place.apart("bare socket", "bare", "BareSocket"),
        place.apart("Client", "ours", "Blocking"),
        place.apart("AsyncClient", "ours", "Awaited"),
        place.apart("http.client", "peers", "HTTPClient"),
        place.apart("requests", "peers", "Requests"),
        place.apart("httpx", "peers", "HTTPX"),
        place.apart("httpx async", "peers", "AsyncHTTPX"),
        place.apart("aiohttp", "peers", "AIOHTTP"),
        *place.gocent("publish"),
    ]
    targets = [
        Target("Client", "bare socket", 1 / 1.2),
        Target("Client", "requests", 5),
        Target("Client", GOCENT, 1.3),
    ]
    return Race("one by one", 1, 1, contenders, targets)


def _tasks(workers: int, targets: Sequence[Target], goroutines: int) -> Callable[[Place], Race]:
    def race(place: Place) -> Race:
        contenders = [
            place.apart("bare socket", "bare", "BareSocket"),
            place.apart("AsyncClient", "ours", "Awaited", workers=workers),
            place.apart("AsyncClient, uvloop", "ours", "Awaited", workers=workers, uvloop=True),
            place.apart("aiohttp", "peers", "AIOHTTP", workers=workers),
            *place.gocent("publish", goroutines),
        ]
        if workers <= 16:  # more of them end in its pool's timeout
            contenders.insert(3, place.apart("httpx async", "peers", "AsyncHTTPX", workers=workers))
        busy = [("AsyncClient", BUSY_US)] if workers > 100 else []  # half of a hundred wait while others are sent
        return Race(f"{workers:,} tasks", 1, workers, contenders, targets, busy)

    return race


def _threads(workers: int, targets: Sequence[Target]) -> Callable[[Place], Race]:
    def race(place: Place) -> Race:
        contenders = [
            place.apart("bare socket", "bare", "BareSocket", workers=workers),
            place.apart("Client", "ours", "Blocking", workers=workers),
            place.apart("requests", "peers", "Requests", workers=workers),
            place.apart("httpx", "peers", "HTTPX", workers=workers),
            *place.gocent("publish", workers),
        ]
        return Race(f"{workers} threads", 1, workers, contenders, targets)

    return race


def _buffered(place: Place) -> Race:
    contenders = [
        place.apart("bare socket, ready-made", "bare", "ReadyMade"),
        place.apart("Client.send", "ours", "Send"),
        place.apart("Client.add_publish and send", "ours", "AddAndSend"),
        place.apart("Client.batch", "ours", "Batched"),
        *place.gocent("buffer"),
    ]
    targets = [Target("Client.send", "bare socket, ready-made", 1 / 1.1)]
    return Race("buffered 1,000", 1000, 1, contenders, targets, [("Client.add_publish and send", BUSY_US)])


def _broadcast(place: Place) -> Race:
    contenders = [
        place.apart("bare socket", "bare", "BareSocket", kind="broadcast"),
        place.apart("Client", "ours", "Blocking", kind="broadcast"),
        place.apart("AsyncClient", "ours", "Awaited", kind="broadcast"),
        place.apart("requests", "peers", "Requests", kind="broadcast"),
        place.apart("httpx", "peers", "HTTPX", kind="broadcast"),
        place.apart("aiohttp", "peers", "AIOHTTP", kind="broadcast"),
        *place.gocent("broadcast"),
    ]
    return Race(f"broadcast to {len(CHANNELS):,}", len(CHANNELS), 1, contenders)


_16 = [Target("AsyncClient", f"{GOCENT}, 16 goroutines", 2), Target("AsyncClient", "aiohttp", 8)]
_1000 = [Target("AsyncClient", f"{GOCENT}, 100 goroutines", 5)]
_64 = [Target("Client", f"{GOCENT}, 64 goroutines", 1.5)]

ROWS: dict[str, Callable[[Place], Race]] = {
    "one by one": _one_by_one,
    "16 tasks": _tasks(16, _16, 16),
    "100 tasks": _tasks(100, [], 100),
    "1,000 tasks": _tasks(1_000, _1000, 100),
    "8 threads": _threads(8, []),
    "64 threads": _threads(64, _64),
    "buffered 1,000": _buffered,
    f"broadcast to {len(CHANNELS):,}": _broadcast,
}
"""What makes each race; targets whose contenders do not take part play no part."""
