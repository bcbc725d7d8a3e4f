"""Many connections on one channel: `python -m benchmarks.fanout` on a 1.x server, `--server 6` on a current one.

It measures the embedded server and, if CENTRIFUGO_V1_BIN or CENTRIFUGO_V6_BIN names a program, a real server: memory of
an idle connection, completeness and order of the publications on every connection, and latency. Then it raises the rate
until the server lags: until one delivery in twenty takes longer than the interval between publications. Server, clients
and publisher are separate processes on this machine.
"""

import argparse
import bisect
import contextlib
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks import servers
from benchmarks.listeners import CHANNEL, Heard, Listeners
from benchmarks.ours import blocking_client
from benchmarks.servers import CREDENTIAL, Server
from benchmarks.timing import percentile
from benchmarks.work import Generation

LATE_NS = 1_000_000_000


class Load(NamedTuple):
    """Result of one server at one rate of publications."""

    rate: int
    sent: int
    heard: Heard
    connections: int

    @property
    def lost(self) -> int:
        return self.sent * self.connections - self.heard.deliveries

    def milliseconds(self, part: float) -> float:
        """Return the latency percentile *part* in milliseconds."""
        latencies = self.heard.latencies
        return percentile(latencies, part) / 1e6 if latencies else float("inf")

    @property
    def late(self) -> int:
        """Number of deliveries that took longer than a second."""
        return len(self.heard.latencies) - bisect.bisect_right(self.heard.latencies, LATE_NS)

    @property
    def lags(self) -> bool:
        return bool(self.lost) or self.milliseconds(0.95) > 1000 / self.rate

    def __str__(self) -> str:
        percentiles = "  ".join(f"{name} {self.milliseconds(part):7.1f}" for name, part in PERCENTILES.items())
        deliveries = self.rate * self.connections
        troubles = f"lost {self.lost}, late {self.late}, disordered {self.heard.disordered}"
        return f"{self.rate:4d} a second = {deliveries:7,d} deliveries  {troubles}  ms: {percentiles}"


PERCENTILES = {"50%": 0.5, "95%": 0.95, "99%": 0.99, "all": 1.0}


def main() -> int:
    options = _arguments().parse_args()
    found: dict[str, list[Load]] = {}
    memory: dict[str, float] = {}
    generation: Generation = options.server
    for kind in servers.kinds(generation):
        print(f"{kind}:")
        with servers.start(generation, kind) as server:
            before = _resident(server.pid)
            with Listeners(generation, options.connections, server.port) as listeners:
                memory[kind] = (_resident(server.pid) - before) / options.connections
                print(f"  {memory[kind]:.1f} KB of memory for an idle connection")
                found[kind] = list(_raise(server, listeners, options))
    if len(found) > 1:
        (ours, theirs) = (found[kind][0] for kind in ("embedded", "real"))
        print(f"embedded relative to real, at {ours.rate} a second:")
        for name, part in PERCENTILES.items():
            print(f"  latency {name}: {ours.milliseconds(part) / theirs.milliseconds(part):.2f}")
        print(f"  memory: {memory['embedded'] / memory['real']:.2f}")
    first = found["embedded"][0]
    return 1 if first.lost or first.late or first.heard.disordered or memory["embedded"] > options.memory else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.fanout", description=__doc__)
    parser.add_argument("--server", type=int, choices=[1, 6], default=1, help="the server's generation (1)")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--rate", type=int, default=20, help="publications a second")
    parser.add_argument("--seconds", type=int, default=10, help="duration of each rate")
    parser.add_argument("--memory", type=float, default=40.0, help="maximum KB of memory per idle connection")
    return parser


def _raise(server: Server, listeners: Listeners, options: argparse.Namespace) -> Iterator[Load]:
    """Yield results at growing rates until the server lags."""
    numbers = itertools.count()
    for factor in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10):
        rate = int(options.rate * factor)
        load = _load(server, listeners, rate, options, numbers)
        print(f"  {load}", flush=True)
        yield load
        if load.lags:
            print(f"  {server.kind} lags at {rate} publications a second")
            return


def _load(server: Server, listeners: Listeners, rate: int, options: argparse.Namespace, numbers: Iterator[int]) -> Load:
    count = rate * options.seconds
    with contextlib.closing(blocking_client(options.server, server.url, CREDENTIAL)) as client:
        start = time.monotonic()
        for step, number in enumerate(itertools.islice(numbers, count)):
            time.sleep(max(0.0, start + step / rate - time.monotonic()))
            client.publish(CHANNEL, b'{"n":%d,"t":%d}' % (number, time.monotonic_ns()))
    heard = listeners.heard(count * options.connections, patience=10 + options.seconds)
    assert heard.alive == options.connections, f"{options.connections - heard.alive} connections are gone"
    return Load(rate, count, heard, options.connections)


def _resident(pid: int) -> float:
    """Return the resident memory of a process in KB."""
    time.sleep(1)  # give the garbage collector of the server time to run
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=True)
    return float(shown.stdout)


if __name__ == "__main__":
    sys.exit(main())
