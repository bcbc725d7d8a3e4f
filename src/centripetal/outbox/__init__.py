"""Publish if and only if a database transaction commits: commands become rows that Centrifugo reads.

    from centripetal.outbox import Outbox

    outbox = Outbox("centrifugo_outbox", partitions=4)

    with psycopg.connect(dsn) as connection:
        connection.execute("UPDATE orders SET state = 'paid' WHERE id = 17")
        outbox.on(connection).publish("orders:42", {"id": 17, "state": "paid"})

The database must be PostgreSQL, and the server Centrifugo 5.2 or later with a consumer (`Outbox.server_config`).
"""

from centripetal.outbox.status import PartitionStatus
from centripetal.outbox.table import Outbox
from centripetal.outbox.writer import AsyncWriter, Writer

__all__ = ["AsyncWriter", "Outbox", "PartitionStatus", "Writer"]
