"""Options of a PostgreSQL consumer, with the names and defaults of the configuration file. PURE."""

import msgspec

__all__ = ["PostgreSQLConsumer", "PostgreSQLOptions"]


class PostgreSQLOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The section `postgresql` of a consumer (protocol 6: consumer-postgresql). A float is a duration in seconds."""

    dsn: str = ""
    outbox_table_name: str = ""
    num_partitions: int = 1
    partition_select_limit: int = 100
    partition_poll_interval: float = 0.3
    partition_notification_channel: str = ""
    partition_notification_dsn: str = ""
    use_try_lock: bool = False

    def __repr__(self) -> str:
        return f"<PostgreSQLOptions of {self.outbox_table_name}>"  # keep passwords out of logs


class PostgreSQLConsumer(msgspec.Struct, frozen=True):
    """A consumer that is enabled.

    Attributes:
        name: its name, which is part of its advisory locks.
        options: its section `postgresql`.
    """

    name: str
    options: PostgreSQLOptions
