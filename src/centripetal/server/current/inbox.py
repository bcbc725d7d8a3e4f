"""The messages of one client, command by command, with pauses while the application is asked: PURE."""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from centripetal.dialects.current.client_protocol.commands import Command, read_commands
from centripetal.dialects.current.client_protocol.objects import BadMessageError, Disconnect
from centripetal.server.current.calls import Calls
from centripetal.server.current.refusals import FatalError
from centripetal.server.session import ClientConnection

__all__ = ["Inbox"]


class Inbox:
    """The messages of one client.

    While a command waits for the application, the next commands wait too, and the connection delivers no messages.

    Args:
        connection: the client's connection.
        calls: the questions that wait for an answer.
        run: executes a command, and returns False if the session takes no more commands.
        close: closes the session.
        close_for_nonsense: closes the session because of a line that is not a command.
    """

    __slots__ = ("_calls", "_close", "_close_for_nonsense", "_commands", "_connection", "_held", "_run")

    def __init__(
        self,
        connection: ClientConnection[Any],
        calls: Calls,
        *,
        run: Callable[[Command], bool],
        close: Callable[[Disconnect], object],
        close_for_nonsense: Callable[[], object],
    ) -> None:
        self._connection = connection
        self._calls = calls
        self._run = run
        self._close = close
        self._close_for_nonsense = close_for_nonsense
        self._commands: Iterator[Command] = iter(())
        self._held: Command | None = None

    def receive(self, message: bytes) -> None:
        """Execute the commands in *message*, or as many as can run now."""
        self._commands = read_commands(message)
        self._run_commands()

    def go_on(self) -> None:
        """Continue after the application has answered."""
        if self._held is not None:
            self._commands, self._held = chain((self._held,), self._commands), None
        self._run_commands()
        if not self._calls.blocked and self._held is None:
            self._connection.resume_reading()

    def _run_commands(self) -> None:
        calls = self._calls
        try:
            for command in self._commands:
                if calls.full and command.may_wait:
                    self._held = command
                    self._connection.pause_reading()
                    return
                if not self._run(command):
                    return
                if calls.blocked:
                    self._connection.pause_reading()
                    return
        except FatalError as error:
            self._close(error.disconnect)
        except BadMessageError:
            self._close_for_nonsense()
