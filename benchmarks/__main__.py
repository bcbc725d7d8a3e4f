"""Race our client against others: `python -m benchmarks` on a Centrifugo 1.x, `--server 6` on a current one.

The server is the one at CENTRIFUGO_API_URL (or `--url`) with CENTRIFUGO_SECRET or CENTRIFUGO_API_KEY (or
`--credential`); or one that is started for the time of the races if CENTRIFUGO_V1_BIN or CENTRIFUGO_V6_BIN names its
program; or else the embedded one. On 1.x the Go client takes part if GOCENT_BENCH names a program (see `gocent.py`).
One table is printed; JSON goes to docs/benchmarks/v1.json or v6.json and a plot beside it, or where `--output` says; a
run of some rows only, or a quick one, writes nothing unless told. The exit status is 1 if a target is missed.
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


class Given(NamedTuple):
    """A server to race on."""

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
    parser.add_argument("rows", nargs="*", help="parts of the names of rows to run; an unknown one lists them")
    parser.add_argument("--server", type=int, choices=list(ROWS), default=1, help="the server's generation (1)")
    parser.add_argument("--url", default=os.environ.get("CENTRIFUGO_API_URL"), help="the server's address")
    parser.add_argument("--credential", help="its secret (1) or API key (6)")
    parser.add_argument("--rounds", type=int, help="how often each contender has its turn (11; quick: 3)")
    parser.add_argument("--quick", action="store_true", help="less of everything, in under a minute")
    parser.add_argument("--stream", type=int, help="how many publishes the stream has (200,000; quick: 50,000)")
    parser.add_argument("--output", type=Path, help="where the JSON goes, and the plot beside it")
    return parser


def _chosen(parts: list[str], names: list[str]) -> list[str]:
    """The names that *parts* name: each itself if it is a name, else all that hold it. Empty if one names nothing."""
    if any(all(part not in name for name in names) for part in parts):
        return []
    return [
        name
        for name in names
        if not parts or any(part == name or (part not in names and part in name) for part in parts)
    ]


def _place(generation: Generation, server: Given) -> Place:
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
def _server(generation: Generation, options: argparse.Namespace) -> Iterator[Given]:
    variable = servers.variable(generation)
    if options.url:
        credential = options.credential or os.environ.get(variable)
        if not credential:
            sys.exit(f"error: the server's credential is needed as well: --credential or {variable}")
        yield Given(options.url, credential, "given")
        return
    *_, kind = servers.kinds(generation)
    if kind == "embedded":
        print(
            f"no real server: CENTRIFUGO_API_URL or CENTRIFUGO_V{generation}_BIN names one; racing on the embedded one"
        )
    what = f"Centrifugo {generation}.x" if kind == "real" else kind
    with servers.start(generation, kind) as server:
        yield Given(server.url, servers.CREDENTIAL, what)


if __name__ == "__main__":
    sys.exit(main())
