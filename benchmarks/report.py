"""What was measured, as a table for people and as JSON for those who compare."""

import datetime
import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Result, Target
from benchmarks.weight import Weight

__all__ = ["as_json", "table", "write"]

IMPORT_LIMIT_MS = 60.0


def table(results: Sequence[Result], weight: Weight) -> str:
    """One table of everything, and then the targets."""
    lines = [f"{'':45} {'µs':>9} {'cpu µs':>8} {'ratio':>7}"]
    for result in results:
        race = result.race
        reference = race.contenders[0].name
        lines.append(f"{race.name}, per {race.unit}")
        for contender in race.contenders:
            name, busy = contender.name, result.cpu_microseconds(contender.name)
            processor = "" if busy is None else f"{busy:,.1f}"
            ratio = result.ratio(name, reference)
            lines.append(f"  {name:43} {result.microseconds(name):9,.1f} {processor:>8} {ratio:7.2f}")
    lines.append("import, in milliseconds")
    for module, milliseconds in {"centripetal.v1": weight.import_ms, **weight.others_ms}.items():
        lines.append(f"  {module:43} {milliseconds:9.1f} {'':8} {milliseconds / weight.import_ms:7.2f}")
    lines.append(f"packages installed besides centripetal: {len(weight.packages)} ({', '.join(weight.packages)})")
    lines.append("targets")
    for target in targets(results, weight):
        verdict = "ok    " if target["met"] else "MISSED"
        lines.append(f"  {verdict} {target['what']}: {target['value']:.2f}, at most {target['limit']:.2f}")
    return "\n".join(lines)


def targets(results: Sequence[Result], weight: Weight) -> list[dict[str, Any]]:
    """What was aimed at, and what came of it."""
    found = [_target(result, target) for result in results for target in result.race.targets]
    met = weight.import_ms <= IMPORT_LIMIT_MS
    return [*found, {"what": "ms to import", "value": weight.import_ms, "limit": IMPORT_LIMIT_MS, "met": met}]


def _target(result: Result, target: Target) -> dict[str, Any]:
    value = result.ratio(target.ours, target.theirs)
    what = f"{result.race.name}: {target.ours} in times of {target.theirs}"
    return {"what": what, "value": value, "limit": target.limit, "met": value <= target.limit}


def as_json(results: Sequence[Result], weight: Weight, rounds: int, server: str) -> dict[str, Any]:
    """Everything; times are microseconds, ratios are medians within rounds."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "server": server,
        "rounds": rounds,
        "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count()},
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _versions(weight)},
        },
        "races": [_race(result) for result in results],
        "import_ms": {"centripetal.v1": round(weight.import_ms, 1)}
        | {name: round(value, 1) for name, value in weight.others_ms.items()},
        "packages": weight.packages,
        "targets": [target | {"value": round(target["value"], 3)} for target in targets(results, weight)],
    }


def _versions(weight: Weight) -> list[str]:
    return ["centripetal", *weight.packages, "httpx", "requests"]


def _race(result: Result) -> dict[str, Any]:
    reference = result.race.contenders[0].name
    contenders = {}
    for contender in result.race.contenders:
        busy = result.cpu_microseconds(contender.name)
        contenders[contender.name] = {
            "us": round(result.microseconds(contender.name), 1),
            "cpu_us": None if busy is None else round(busy, 1),
            "ratio": round(result.ratio(contender.name, reference), 3),
        }
    return {"name": result.race.name, "unit": result.race.unit, "times": result.race.times, "contenders": contenders}


def write(path: Path, found: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
