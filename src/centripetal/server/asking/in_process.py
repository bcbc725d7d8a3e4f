"""Asking handlers in this process, without a connection between the server and them.

The server's own event loop never runs a handler. Coroutine functions run in the application's loop, where its database
pool and its locks live, or in a loop of a separate thread; plain functions run in a new thread for each call, so that
blocked handlers do not delay others.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from centripetal.handling.dispatcher import Dispatcher
from centripetal.server.questions import Question, Reply

__all__ = ["InProcessAsker"]

logger = logging.getLogger("centripetal.server")


class InProcessAsker:
    """Asks handlers in this process, from the event loop that runs when it is created.

    Args:
        dispatcher: the handlers.
        loop: the application's loop; None to run coroutine functions in a loop of a new thread.
    """

    def __init__(self, dispatcher: Dispatcher, loop: asyncio.AbstractEventLoop | None) -> None:
        self._dispatcher = dispatcher
        self._server_loop = asyncio.get_running_loop()
        self._loop = _loop_in_thread(self._server_loop) if loop is None else loop
        self._tasks: set[asyncio.Task[Reply]] = set()

    def ask(self, question: Question, then: Callable[[Reply], object]) -> "_Waiting":
        """Ask *question*, and call *then* with the reply; see `centripetal.server.questions.Ask`."""
        waiting = _Waiting(self._server_loop, question, then)

        def start() -> None:
            task = self._loop.create_task(self._answer(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(waiting.take)

        try:
            self._loop.call_soon_threadsafe(start)
        except RuntimeError:
            problem = "the event loop of the application has ended: its handlers cannot be called"
            self._server_loop.call_soon(waiting.finish, Reply(0, problem=problem))
        return waiting

    async def _answer(self, question: Question) -> Reply:
        headers = {name.lower(): value for name, value in question.headers}
        headers.pop(self._dispatcher.header, None)  # no handler may see the secret
        try:
            answer = await self._dispatcher.answer_async(question.kind, headers, question.body, None, _in_new_thread)
        except Exception as error:
            logger.exception("a handler of proxy events failed")
            return Reply(500, problem="", body=str(error).encode())
        return Reply(answer.status, answer.body)


class _Waiting:
    """A question that waits for its reply, with a time limit. A handler is not cancelled: it may have written data."""

    def __init__(self, loop: asyncio.AbstractEventLoop, question: Question, then: Callable[[Reply], object]) -> None:
        self._loop = loop
        self._then = then
        self._done = False
        self._timer: asyncio.TimerHandle | None = None
        seconds = question.endpoint.timeout
        if seconds > 0:
            problem = f"the handler of {question.kind} did not answer within {seconds:g} s"
            self._timer = loop.call_later(seconds, self.finish, Reply(0, problem=problem))

    def take(self, task: "asyncio.Task[Reply]") -> None:
        """Take the result of the handler; called in the thread of its loop."""
        if task.cancelled() or task.exception() is not None:
            reply = Reply(0, problem="the event loop of the application ended before the handler answered")
        else:
            reply = task.result()
        try:
            self._loop.call_soon_threadsafe(self.finish, reply)
        except RuntimeError:
            logger.debug("a handler answered after the server had stopped")

    def finish(self, reply: Reply) -> None:
        """Pass on the first reply, if the question was not cancelled."""
        if not self._done:
            self.cancel()
            self._then(reply)

    def cancel(self) -> None:
        self._done = True
        if self._timer is not None:
            self._timer.cancel()


async def _in_new_thread(function: Callable[[], Any]) -> Any:
    """Run *function* in a new thread: in a pool, blocked handlers would stop all others."""
    loop = asyncio.get_running_loop()
    result: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: BaseException | None) -> None:
        if result.done():
            return
        if error is None:
            result.set_result(value)
        else:
            result.set_exception(error)

    def run() -> None:
        value, error = None, None
        try:
            value = function()
        except BaseException as caught:
            error = caught if isinstance(caught, Exception) else RuntimeError(f"the handler raised {caught!r}")
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            logger.debug("a handler returned after its event loop had ended")

    threading.Thread(target=run, name="centripetal-handler", daemon=True).start()
    return await result


def _loop_in_thread(server_loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    """Return a loop that runs in a new thread until *server_loop* ends."""
    loop = asyncio.new_event_loop()

    def run() -> None:
        try:
            loop.run_forever()
        finally:
            loop.close()

    threading.Thread(target=run, name="centripetal-handlers", daemon=True).start()

    async def stop_with_server() -> None:
        try:
            await server_loop.create_future()
        finally:
            loop.call_soon_threadsafe(loop.stop)

    # The runner of the server's loop cancels this task when the server stops.
    keeper = server_loop.create_task(stop_with_server())
    keepers.add(keeper)
    keeper.add_done_callback(keepers.discard)
    return loop


keepers: set["asyncio.Task[None]"] = set()
