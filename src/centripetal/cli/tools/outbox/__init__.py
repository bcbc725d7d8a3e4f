"""`centripetal outbox`: the verbs for a table of commands in PostgreSQL. This module exports nothing."""

__all__: list[str] = []
