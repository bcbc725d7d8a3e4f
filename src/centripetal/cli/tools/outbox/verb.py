"""`centripetal outbox`: create, configure, watch and fill a table of commands in PostgreSQL."""

import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from centripetal.cli.generation import Generation
from centripetal.cli.input import STDIN
from centripetal.cli.output.printing import show_json, show_table
from centripetal.cli.output.visible_keys import warn
from centripetal.cli.registration import option, register
from centripetal.cli.settings import Settings
from centripetal.client.environment import environment_value
from centripetal.errors import UsageError
from centripetal.protocol.command import Command, Failed

if TYPE_CHECKING:
    from centripetal.cli.tools.outbox.database import Database

__all__ = ["register_in"]

_VARIABLE = "DATABASE_URL"
_GROUP = 1000  # commands per statement

_Table = Annotated[
    str, option("--table", "NAME", "Name of the table, such as app.centrifugo_outbox.", show_default=True)
]
_Partitions = Annotated[int, option("--partitions", "N", "Number of partitions.", show_default=True)]
_Notify = Annotated[
    bool, option("--notify", None, "Wake the server at each commit, instead of letting it poll every 50 ms.")
]
_Channel = Annotated[
    str | None,
    option("--notify-channel", "NAME", "Notification channel of --notify. Default: the name of the table."),
]
_Database = Annotated[
    str | None,
    option(
        "--database",
        "URL",
        f"Address of the database, such as postgresql://user@host:5432/name. Default: {_VARIABLE}.",
    ),
]
_TABLE = "centrifugo_outbox"


def sql(
    settings: Settings,
    table: _Table = _TABLE,
    partitions: _Partitions = 1,
    notify: _Notify = False,
    notify_channel: _Channel = None,
    jsonb: Annotated[bool, option("--jsonb", None, "Store payloads as JSONB, which cannot store all data.")] = False,
    drop: Annotated[bool, option("--drop", None, "Print the statements that drop the table and its rows.")] = False,
) -> None:
    """Print the SQL that creates the table, for a migration.

    It creates the table, its index, the table for refused rows and, with `--notify`, a trigger. Run it once.

    Examples:
        centripetal outbox sql --partitions 4
        centripetal outbox sql --partitions 4 | psql "$DATABASE_URL"
    """
    from centripetal.outbox import Outbox  # imported here, so that other verbs start faster

    outbox = Outbox(table, partitions=partitions, notify=_channel(notify, notify_channel), jsonb=jsonb)
    statements = outbox.ddl_drop() if drop else outbox.ddl()
    if settings.json:
        show_json({"statements": statements})
    else:
        typer.echo("\n".join(f"{statement};" for statement in statements))


def config(
    settings: Settings,
    database: _Database = None,
    table: _Table = _TABLE,
    partitions: _Partitions = 1,
    notify: _Notify = False,
    notify_channel: _Channel = None,
) -> None:
    """Print the configuration with which Centrifugo 6 reads the table.

    Add the printed section to the configuration of the server. It contains the address of the database with its
    password. `--partitions` must be the number of partitions of the table.

    Examples:
        centripetal outbox config --partitions 4 --database postgresql://centrifugo:password@db:5432/app
    """
    from centripetal.outbox import Outbox  # imported here, so that other verbs start faster

    outbox = Outbox(table, partitions=partitions, notify=_channel(notify, notify_channel))
    sections = outbox.server_config(_address(settings, database))
    if settings.json:
        show_json(sections)
    else:
        typer.echo(json.dumps(sections, indent=2))


