"""Reports of the results: a table for people and JSON for comparisons."""

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.crowd import LoneTurn, StreamTurn
from benchmarks.measure import Result
from benchmarks.weight import Weight

__all__ = ["Found", "as_json", "table", "targets", "write"]

IMPORT_LIMIT_MS = 60.0
LONE_LIMIT = 3.0  # relative to a full group
GROWTH_LIMIT_KB = 2048


class Found(NamedTuple):
    """Results of one run; None for parts that were not requested."""

    results: list[Result]
    lone: LoneTurn | None
    stream: StreamTurn | None
    weight: Weight | None


class Verdict(NamedTuple):
    """A target with its result; *limit* is a minimum or a maximum."""

    what: str
    value: float
    limit: float
    least: bool

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.least else self.value <= self.limit

    def __str__(self) -> str:
        bound = "at least" if self.least else "at most"
        return f"{'ok    ' if self.met else 'MISSED'} {self.what}: {self.value:,.2f}, {bound} {self.limit:,.2f}"


def growth_kb(stream: StreamTurn) -> int:
    """Return how much more memory the second half of a stream took than the first, ignoring its first tenth."""
    samples = stream.resident_kb[len(stream.resident_kb) // 10 :]
    return max(samples[len(samples) // 2 :]) - max(samples[: len(samples) // 2])


def targets(found: Found) -> list[Verdict]:
    """Return all targets with their results."""
    return list(_targets(found))


def _targets(found: Found) -> Iterator[Verdict]:
    for result in found.results:
        race = result.race
        for ours, theirs, least in race.targets:
            if theirs in result.turns:
                yield Verdict(
                    f"{race.name}: {ours}, times as fast as {theirs}", result.speed(ours, theirs), least, True
                )
        for name, limit in race.busy:
            yield Verdict(f"{race.name}: {name}, cpu µs per message", result.cpu_microseconds(name), limit, False)
    if (lone := found.lone) is not None:
        what = f"p99 of a lone call while 1,000 tasks publish, in times of a full group of {lone.group:,}"
        yield Verdict(what, lone.p99_ns / lone.group_ns, LONE_LIMIT, False)
    if (stream := found.stream) is not None:
        what = f"{stream.times:,} publishes from a generator: growth of memory, KB"
        yield Verdict(what, growth_kb(stream), GROWTH_LIMIT_KB, False)
    if found.weight is not None:
        yield Verdict("ms to import", found.weight.import_ms, IMPORT_LIMIT_MS, False)


def table(found: Found) -> str:
    """Return a table of all results, followed by the targets."""
    lines = [f"{'':32} {'messages/s':>12} {'cpu µs':>8} {'p50 ms':>9} {'p99 ms':>9} {'peak MB':>8}"]
    for result in found.results:
        lines.append(result.race.name)
        for contender in result.race.contenders:
            name = contender.name
            lines.append(
                f"  {name:30} {result.rate(name):12,.0f} {result.cpu_microseconds(name):8,.2f} "
                f"{result.p50_milliseconds(name):9,.3f} {result.p99_milliseconds(name):9,.3f} "
                f"{result.peak_megabytes(name):8,.1f}"
            )
    if (lone := found.lone) is not None:
        lines.append("a lone call while 1,000 tasks publish")
        space = " " * 22
        lines.append(f"  {'the lone call':30}{space} {lone.p50_ns / 1e6:9,.3f} {lone.p99_ns / 1e6:9,.3f}")
        lines.append(f"  {f'a full group of {lone.group:,}':30}{space} {lone.group_ns / 1e6:9,.3f}")
    if (stream := found.stream) is not None:
        rate, busy = stream.times / stream.wall_ns * 1e9, stream.cpu_ns / stream.times / 1e3
        lines.append(f"{stream.times:,} publishes from a generator, 1,000 tasks")
        lines.append(f"  {'AsyncClient':30} {rate:12,.0f} {busy:8,.2f} {'':19} {stream.peak_kb / 1024:8,.1f}")
    if (weight := found.weight) is not None:
        lines.append("import, in milliseconds")
        for module, milliseconds in {weight.module: weight.import_ms, **weight.others_ms}.items():
            lines.append(f"  {module:30} {milliseconds:12.1f}")
        lines.append(f"  {'in times of msgspec, httptools':30} {weight.import_ratio:12.2f}")
        lines.append("function calls of a publish on a kept connection")
        lines.append(f"  {'written in Python':30} {weight.calls.python:12,}")
        lines.append(f"  {'written in C':30} {weight.calls.c:12,}")
        names = ", ".join(weight.packages)
        lines.append(f"packages installed with centripetal: {len(weight.packages)} ({names})")
    return "\n".join([*lines, "targets", *(f"  {verdict}" for verdict in targets(found))])


def as_json(found: Found, rounds: int, server: str) -> dict[str, Any]:
    """Return all results; ratios are medians within rounds."""
    others = ("centripetal", "msgspec", "httptools", "requests", "httpx", "aiohttp", "cent", "uvloop")
    report: dict[str, Any] = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "server": server,
        "rounds": rounds,
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in others},
        "races": [_race(result) for result in found.results],
    }
    if found.lone is not None:
        report["lone"] = found.lone._asdict()
    if found.stream is not None:
        report["stream"] = found.stream._asdict()
    if (weight := found.weight) is not None:
        imports = {weight.module: weight.import_ms, **weight.others_ms}
        report["import_ms"] = {name: round(value, 1) for name, value in imports.items()}
        report["import_ratio"] = round(weight.import_ratio, 2)
        report["packages"] = weight.packages
        report["calls"] = weight.calls._asdict()
    report["targets"] = [
        verdict._asdict() | {"value": round(verdict.value, 3), "met": verdict.met} for verdict in targets(found)
    ]
    return report


def _race(result: Result) -> dict[str, Any]:
    contenders = {
        name: {
            "messages_per_second": round(result.rate(name)),
            "cpu_us": round(result.cpu_microseconds(name), 2),
            "p50_ms": round(result.p50_milliseconds(name), 3),
            "p99_ms": round(result.p99_milliseconds(name), 3),
            "peak_mb": round(result.peak_megabytes(name), 1),
        }
        for name in result.turns
    }
    return {"name": result.race.name, "messages_per_call": result.race.messages, "contenders": contenders}


def write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
