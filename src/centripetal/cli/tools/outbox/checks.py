"""Checks of the tables that the consumers in a server's configuration read."""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from centripetal.cli.tools.doctor.check import Check, failed
from centripetal.cli.tools.outbox.database import Database
from centripetal.errors import TransportError, UsageError
from centripetal.outbox import Outbox, PartitionStatus

if TYPE_CHECKING:
    from centripetal.server.consuming.options import PostgreSQLConsumer

__all__ = ["outbox_checks"]

_LATE = 60.0
"""Seconds after which a waiting row means that no server reads the table."""

_HIGHEST = re.compile(r"\bpartition <= (\d+)")


def outbox_checks(consumers: "Iterable[PostgreSQLConsumer]", timeout: float) -> Iterator[Check]:
    """Compare each consumer with its table: the number of partitions, and rows that wait for too long.

    Args:
        consumers: the consumers of the configuration that are enabled.
        timeout: time limit of connecting to each database in seconds.
    """
    for consumer in consumers:
        options = consumer.options
        try:
            outbox = Outbox(options.outbox_table_name, partitions=max(1, options.num_partitions))
            database = Database(options.dsn, timeout)
        except UsageError as error:
            yield Check("outbox", "warning", f"{consumer.name}: not checked: {error}")
            continue
        try:
            status, definition = database.status_and_check(outbox)
        except (TransportError, UsageError) as error:
            yield failed("outbox", error)
            continue
        highest = _HIGHEST.search(definition)
        yield _partitions(outbox, status, int(highest[1]) + 1 if highest else None)
        yield from _late(outbox, status)


def _partitions(outbox: Outbox, status: list[PartitionStatus], allowed: int | None) -> Check:
    """Compare the partitions that the server reads with those that the table allows, or that have rows."""
    read = outbox.partitions
    needed = allowed or max(each.partition for each in status) + 1
    if read < needed:
        text = f"the server reads {read} of the {needed} partitions of {outbox.table}: rows in the others stay there"
        return Check("outbox", "failed", text, f"Set num_partitions of the consumer to {needed}.")
    if allowed is not None and read > allowed:
        text = f"the server reads {read} partitions of {outbox.table}, which has {allowed}"
        return Check("outbox", "warning", text, f"Set num_partitions of the consumer to {allowed}.")
    rows = sum(each.rows for each in status)
    return Check("outbox", "ok", f"the server reads all partitions of {outbox.table} ({read}); waiting rows: {rows:,}")


def _late(outbox: Outbox, status: list[PartitionStatus]) -> Iterator[Check]:
    late = [each for each in status if each.partition < outbox.partitions and each.oldest_seconds > _LATE]
    if late:
        oldest = max(each.oldest_seconds for each in late)
        yield Check(
            "outbox",
            "warning",
            f"a row of {outbox.table} has waited for {oldest:,.0f} seconds",
            "Check that a server runs with this configuration, and look for errors of the consumer in its log.",
        )
