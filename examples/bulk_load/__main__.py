"""`python -m examples.bulk_load prices.db`: publish a table or a file; run it again to continue or to add new rows."""

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path

from centripetal import CentripetalError, Client, Retry
from centripetal.server import EmbeddedServer

from .load import GROUP, load, position_in
from .rows import export, of_file, of_table, sample

CONFIG = Path(__file__).parent / "centrifugo.json"


def parsed() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="bulk_load", description=__doc__)
    parser.add_argument("source", type=Path, help="a SQLite database with a table prices, or a file *.ndjson")
    parser.add_argument("--group", type=int, default=GROUP, help="rows per request (%(default)s)")
    parser.add_argument("--sample", type=int, metavar="N", help="create SOURCE, a table of N rows, and exit")
    parser.add_argument("--export", type=Path, metavar="FILE", help="write commands for `centripetal load`, and exit")
    return parser.parse_args()


def main() -> int:
    """Run the command line and return the exit code."""
    asked = parsed()
    if asked.sample is not None:
        sample(asked.source, asked.sample)
        return 0
    if asked.export is not None:
        export(asked.source, asked.export)
        return 0
    checkpoint, refused = (asked.source.with_name(f"{asked.source.name}.{end}") for end in ("position", "refused"))
    begin = position_in(checkpoint)
    read = of_file if asked.source.suffix == ".ndjson" else of_table
    with ExitStack() as stack:
        if "CENTRIFUGO_API_URL" in os.environ:
            client = Client.from_env(retry=Retry(attempts=4))
        else:
            server = stack.enter_context(EmbeddedServer(config=CONFIG))
            print("using an embedded Centrifugo, because CENTRIFUGO_API_URL is not set")
            client = Client(server.url, server.api_key, retry=Retry(attempts=4))
        stack.enter_context(client)
        try:
            rows = read(asked.source, begin)
            counts = load(
                client, rows, name=asked.source.name, checkpoint=checkpoint, refused=refused, group=asked.group
            )
        except CentripetalError as error:
            print(f"stopped after {position_in(checkpoint)}: {error}\nrun it again to continue", file=sys.stderr)
            return 1
    print(f"{counts.published} published, {counts.refused} refused{f': see {refused}' if counts.refused else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
