"""Race our client against others on a Centrifugo 1.x server: `python -m benchmarks`.

The server is the one at CENTRIFUGO_API_URL (or `--url`) with CENTRIFUGO_SECRET (or `--secret`), or one that is started
for the time of the races if CENTRIFUGO_V1_BIN names its program, or else the embedded one. The Go client takes part if
GOCENT_BENCH names a program (see `gocent.py`). One table is printed; JSON goes to docs/benchmarks/v1.json and a plot
to v1.svg beside it, or where `--output` says; a run of some rows only, or a quick one, writes nothing unless told.
The exit status is 1 if a target is missed.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import gocent, plot, report
from benchmarks.crowd import LoneTurn, StreamTurn
from benchmarks.measure import Result, run
from benchmarks.rows import ROWS, Place
from benchmarks.weight import weigh
from benchmarks.worker import ask_once
from tests.conformance import servers_v1

OUTPUT = Path(__file__).parent.parent / "docs" / "benchmarks" / "v1.json"
LONE, STREAM, WEIGHT = "lone call", "stream", "weight"
NAMES = [*ROWS, LONE, STREAM, WEIGHT]


def main() -> int:
    parser = _arguments()
    options = parser.parse_args()
    rows = _chosen(options.rows) or parser.error(f"no such row; there are: {', '.join(NAMES)}")
    rounds = options.rounds or (3 if options.quick else 11)
    publishes = options.stream or (50_000 if options.quick else 200_000)
    with _server(options) as (url, secret, server):
        place = Place(url, secret, gocent.find(os.environ))
        if place.program is None:
            print("without gocent: GOCENT_BENCH names no program")
        results = [_race(name, place, rounds, 0.06 if options.quick else 0.2) for name in rows if name in ROWS]
        lone, stream = None, None
        if LONE in rows:
            times = 200 if options.quick else 500
            lone = LoneTurn(**ask_once("crowd", "Lone", times, url=url, secret=secret))
        if STREAM in rows:
            stream = StreamTurn(**ask_once("crowd", "Stream", publishes, url=url, secret=secret))
    weight = weigh(rounds) if WEIGHT in rows else None
    found = report.Found(results, lone, stream, weight)
    print(report.table(found))
    output = options.output or (None if options.quick or options.rows else OUTPUT)
    if output is not None:
        report.write(output, report.as_json(found, rounds, server))
        output.with_suffix(".svg").write_text(plot.svg(results))
    return 0 if all(verdict.met for verdict in report.targets(found)) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"parts of the names of rows to run: {', '.join(NAMES)}")
    parser.add_argument("--url", default=os.environ.get("CENTRIFUGO_API_URL"), help="the server's address")
    parser.add_argument("--secret", default=os.environ.get("CENTRIFUGO_SECRET"), help="its secret")
    parser.add_argument("--rounds", type=int, help="how often each contender has its turn (11; quick: 3)")
    parser.add_argument("--quick", action="store_true", help="less of everything, in under a minute")
    parser.add_argument("--stream", type=int, help="how many publishes the stream has (200,000; quick: 50,000)")
    parser.add_argument("--output", type=Path, help="where the JSON goes, and the plot beside it")
    return parser


def _chosen(parts: list[str]) -> list[str]:
    if any(all(part not in name for name in NAMES) for part in parts):
        return []
    exact = [name for name in NAMES if name in parts]
    return exact or [name for name in NAMES if not parts or any(part in name for part in parts)]


def _race(name: str, place: Place, rounds: int, seconds: float) -> Result:
    race = ROWS[name](place)
    print(f"racing: {name}", file=sys.stderr, flush=True)
    try:
        return run(race, rounds, seconds)
    finally:
        for contender in race.contenders:
            contender.close()


@contextlib.contextmanager
def _server(options: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    if options.url:
        if not options.secret:
            sys.exit("error: the server's secret is needed as well: --secret or CENTRIFUGO_SECRET")
        yield options.url, options.secret, "given"
        return
    config = {"secret": "benchmark"}
    kind = "real" if "real" in servers_v1.KINDS else "embedded"
    if kind == "embedded":
        print("no real server: CENTRIFUGO_API_URL or CENTRIFUGO_V1_BIN names one; racing on the embedded one")
    with tempfile.TemporaryDirectory() as folder, servers_v1.start(kind, config, Path(folder)) as server:
        yield server.url, config["secret"], {"real": "Centrifugo 1.x", "embedded": "embedded"}[kind]


if __name__ == "__main__":
    sys.exit(main())
