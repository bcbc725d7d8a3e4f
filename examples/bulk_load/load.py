"""Publishes many rows, in order, in groups that share a request; can go on where it stopped.

Memory holds one group, however many rows there are. After each group its position is noted in a file. A group that was
interrupted is sent again as a whole; its idempotency keys see to it that nothing of it is published twice, if that is
within five minutes.
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
    """How many rows were published, and how many refused."""

    published: int
    refused: int


def position_in(checkpoint: Path) -> int:
    """Where an earlier load stopped; 0 if there was none."""
    return int(checkpoint.read_text()) if checkpoint.exists() else 0


def load(
    client: Client, rows: Iterable[Row], *, name: str, checkpoint: Path, refused: Path, group: int = GROUP
) -> Counts:
    """Publish *rows*, beginning with the one behind the position in *checkpoint*.

    Args:
        client: makes the requests; with `retry=Retry()` it gets over short failures by itself.
        rows: where they come from.
        name: what the rows are called; the same in each attempt, because the idempotency keys begin with it.
        checkpoint: the file that notes the position.
        refused: the file that gets the rows which the server, or the client, refuses, with the reason.
        group: how many rows a request carries.

    Raises:
        CentripetalError: it stopped; call it again, with the rows from the checkpoint on.
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
    os.replace(part, checkpoint)  # so that there is always a whole one
