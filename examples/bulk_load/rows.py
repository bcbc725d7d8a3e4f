"""Where messages come from: a table, or a file with one JSON object a line. Either is read row by row, from any place.

A row's position is what to go on behind: the id of a table's row, the offset in a file at which a line ends.
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
    """A message: *data* is JSON, whoever wrote it, and is passed on as it is."""

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
    """The lines `{"symbol": …, "price": …}` of *path* behind the offset *after*."""
    with path.open("rb") as file:
        file.seek(after)
        while line := file.readline():
            if not line.endswith(b"\n"):
                return  # somebody is writing it just now
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
    """Make a table of so many rows, to try with."""
    chance = random.Random(1)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE prices (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, price REAL NOT NULL)")
        prices = ((chance.choice("ABCDEFGH"), round(chance.uniform(1, 100), 2)) for _ in range(count))
        connection.executemany("INSERT INTO prices (symbol, price) VALUES (?, ?)", prices)
