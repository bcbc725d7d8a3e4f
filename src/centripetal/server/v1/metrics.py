"""The 74 metrics of a 1.x node (protocol 1: table-node-info): PURE.

Counters of features that this server has are exact. Gauges of a Go process without an equivalent in Python
(`node_memory_heap_…`, `node_memory_stack_inuse`) stay 0. Latencies have three significant digits, as in the real
server.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping

__all__ = ["Latencies", "Metrics"]

COUNTERS = (
    "http_api_num_requests",
    "http_raw_ws_num_requests",
    "http_sockjs_num_requests",
    "client_api_num_requests",
    "client_bytes_in",
    "client_bytes_out",
    "client_num_connect",
    "client_num_msg_published",
    "client_num_msg_queued",
    "client_num_msg_sent",
    "client_num_subscribe",
    "node_num_add_client_conn",
    "node_num_add_client_sub",
    "node_num_add_presence",
    "node_num_history",
    "node_num_last_message_id",
    "node_num_presence",
    "node_num_remove_client_conn",
    "node_num_remove_client_sub",
    "node_num_remove_presence",
    *(f"node_num_{what}_msg_{way}" for what in ("admin", "client", "control", "join", "leave")
      for way in ("published", "received")),
)  # fmt: skip
GAUGES = (
    "node_cpu_usage",
    "node_memory_heap_alloc",
    "node_memory_heap_sys",
    "node_memory_stack_inuse",
    "node_memory_sys",
    "node_num_channels",
    "node_num_clients",
    "node_num_goroutine",
    "node_num_unique_clients",
    "node_rusage_stime",
    "node_rusage_utime",
    "node_uptime_seconds",
)
_PERCENTILES = {"50%ile": 50.0, "90%ile": 90.0, "99%ile": 99.0, "99.99%ile": 99.99}
_INTERVALS = 15


class Latencies:
    """Durations in microseconds, of the current interval and of the last 15 intervals."""

    def __init__(self) -> None:
        self._intervals: deque[Counter[int]] = deque([Counter()], maxlen=_INTERVALS)

    def record(self, microseconds: int) -> None:
        self._intervals[-1][_rounded(microseconds)] += 1

    def rotate(self) -> None:
        self._intervals.append(Counter())

    def values(self) -> dict[str, int]:
        """Return the value of each metric, by the part of its name after the prefix."""
        whole: Counter[int] = Counter()
        for interval in self._intervals:
            whole += interval
        return {
            f"{window}_{name}": value
            for window, counts in (("1", self._intervals[-1]), (str(_INTERVALS), whole))
            for name, value in _summary(counts).items()
        }


def _rounded(value: int) -> int:
    unit: int = 10 ** max(0, len(str(value)) - 3)
    return value - value % unit


def _summary(counts: Mapping[int, int]) -> dict[str, int]:
    total = sum(counts.values())
    ordered = sorted(counts)
    mean = sum(value * count for value, count in counts.items()) // total if total else 0
    values = {"max": ordered[-1] if ordered else 0, "mean": mean, "min": ordered[0] if ordered else 0}
    for name, percentile in _PERCENTILES.items():
        values[name] = _percentile(ordered, counts, percentile / 100 * total)
    return {"count": total, **{f"microseconds_{name}": value for name, value in values.items()}}


def _percentile(ordered: Iterable[int], counts: Mapping[int, int], wanted: float) -> int:
    seen, value = 0, 0
    for value in ordered:
        seen += counts[value]
        if seen >= wanted:
            break
    return value


class Metrics:
    """Counters, gauges and latencies of one node.

    `current()` has the counters since the start. `announced`, the values that the node announces to other nodes, has
    their increase during the last complete interval; it is 0 until the first call of `rotate`.
    """

    def __init__(self) -> None:
        self.http_api = Latencies()
        self.client_api = Latencies()
        self._counters = dict.fromkeys(COUNTERS, 0)
        self._before = dict(self._counters)
        self._gauges: dict[str, int] = dict.fromkeys(GAUGES, 0)
        self.announced = self.current()

    def count(self, name: str, number: int = 1) -> None:
        """Increase the counter *name* by *number*."""
        self._counters[name] += number

    def gauge(self, values: Mapping[str, int]) -> None:
        """Set gauges; each must be one of `GAUGES`."""
        assert values.keys() <= self._gauges.keys()
        self._gauges.update(values)

    def current(self) -> dict[str, int]:
        """Return all metrics; counters count since the start."""
        return self._counters | self._gauges | self._latencies()

    def rotate(self) -> None:
        """End the current interval and announce its values from now on."""
        increase = {name: value - self._before[name] for name, value in self._counters.items()}
        self._before = dict(self._counters)
        self.announced = increase | self._gauges | self._latencies()
        self.http_api.rotate()
        self.client_api.rotate()

    def _latencies(self) -> dict[str, int]:
        named = (("http_api", self.http_api), ("client_api", self.client_api))
        return {f"{name}_{key}": value for name, of in named for key, value in of.values().items()}
