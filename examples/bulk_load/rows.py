"""Sources of messages: a table, or a file with one JSON object per line, read row by row from any position.

The position of a row is the id of a table row, or the offset of the end of a line in a file.
"""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from centripetal import UsageError

__all__ = ["Row", "export", "of_file", "of_table", "sample"]

PAGE = 1000


class Row(NamedTuple):
    """A message; *data* is JSON and is passed on unchanged."""

    position: int
    channel: str
    data: bytes


def of_table(database: Path, after: int = 0) -> Iterator[Row]:
    """Yield the rows of the table `prices` whose id is greater than *after*, reading page by page."""
    # A single SELECT would block the database's cleanup, or lock the database, until the load has finished.
    select = "SELECT id, symbol, price FROM prices WHERE id > ? ORDER BY id LIMIT ?"
    while True:
        with closing(sqlite3.connect(database)) as connection:
            page = connection.execute(select, (after, PAGE)).fetchall()
        if not page:
            return
        for after, symbol, price in page:
            yield Row(after, f"prices:{symbol}", json.dumps({"id": after, "price": price}).encode())


def of_file(path: Path, after: int = 0) -> Iterator[Row]:
    """Yield the lines `{"symbol": …, "price": …}` of *path* after the offset *after*."""
    with path.open("rb") as file:
        file.seek(after)
        while line := file.readline():
            if not line.endswith(b"\n"):
                return  # the line is still being written
            try:
                symbol = json.loads(line)["symbol"]
            except (ValueError, TypeError, KeyError) as error:
                raise UsageError(f"{path}, the line at byte {file.tell() - len(line)}: no price: {error!r}") from None
            yield Row(file.tell(), f"prices:{symbol}", line)


def export(database: Path, target: Path) -> None:
    """Write the table as a file of commands for `centripetal load`."""
    with target.open("wb") as file:
        for row in of_table(database):
            key = f"{database.name}:{row.position}"
            params = {"channel": row.channel, "idempotency_key": key, "data": json.loads(row.data)}
            file.write(json.dumps({"publish": params}).encode() + b"\n")


def sample(database: Path, count: int) -> None:
    """Create a table of *count* sample rows."""
    chance = random.Random(1)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE prices (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, price REAL NOT NULL)")
        prices = ((chance.choice("ABCDEFGH"), round(chance.uniform(1, 100), 2)) for _ in range(count))
        connection.executemany("INSERT INTO prices (symbol, price) VALUES (?, ?)", prices)
