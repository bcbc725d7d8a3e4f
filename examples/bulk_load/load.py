"""Publish many rows in order, in groups that share a request, and continue where an earlier run stopped.

Memory holds one group, regardless of the number of rows. After each group its position is saved in a file. An
interrupted group is sent again as a whole; its idempotency keys prevent duplicates for five minutes.
"""

import json
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from centripetal import CentripetalError, Client

from .rows import Row

__all__ = ["Counts", "load", "position_in"]

GROUP = 500


class Counts(NamedTuple):
    """Number of published and of refused rows."""

    published: int
    refused: int


def position_in(checkpoint: Path) -> int:
    """Return the position where an earlier load stopped, or 0."""
    return int(checkpoint.read_text()) if checkpoint.exists() else 0


def load(
    client: Client, rows: Iterable[Row], *, name: str, checkpoint: Path, refused: Path, group: int = GROUP
) -> Counts:
    """Publish *rows*, starting after the position in *checkpoint*.

    Args:
        client: client for the requests; with `retry=Retry()` it survives short failures.
        rows: rows to publish.
        name: name of the rows; use the same name in each attempt, because it is part of the idempotency keys.
        checkpoint: file for the position.
        refused: file for the rows that the server or the client refuses, with the reason.
        group: number of rows per request.

    Raises:
        CentripetalError: the load stopped; call it again with the rows after the checkpoint.
    """
    published = failed = 0
    for some in _groups(rows, group):
        errors = _publish(client, some, name)
        published, failed = published + len(some) - len(errors), failed + len(errors)
        if errors:
            with refused.open("a") as file:
                file.writelines(json.dumps([*row[:2], row.data.decode(), str(error)]) + "\n" for row, error in errors)
        _note(checkpoint, some[-1].position)
    return Counts(published, failed)


def _groups(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield some


def _publish(client: Client, rows: list[Row], name: str) -> list[tuple[Row, CentripetalError]]:
    """Publish *rows* in one request and return the rejected rows, each with its error."""
    slots, errors = [], []
    with client.batch(timeout=30) as batch:
        for row in rows:
            try:
                slot = batch.publish(row.channel, row.data, idempotency_key=f"{name}:{row.position}")
            except CentripetalError as error:  # the client rejects invalid data before sending
                errors.append((row, error))
            else:
                slots.append((row, slot))
    for row, slot in slots:
        try:
            slot.result()
        except CentripetalError as error:
            if error.executed != "no" or error.retryable:
                raise  # the server has a problem, so stop instead of rejecting the row
            errors.append((row, error))
    return errors


def _note(checkpoint: Path, position: int) -> None:
    part = checkpoint.with_name(f"{checkpoint.name}.part")
    part.write_text(str(position))
    os.replace(part, checkpoint)  # atomic, so the file is always complete
