"""Race our client against others on a Centrifugo 1.x server: `python -m benchmarks`.

The server is the one at CENTRIFUGO_API_URL (or `--url`) with CENTRIFUGO_SECRET (or `--secret`), or one that is started
for the time of the races if CENTRIFUGO_V1_BIN names its program, or else the embedded one. The Go client takes part if
GOCENT_BENCH names a program (see `gocent.py`). Results go to docs/benchmarks/v1.json, or where `--output` says. The
exit status is 1 if a target is missed.
"""

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks import buffering, gocent, publishing, report
from benchmarks.measure import Contender, Race, Target, run
from benchmarks.weight import weigh
from tests.conformance import servers_v1

OUTPUT = Path(__file__).parent.parent / "docs" / "benchmarks" / "v1.json"


def main() -> int:
    options = _arguments().parse_args()
    program = gocent.find(os.environ)
    with _server(options) as (url, secret, server), _races(url, secret, program) as races:
        results = [run(race, options.rounds) for race in races]
    weight = weigh(options.rounds)
    print(report.table(results, weight))
    report.write(options.output, report.as_json(results, weight, options.rounds, server))
    return 0 if all(target["met"] for target in report.targets(results, weight)) else 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument("--url", default=os.environ.get("CENTRIFUGO_API_URL"), help="the server's address")
    parser.add_argument("--secret", default=os.environ.get("CENTRIFUGO_SECRET"), help="its secret")
    parser.add_argument("--rounds", type=int, default=31, help="how often each contender has its turn")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="where the JSON goes")
    return parser


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


@contextlib.contextmanager
def _races(url: str, secret: str, program: str | None) -> Iterator[list[Race]]:
    singles: list[Contender] = [
        publishing.BareSocket(url, secret),
        publishing.Ours(url, secret),
        publishing.async_ours(url, secret),
        publishing.HTTPClient(url, secret),
        publishing.Requests(url, secret),
        publishing.HTTPX(url, secret),
        publishing.async_httpx(url, secret),
    ]
    buffers: list[Contender] = [
        buffering.ReadyMade(url, secret),
        buffering.Send(url, secret),
        buffering.AddAndSend(url, secret),
        buffering.Batched(url, secret),
    ]
    targets = [Target("Client", "bare socket", 1.2), Target("Client", "requests", 1 / 5)]
    if program:
        singles.append(gocent.Gocent(program, url, secret, "publish"))
        buffers.append(gocent.Gocent(program, url, secret, "buffer"))
        targets.append(Target("Client", "gocent", 1 / 1.3))
    else:
        print("without gocent: GOCENT_BENCH names no program")
    try:
        yield [
            Race("one publish after another", "publish", 200, singles, targets),
            Race(
                "1,000 publishes in one request",
                "request",
                10,
                buffers,
                [Target("Client.send", "bare socket, ready-made", 1.1)],
            ),
        ]
    finally:
        for contender in [*singles, *buffers]:
            contender.close()


if __name__ == "__main__":
    sys.exit(main())
