"""The metrics of a 1.x node."""

import json

from centripetal.server.v1.metrics import Latencies, Metrics
from tests.wire.golden import load


def test_the_names_are_those_of_the_real_server() -> None:
    """The 74 metric names are exactly the names of the real server."""
    recorded = json.loads(load("v1", "api_stats")["steps"][2]["response"]["body"])
    assert sorted(Metrics().current()) == list(recorded[0]["body"]["data"]["metrics"])
    assert len(Metrics().announced) == 74


def test_counters_are_announced_as_the_increase_of_the_last_interval() -> None:
    """Counters announce the increase of the last full interval, and 0 before the first interval ends."""
    metrics = Metrics()
    metrics.count("http_api_num_requests")
    assert (metrics.current()["http_api_num_requests"], metrics.announced["http_api_num_requests"]) == (1, 0)
    metrics.rotate()
    assert metrics.announced["http_api_num_requests"] == 1
    metrics.count("http_api_num_requests", 2)
    metrics.rotate()
    assert (metrics.current()["http_api_num_requests"], metrics.announced["http_api_num_requests"]) == (3, 2)


def test_gauges_show_the_last_reading() -> None:
    """Gauges show their last reading at once and announce it with the interval."""
    metrics = Metrics()
    metrics.gauge({"node_num_clients": 5})
    assert (metrics.current()["node_num_clients"], metrics.announced["node_num_clients"]) == (5, 0)


def test_latencies_are_summarized() -> None:
    """Latencies are summarized to three digits, for the current interval and for the last fifteen."""
    latencies = Latencies()
    for value in range(1, 101):
        latencies.record(value)
    latencies.record(123456)
    values = latencies.values()
    assert (values["1_count"], values["1_microseconds_min"], values["1_microseconds_max"]) == (101, 1, 123000)
    assert (values["1_microseconds_50%ile"], values["1_microseconds_99%ile"]) == (51, 100)
    assert values["1_microseconds_mean"] == (5050 + 123000) // 101
    latencies.rotate()
    values = latencies.values()
    assert (values["1_count"], values["1_microseconds_99.99%ile"], values["15_count"]) == (0, 0, 101)
    for _ in range(15):
        latencies.rotate()
    assert latencies.values()["15_count"] == 0
