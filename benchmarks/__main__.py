"""Race our client against others: `python -m benchmarks` on a Centrifugo 1.x, `--server 6` on a current one.

The races use the server at CENTRIFUGO_API_URL (or `--url`) with CENTRIFUGO_SECRET or CENTRIFUGO_API_KEY (or
`--credential`). Without an address, they start the program that CENTRIFUGO_V1_BIN or CENTRIFUGO_V6_BIN names, or else
the embedded server. On 1.x the Go client takes part if GOCENT_BENCH names a program (see `gocent.py`).

The program prints one table, and writes JSON to docs/benchmarks/v1.json or v6.json, or to `--output`, with a plot in
the same folder. A run of selected rows, or a quick run, writes only to `--output`. The exit status is 1 if a target is
missed.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks import gocent, plot, report, servers
from benchmarks.crowd import LoneTurn, StreamTurn
from benchmarks.measure import Result, run
from benchmarks.rows import ROWS, Place, Row
from benchmarks.weight import weigh
from benchmarks.work import Generation
from benchmarks.worker import ask_once

OUTPUT = Path(__file__).parent.parent / "docs" / "benchmarks"
LONE, STREAM, WEIGHT = "lone call", "stream", "weight"


class RaceServer(NamedTuple):
    """A server for the races."""

    url: str
    credential: str
    what: str


def main() -> int:
    parser = _arguments()
    options = parser.parse_args()
    generation: Generation = options.server
    rows = ROWS[generation]
    chosen = _chosen(options.rows, [*rows, LONE, STREAM, WEIGHT])
    if not chosen:
        parser.error(f"no such row; there are: {', '.join([*rows, LONE, STREAM, WEIGHT])}")
    rounds = options.rounds or (3 if options.quick else 11)
    with _server(generation, options) as server:
        found = _race_all(chosen, rows, _place(generation, server), rounds, options)
    if WEIGHT in chosen:
        found = found._replace(weight=weigh(generation, rounds))
    print(report.table(found))
    output = options.output or (None if options.quick or options.rows else OUTPUT / f"v{generation}.json")
    if output is not None:
        told = report.as_json(found, rounds, server.what)
        report.write(output, told)
        output.with_suffix(".svg").write_text(plot.svg(told))
    return 0 if all(verdict.met for verdict in report.targets(found)) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows to run, by parts of their names; an unknown name lists all rows")
    parser.add_argument("--server", type=int, choices=list(ROWS), default=1, help="the server's generation (1)")
    parser.add_argument("--url", default=os.environ.get("CENTRIFUGO_API_URL"), help="the server's address")
    parser.add_argument("--credential", help="its secret (1) or API key (6)")
    parser.add_argument("--rounds", type=int, help="number of turns of each contender (11; quick: 3)")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds, in under a minute")
    parser.add_argument("--stream", type=int, help="number of publishes in the stream (200,000; quick: 50,000)")
    parser.add_argument("--output", type=Path, help="file for the JSON; the plot is written to the same folder")
    return parser


def _chosen(parts: list[str], names: list[str]) -> list[str]:
    """Return the names that *parts* select: exact names, or else names with a part; empty if a part has no match."""
    if any(all(part not in name for name in names) for part in parts):
        return []
    return [
        name
        for name in names
        if not parts or any(part == name or (part not in names and part in name) for part in parts)
    ]


def _place(generation: Generation, server: RaceServer) -> Place:
    program = gocent.find(os.environ) if generation == 1 else None
    if generation == 1 and program is None:
        print("without gocent: GOCENT_BENCH names no program")
    return Place(generation, server.url, server.credential, program)


def _race_all(
    chosen: list[str], rows: Mapping[str, Row], place: Place, rounds: int, options: argparse.Namespace
) -> report.Found:
    seconds = 0.06 if options.quick else 0.2
    results = [_race(name, rows[name], place, rounds, seconds) for name in chosen if name in rows]
    where = {"generation": place.generation, "url": place.url, "credential": place.credential}
    lone, stream = None, None
    if LONE in chosen:
        lone = LoneTurn(**ask_once("crowd", "Lone", 200 if options.quick else 500, **where))
    if STREAM in chosen:
        publishes = options.stream or (50_000 if options.quick else 200_000)
        stream = StreamTurn(**ask_once("crowd", "Stream", publishes, **where))
    return report.Found(results, lone, stream, None)


def _race(name: str, row: Row, place: Place, rounds: int, seconds: float) -> Result:
    race = row(place)
    print(f"racing: {name}", file=sys.stderr, flush=True)
    try:
        return run(race, rounds, seconds)
    finally:
        for contender in race.contenders:
            contender.close()


@contextlib.contextmanager
def _server(generation: Generation, options: argparse.Namespace) -> Iterator[RaceServer]:
    variable = servers.variable(generation)
    if options.url:
        credential = options.credential or os.environ.get(variable)
        if not credential:
            sys.exit(f"error: the server's credential is needed as well: --credential or {variable}")
        yield RaceServer(options.url, credential, "given")
        return
    *_, kind = servers.kinds(generation)
    if kind == "embedded":
        print(
            f"no real server: CENTRIFUGO_API_URL or CENTRIFUGO_V{generation}_BIN names one; racing on the embedded one"
        )
    what = f"Centrifugo {generation}.x" if kind == "real" else kind
    with servers.start(generation, kind) as server:
        yield RaceServer(server.url, servers.CREDENTIAL, what)


if __name__ == "__main__":
    sys.exit(main())
