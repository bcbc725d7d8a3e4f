"""Generate the tables of figures from the results of `python -m benchmarks`, so that no page quotes outdated numbers.

The text between `<!-- figures: KIND RUN -->` and `<!-- end of figures -->` on a page is replaced.
"""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

__all__ = ["DOCS", "figured_pages", "with_figures"]

DOCS = Path(__file__).parent.parent.parent / "docs"
_PLACE = re.compile(r"(<!-- figures: (\w+) (\w+) -->\n).*?(<!-- end of figures -->)", re.S)

# The contenders of each column: a cell shows the first of them that took part in the race.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "centripetal": ("Client.batch", "Client.add_publish and send", "Client", "AsyncClient"),
    "cent": ("cent", "cent async"),
    "gocent (Go)": ("gocent", *(f"gocent, {count} goroutines" for count in (8, 16, 64, 100))),
    "aiohttp": ("aiohttp",),
    "requests": ("requests",),
    "bare socket": ("bare socket", "bare socket, ready-made"),
}


def figured_pages() -> Mapping[Path, str]:
    """Return the text of each page that shows figures."""
    return {path: with_figures(text) for path in sorted(DOCS.glob("*.md")) if _PLACE.search(text := path.read_text())}


def with_figures(text: str) -> str:
    """Return *text* with current figures."""
    return _PLACE.sub(lambda found: f"{found[1]}\n{_KINDS[found[2]](_report(found[3]))}\n\n{found[4]}", text)


def _report(run: str) -> Mapping[str, Any]:
    report: Mapping[str, Any] = json.loads((DOCS / "benchmarks" / f"{run}.json").read_text())
    return report


def _rates(report: Mapping[str, Any]) -> str:
    """Return messages per second: one row per race, one column per entry of `_COLUMNS` that took part in any race."""
    names = {name for race in report["races"] for name in race["contenders"]}
    columns = {heading: candidates for heading, candidates in _COLUMNS.items() if not names.isdisjoint(candidates)}
    lines = [f"| | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for race in report["races"]:
        rates = race["contenders"]
        found = (next((rates[name] for name in candidates if name in rates), None) for candidates in columns.values())
        cells = ("" if one is None else f"{one['messages_per_second']:,}" for one in found)
        lines.append(f"| {race['name']} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _targets(report: Mapping[str, Any]) -> str:
    """Return each target with its measured value."""
    lines = ["| | measured | target | |", "| --- | ---: | ---: | --- |"]
    for one in report["targets"]:
        bound = f"{'at least' if one['least'] else 'at most'} {_short(one['limit'])}"
        verdict = "reached" if one["met"] else "**missed**"
        lines.append(f"| {one['what']} | {_short(one['value'])} | {bound} | {verdict} |")
    return "\n".join(lines)


def _machine(report: Mapping[str, Any]) -> str:
    """Return the date, the machine and the versions of a run."""
    machine, versions = report["machine"], ", ".join(f"{name} {value}" for name, value in report["versions"].items())
    return (
        f"Run of {report['date']} on {report['server']}: {report['rounds']} rounds, {machine['system']} on "
        f"{machine['processor']} with {machine['cores']} cores, server and clients on one machine. "
        f"Versions: {versions}."
    )


def _short(value: float) -> str:
    """Return *value* with three significant digits, or all digits before the decimal point."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


_KINDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "rates": _rates,
    "targets": _targets,
    "machine": _machine,
}
