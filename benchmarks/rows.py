"""The races for each generation of servers, with their contenders and targets."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from benchmarks.gocent import Gocent
from benchmarks.measure import Contender, Race, Target
from benchmarks.work import CHANNELS, Generation
from benchmarks.worker import Apart

__all__ = ["ROWS", "Place", "Row"]

GOCENT = "gocent"
BARE, BLIND = "bare socket", "bare socket, not decoding"
MANY, MANY_AWAITED = "Client.publish_many", "AsyncClient.publish_many"
BUSY_US = 6.0  # processor time per message in groups of at least a hundred, including signatures


class Place(NamedTuple):
    """Server of a race, and the program of the Go client, if there is one."""

    generation: Generation
    url: str
    credential: str
    program: str | None

    def apart(self, name: str, module: str, contender: str, **options: object) -> Contender:
        where = {"generation": self.generation, "url": self.url, "credential": self.credential}
        return Apart(name, module, contender, **where, **options)

    def bare(self, **options: object) -> Contender:
        return self.apart(BARE, "bare", "BareSocket", **options)

    def blind(self, **options: object) -> Contender:
        return self.apart(BLIND, "bare", "BareSocket", decode=False, **options)

    def ours(self, **options: object) -> Contender:
        return self.apart("Client", "ours", "Blocking", **options)

    def ours_awaited(self, **options: object) -> Contender:
        return self.apart("AsyncClient", "ours", "Awaited", **options)

    def ours_on_uvloop(self, **options: object) -> Contender:
        return self.apart("AsyncClient, uvloop", "ours", "Awaited", uvloop=True, **options)

    def requests(self, **options: object) -> Contender:
        return self.apart("requests", "peers", "Requests", **options)

    def httpx(self, **options: object) -> Contender:
        return self.apart("httpx", "peers", "HTTPX", **options)

    def httpx_awaited(self, **options: object) -> Contender:
        return self.apart("httpx async", "peers", "AsyncHTTPX", **options)

    def aiohttp(self, **options: object) -> Contender:
        return self.apart("aiohttp", "peers", "AIOHTTP", **options)

    def many(self) -> list[Contender]:
        return [self.apart(MANY, "ours", "Many"), self.apart(MANY_AWAITED, "ours", "AwaitedMany")]

    def gocent(self, mode: str, workers: int = 1) -> list[Contender]:
        name = GOCENT if workers == 1 else f"{GOCENT}, {workers} goroutines"
        return [Gocent(name, self.program, self.url, self.credential, mode, workers)] if self.program else []

    def cent(self, **options: object) -> Contender:
        return self.apart("cent", "official", "Blocking", **options)

    def cent_awaited(self, **options: object) -> Contender:
        return self.apart("cent async", "official", "Awaited", **options)


Row = Callable[[Place], Race]


def _one_by_one_v1(place: Place) -> Race:
    contenders = [
        place.bare(),
        place.ours(),
        place.ours_awaited(),
        place.apart("http.client", "peers", "HTTPClient"),
        place.requests(),
        place.httpx(),
        place.httpx_awaited(),
        place.aiohttp(),
        *place.gocent("publish"),
    ]
    targets = [Target("Client", BARE, 1 / 1.2), Target("Client", "requests", 5), Target("Client", GOCENT, 1.3)]
    return Race("one by one", 1, 1, contenders, targets)


def _tasks_v1(workers: int, targets: Sequence[Target], goroutines: int) -> Row:
    def race(place: Place) -> Race:
        contenders = [
            place.bare(),
            place.ours_awaited(workers=workers),
            place.ours_on_uvloop(workers=workers),
            place.aiohttp(workers=workers),
            *place.gocent("publish", goroutines),
        ]
        if workers <= 16:  # with more tasks, the pool of httpx times out
            contenders.insert(3, place.httpx_awaited(workers=workers))
        busy = [("AsyncClient", BUSY_US)] if workers > 100 else []  # with 100 tasks, half of them wait for the others
        return Race(f"{workers:,} tasks", 1, workers, contenders, targets, busy)

    return race


def _threads_v1(workers: int, targets: Sequence[Target]) -> Row:
    def race(place: Place) -> Race:
        contenders = [
            place.bare(workers=workers),
            place.ours(workers=workers),
            place.requests(workers=workers),
            place.httpx(workers=workers),
            *place.gocent("publish", workers),
        ]
        return Race(f"{workers} threads", 1, workers, contenders, targets)

    return race


def _buffered_v1(place: Place) -> Race:
    contenders = [
        place.apart("bare socket, ready-made", "bare", "ReadyMade"),
        place.apart("Client.send", "ours", "Send"),
        place.apart("Client.add_publish and send", "ours", "AddAndSend"),
        place.apart("Client.batch", "ours", "Batched"),
        *place.many(),
        *place.gocent("buffer"),
    ]
    targets = [Target("Client.send", "bare socket, ready-made", 1 / 1.1), Target(MANY, "Client.batch", 0.9)]
    return Race("buffered 1,000", 1000, 1, contenders, targets, [("Client.add_publish and send", BUSY_US)])


def _broadcast_v1(place: Place) -> Race:
    contenders = [
        place.bare(kind="broadcast"),
        place.ours(kind="broadcast"),
        place.ours_awaited(kind="broadcast"),
        place.requests(kind="broadcast"),
        place.httpx(kind="broadcast"),
        place.aiohttp(kind="broadcast"),
        *place.gocent("broadcast"),
    ]
    return Race(_BROADCAST, len(CHANNELS), 1, contenders)


def _one_by_one_v6(place: Place) -> Race:
    contenders = [
        place.blind(),
        place.bare(),
        place.ours(),
        place.ours_awaited(),
        place.requests(),
        place.httpx(),
        place.aiohttp(),
        place.cent(),
        place.cent_awaited(),
    ]
    return Race("one by one", 1, 1, contenders, [Target("Client", BLIND, 1 / 1.25), Target("Client", "cent", 8)])


def _tasks_v6(workers: int, targets: Sequence[Target]) -> Row:
    def race(place: Place) -> Race:
        contenders = [
            place.bare(),
            place.ours_awaited(workers=workers),
            place.ours_on_uvloop(workers=workers),
            place.aiohttp(workers=workers),
            place.cent_awaited(workers=workers),
        ]
        return Race(f"{workers:,} tasks", 1, workers, contenders, targets)

    return race


def _threads_v6(place: Place) -> Race:
    workers = 64
    contenders = [
        place.bare(workers=workers),
        place.ours(workers=workers),
        place.requests(workers=workers),
        place.cent(workers=workers),
    ]
    return Race(f"{workers} threads", 1, workers, contenders)


def _batch_v6(place: Place) -> Race:
    contenders = [
        place.apart("bare socket, ready-made", "bare", "ReadyMade"),
        place.apart("Client.batch", "ours", "Batched"),
        place.apart("AsyncClient.batch", "ours", "AwaitedBatch"),
        *place.many(),
        place.cent(kind="batch"),
        place.cent_awaited(kind="batch"),
    ]
    return Race("batch of 1,000", 1000, 1, contenders, [Target("Client.batch", "cent", 8), *_MANY])


def _broadcast_v6(place: Place) -> Race:
    contenders = [
        place.blind(kind="broadcast"),
        place.bare(kind="broadcast"),
        place.ours(kind="broadcast"),
        place.ours_awaited(kind="broadcast"),
        place.cent(kind="broadcast"),
        place.cent_awaited(kind="broadcast"),
    ]
    return Race(_BROADCAST, len(CHANNELS), 1, contenders, [Target("Client", BARE, 1 / 1.2)])


_MANY = [Target(MANY, "Client.batch", 0.9), Target(MANY_AWAITED, "AsyncClient.batch", 0.9)]
_BROADCAST = f"broadcast to {len(CHANNELS):,}"

_16 = [Target("AsyncClient", f"{GOCENT}, 16 goroutines", 2), Target("AsyncClient", "aiohttp", 8)]
_1000 = [Target("AsyncClient", f"{GOCENT}, 100 goroutines", 5)]
_64 = [Target("Client", f"{GOCENT}, 64 goroutines", 1.5)]

ROWS: Mapping[Generation, Mapping[str, Row]] = {
    1: {
        "one by one": _one_by_one_v1,
        "16 tasks": _tasks_v1(16, _16, 16),
        "100 tasks": _tasks_v1(100, [], 100),
        "1,000 tasks": _tasks_v1(1_000, _1000, 100),
        "8 threads": _threads_v1(8, []),
        "64 threads": _threads_v1(64, _64),
        "buffered 1,000": _buffered_v1,
        _BROADCAST: _broadcast_v1,
    },
    6: {
        "one by one": _one_by_one_v6,
        "16 tasks": _tasks_v6(16, [Target("AsyncClient", "cent async", 6)]),
        "1,000 tasks": _tasks_v6(1_000, []),
        "64 threads": _threads_v6,
        "batch of 1,000": _batch_v6,
        _BROADCAST: _broadcast_v6,
    },
}
"""Functions that create the races. Targets whose contenders do not take part are ignored."""