def status(settings: Settings, database: _Database = None, table: _Table = _TABLE, partitions: _Partitions = 1) -> None:
    """Count the rows that wait in each partition, with the age of the oldest one.

    A partition whose oldest row gets older and older is not read: the server does not run, or it has fewer partitions
    than the table. This verb needs a driver: psycopg, psycopg2 or asyncpg.

    Examples:
        centripetal outbox status --partitions 4
        centripetal outbox status --json | jq '.partitions[] | select(.oldest_seconds > 60)'
    """
    from centripetal.outbox import Outbox  # imported here, so that other verbs start faster

    found = _database(settings, database).status(Outbox(table, partitions=partitions))
    if settings.json:
        show_json({"partitions": found})
    else:
        show_table(found)


def load(
    settings: Settings,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Commands in NDJSON; - reads standard input.")],
    database: _Database = None,
    table: _Table = _TABLE,
    partitions: _Partitions = 1,
    keys: Annotated[
        bool, option("--keys/--no-keys", None, "Add an idempotency key to each publication.", show_default=True)
    ] = True,
) -> None:
    """Write the commands in FILE to the table in one transaction: all of them, or none if one is invalid.

    Each line is a command as for `centripetal load`: `{"method": "publish", "params": {"channel": "news", "data": 1}}`.
    The commands publish, broadcast, subscribe, unsubscribe, disconnect, history_remove and refresh can be queued. This
    verb needs a driver: psycopg, psycopg2 or asyncpg.

    Examples:
        centripetal outbox load commands.ndjson --partitions 4
        zcat commands.ndjson.gz | centripetal outbox load -
    """
    from centripetal.cli.tools.load.ndjson import opened
    from centripetal.outbox import Outbox  # imported here, so that other verbs start faster

    outbox = Outbox(table, partitions=partitions, keys=keys)
    target = _database(settings, database)
    source = opened(file)
    try:
        commands = _Commands(source)
        target.write(outbox, commands.parts())
    finally:
        if file != STDIN:
            source.close()
    if settings.json:
        show_json({"written": commands.count})
    else:
        typer.echo(f"{commands.count:,} commands written")


class _Commands:
    """The commands of a file, and how many of them were read."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self.count = 0

    def parts(self) -> Iterator[list[Command[Any]]]:
        """Yield the commands in lists.

        Raises:
            UsageError: a line is not a command that can be queued; the message names the line.
        """
        commands = self._read()
        while part := list(itertools.islice(commands, _GROUP)):
            yield part

    def _read(self) -> Iterator[Command[Any]]:
        from centripetal.cli.tools.load.loader import command_in
        from centripetal.cli.tools.load.ndjson import lines_of
        from centripetal.dialects.current.queue import Messages

        messages = Messages()
        for line in lines_of(self._source):
            command = command_in(line, Generation.CURRENT)
            assert command is not None  # only lines of a failures file are skipped, and only on request
            try:
                if isinstance(command, Failed):
                    raise command.error
                messages.of(command)  # checked here too, so that the message names the line
            except UsageError as error:
                raise UsageError(f"line {line.number}: {error}. Nothing was written") from None
            self.count += 1
            yield command


def _channel(notify: bool, channel: str | None) -> str | bool:
    return notify if channel is None else channel


def _address(settings: Settings, given: str | None) -> str:
    from centripetal.outbox.names import check_dsn

    address = given or environment_value(settings.environment, _VARIABLE)
    if not address:
        raise UsageError(f"no database given: set {_VARIABLE}, or give --database")
    return check_dsn("--database" if given else _VARIABLE, address)


def _database(settings: Settings, given: str | None) -> "Database":
    from centripetal.cli.tools.outbox.database import Database
    from centripetal.protocol.dsn import passwords_of

    address = _address(settings, given)
    if given is not None and passwords_of(address):
        warn(
            [f"other users can see the password in --database in the list of processes: set {_VARIABLE} instead"],
            as_json=settings.json,
        )
    return Database(address, settings.address().timeout.value)


def register_in(app: typer.Typer) -> None:
    """Add the verbs to *app*."""
    register(app, sql, shared=("json",))
    register(app, config, shared=("json",))
    register(app, status, shared=("timeout", "json"))
    register(app, load, shared=("timeout", "json"))
