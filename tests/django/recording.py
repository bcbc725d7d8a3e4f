"""A function that the settings of tests name as `record`."""

from typing import Any

from centripetal import Command

__all__ = ["record", "recorded"]

recorded: list[Command[Any]] = []


def record(command: Command[Any]) -> None:
    """Keep *command*."""
    recorded.append(command)
