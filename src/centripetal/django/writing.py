"""The writer of the current database connection."""

from django.db import DEFAULT_DB_ALIAS, connections

from centripetal.django.configuration import configured_outbox
from centripetal.outbox import Writer

__all__ = ["outbox"]


def outbox(*, using: str = DEFAULT_DB_ALIAS, alias: str = "default") -> Writer:
    """Return the writer for the current transaction. Its messages are published if and only if the transaction commits.

        with transaction.atomic():
            order.save()
            outbox().publish(f"orders:{order.customer_id}", order.public())

    The outbox is `CENTRIFUGO[alias]["OUTBOX"]` in the settings, whose items are the arguments of
    `centripetal.outbox.Outbox`. It is read at the first use, and again after `override_settings`.

    Args:
        using: alias of the database, as for `transaction.atomic`. The connection is the one of the current thread.
        alias: alias of the server in the setting `CENTRIFUGO`.

    Raises:
        ImproperlyConfigured: the settings configure no such outbox, or it is invalid.
        UsageError: from the writer's methods: the connection is not in a transaction, the database is not PostgreSQL,
            or the command is invalid. Nothing was sent to the database.
    """
    writer: Writer = configured_outbox(alias).on(connections[using])
    return writer
