"""Interrupts at every place of the client: one exception at each line and each bytecode, and random pairs of them.

    python -m tests.faults.injection                     everything, for about half an hour
    python -m tests.faults.injection --seconds 10        a random sample of all scenarios
    python -m tests.faults.injection leader --pairs 0    one scenario, without pairs

A trace function counts the lines and bytecodes that the main thread executes in `client/`, `protocol/grouping.py`,
`protocol/flights.py` and `transport/`. It raises KeyboardInterrupt at one of them, as a signal handler can. For a
pair, a profile function raises the second one some calls later, usually while the first is being handled.

Afterwards every call of another thread or task has ended with its own result or an honest error, each channel has
received its messages in order and once, and the client works on all channels, also after `close()`.
"""

import argparse
import asyncio
import dis
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import CodeType, FrameType
from typing import Any

import centripetal
from centripetal import AsyncClient, CentripetalError, Client
from tests.faults.echo import Echo

__all__ = ["SCENARIOS", "places", "sample", "strike"]

PACKAGE = os.path.dirname(centripetal.__file__)
SCOPE = tuple(
    os.path.join(PACKAGE, *path)
    for path in (("client", ""), ("transport", ""), ("protocol", "grouping.py"), ("protocol", "flights.py"))
)
OTHERS = 7
SOON = 3.0
"""Seconds within which calls end after an interrupt. An interrupt costs up to half a second."""


class Injector:
    """Raises KeyboardInterrupt in the current thread: at the place *first*, and *second* calls or returns later.

    Args:
        first: number of lines and bytecodes until the first interrupt; 0 only counts.
        second: number of calls and returns between both interrupts; 0 for a single interrupt.
    """

    def __init__(self, first: int, second: int = 0) -> None:
        self.first, self.second = first, second
        self.count = 0
        self.hits: list[str] = []
        self.visits: dict[tuple[CodeType, int, str], list[int]] = {}
        # Python uses the functions for a moment after it has dropped them: keep them alive.
        self._functions = self._trace, self._profile

    def __enter__(self) -> "Injector":
        if self.second:
            sys.setprofile(self._functions[1])
        sys.settrace(self._functions[0])
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(SCOPE):
            return None
        frame.f_trace_opcodes = True
        if event in ("line", "opcode"):
            self.count += 1
            if self.first == 0:
                self.visits.setdefault((frame.f_code, frame.f_lasti, event), []).append(self.count)
            if self.count >= self.first > 0 and not self.hits and not _is_in_a_call(frame):
                self._raise(frame)
        return self._functions[0]

    def _profile(self, frame: FrameType, _event: str, _argument: Any) -> None:
        if self.hits and self.second and frame.f_code.co_filename.startswith(SCOPE):
            self.second -= 1
            if self.second == 0:
                self._raise(frame)

    def _raise(self, frame: FrameType) -> None:
        name = os.path.relpath(frame.f_code.co_filename, PACKAGE)
        self.hits.append(f"{name}:{frame.f_lineno} {frame.f_code.co_name} bytecode {frame.f_lasti}")
        raise KeyboardInterrupt


def _is_in_a_call(frame: FrameType) -> bool:
    """Whether the next bytecode is the second half of a call: Python itself does not survive an exception there.

    Python 3.11 keeps the names of keyword arguments in a variable of its evaluation loop until the call is made, and
    would pass them to the next call, in the exception handler. Signals are never handled there.
    """
    return dis.opname[frame.f_code.co_code[frame.f_lasti]] in ("PRECALL", "CALL")


class Calls:
    """Calls with their outcomes: each publishes a number to its channel, and the result must be this number."""

    def __init__(self) -> None:
        self.outcomes: dict[tuple[str, int], Any] = {}

    def blocking(self, client: Client, channel: str, numbers: range, timeout: float) -> None:
        for number in numbers:
            try:
                self.outcomes[channel, number] = client.publish(channel, number, timeout=timeout).offset
            except (CentripetalError, KeyboardInterrupt) as error:
                self.outcomes[channel, number] = error

    async def awaiting(self, client: AsyncClient, channel: str, numbers: range, timeout: float) -> None:
        for number in numbers:
            try:
                self.outcomes[channel, number] = (await client.publish(channel, number, timeout=timeout)).offset
            except CentripetalError as error:
                self.outcomes[channel, number] = error

    def faults(self, seen: dict[str, list[int]]) -> Iterator[str]:
        """Compare the outcomes with the numbers that the server has *seen* in each channel."""
        for channel, numbers in seen.items():
            # A call that failed can arrive later than the next one.
            sure = [number for number in numbers if isinstance(self.outcomes.get((channel, number)), int)]
            if sure != sorted(sure) or len(numbers) != len(set(numbers)):
                yield f"{channel} received {numbers}"
        for (channel, number), outcome in self.outcomes.items():
            arrived = number in seen.get(channel, [])
            if isinstance(outcome, int):
                if outcome != number or not arrived:
                    yield f"{channel}: call {number} got the result {outcome}, arrived: {arrived}"
            elif isinstance(outcome, CentripetalError) and outcome.executed == "no" and arrived:
                yield f"{channel}: call {number} failed with {outcome!r}, which is not true"


def alone(injector: Injector, server: Echo) -> Iterator[str]:
    """One thread, whose client has no connection yet at its first call."""
    client, calls = Client(server.url, "key", timeout=SOON), Calls()
    with injector:
        calls.blocking(client, "own", range(2), SOON)
    yield from after(client, calls, server)


def unlucky(injector: Injector, server: Echo) -> Iterator[str]:
    """One thread, whose server closes the connection instead of replying, and whose next call times out."""
    client, calls = Client(server.url, "key", timeout=SOON), Calls()
    calls.blocking(client, "own", range(1), SOON)
    server.drop.append("own")
    with injector:
        calls.blocking(client, "own", range(1, 2), SOON)
        server.silent.append("own")
        calls.blocking(client, "own", range(2, 3), 0.005)
    server.silent.clear()
    server.drop.clear()
    yield from after(client, calls, server)


def shared(injector: Injector, server: Echo, timeout: float, main_first: bool) -> Iterator[str]:
    """Eight threads: the first sends alone, and the others wait meanwhile and then share the next request."""
    client, calls = Client(server.url, "key", timeout=SOON), Calls()
    calls.blocking(client, "warm", range(1), SOON)
    threads = [
        threading.Thread(target=calls.blocking, args=(client, f"c{n}", range(2), SOON), daemon=True)
        for n in range(OTHERS)
    ]

    started = threading.Event()

    def start(some: list[threading.Thread]) -> None:
        for thread in some:
            thread.start()
        started.set()

    if main_first:  # the others start when the request of the main thread has arrived
        server.on_next = lambda: start(threads)
        server.pause = 0.005
    else:
        server.pause = 0.006
        start(threads[:1])
        time.sleep(0.002)
        start(threads[1:])
    with suppress(KeyboardInterrupt), injector:
        calls.blocking(client, "own", range(2), timeout)
    if server.on_next is not None and not started.wait(0.05):
        server.on_next = None
        start(threads)
    started.wait(SOON)
    deadline = time.monotonic() + SOON + 2
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
        if thread.is_alive():
            yield "a call of another thread has not ended"
            return
    yield from after(client, calls, server)


def sender(injector: Injector, server: Echo) -> Iterator[str]:
    """The main thread sends alone, and seven other threads wait meanwhile."""
    return shared(injector, server, SOON, main_first=True)


def leader(injector: Injector, server: Echo) -> Iterator[str]:
    """The main thread sends the request that eight threads share."""
    return shared(injector, server, SOON + 1, main_first=False)


def follower(injector: Injector, server: Echo) -> Iterator[str]:
    """Another thread sends the request that eight threads share."""
    return shared(injector, server, SOON - 1, main_first=False)


def tasks(injector: Injector, server: Echo) -> Iterator[str]:
    """Eight tasks of a loop that runs again after the interrupt."""
    loop, calls = asyncio.new_event_loop(), Calls()
    loop.set_exception_handler(lambda *_: None)
    try:
        client = AsyncClient(server.url, "key", timeout=SOON)
        server.pause = 0.002
        running = [loop.create_task(calls.awaiting(client, f"c{n}", range(2), SOON)) for n in range(OTHERS + 1)]
        try:
            with injector:
                loop.run_until_complete(asyncio.wait(running))
        except KeyboardInterrupt:
            pass
        _, pending = loop.run_until_complete(asyncio.wait(running, timeout=SOON + 2))
        if pending:
            yield f"{len(pending)} tasks have not ended"
            return
        channels = list(server.seen)
        again = [loop.create_task(calls.awaiting(client, channel, range(10, 12), SOON)) for channel in channels]
        loop.run_until_complete(asyncio.wait(again))
        loop.run_until_complete(client.close())
        loop.run_until_complete(calls.awaiting(client, "closed", range(1), SOON))
        yield from calls.faults(server.seen)
        yield from later_faults(calls, channels)
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def after(client: Client, calls: Calls, server: Echo) -> Iterator[str]:
    """Use the client on all channels, at the same time, and close it."""
    channels = list(server.seen)
    threads = [
        threading.Thread(target=calls.blocking, args=(client, channel, range(10, 12), SOON), daemon=True)
        for channel in channels
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * SOON)
    client.close()
    calls.blocking(client, "closed", range(1), SOON)
    client.close()
    yield from calls.faults(server.seen)
    yield from later_faults(calls, channels)


def later_faults(calls: Calls, channels: list[str]) -> Iterator[str]:
    for channel, number in [("closed", 0), *((channel, number) for channel in channels for number in (10, 11))]:
        outcome = calls.outcomes.get((channel, number), "nothing")
        if outcome != number:
            yield f"a later call to {channel} got {outcome!r}"


Scenario = Callable[[Injector, Echo], Iterator[str]]
SCENARIOS: dict[str, Scenario] = {
    scenario.__name__: scenario for scenario in (alone, unlucky, sender, leader, follower, tasks)
}


def strike(server: Echo, name: str, first: int, second: int = 0) -> tuple[Injector, list[str]]:
    """Run the scenario *name* with one or two interrupts; return the injector and what is wrong."""
    server.forget()
    injector = Injector(first, second)
    try:
        faults = list(SCENARIOS[name](injector, server))
    except KeyboardInterrupt:
        faults = ["an interrupt came late"]
    if faults:
        place = ", then ".join(injector.hits)
        faults = [f"{name}, interrupt {first} {second} at {place}: {fault}" for fault in faults]
    return injector, faults


def places(server: Echo, name: str) -> int:
    """Return the number of lines and bytecodes that the scenario *name* executes without an interrupt."""
    counted, faults = strike(server, name, 0)
    assert not faults, faults
    return counted.count


def sample(seconds: float, seed: int, names: list[str]) -> tuple[int, list[str]]:
    """Strike at random places for *seconds*, half of the time twice; return the number of strikes and the faults."""
    chance, deadline, done, faults = random.Random(seed), time.monotonic() + seconds, 0, []
    with Echo() as server:
        most = {name: places(server, name) for name in names}
        while time.monotonic() < deadline:
            name = names[done % len(names)]
            second = chance.randint(1, 60) if chance.random() < 0.5 else 0
            faults += strike(server, name, chance.randint(1, most[name]), second)[1]
            done += 1
    return done, faults


def everything(names: list[str], pairs: int, seed: int) -> list[str]:
    """Strike at every place of each scenario, then *pairs* times twice; print the progress and return the faults."""
    chance, faults = random.Random(seed), []
    with Echo() as server:
        most = {name: places(server, name) for name in names}
        for name in names:
            began, counted = time.monotonic(), strike(server, name, 0)[0]
            # At the first, a middle and the last visit of each line and bytecode.
            visits = [(each[0], each[len(each) // 2], each[-1]) for each in counted.visits.values()]
            for first in sorted({visit for each in visits for visit in each}):
                faults += strike(server, name, first)[1]
            seconds = time.monotonic() - began
            print(f"{name}: {len(visits)} lines and bytecodes in {seconds:.0f} s, {len(faults)} faults", flush=True)
        began = time.monotonic()
        for _ in range(pairs):
            name = chance.choice(names)
            faults += strike(server, name, chance.randint(1, most[name]), chance.randint(1, 60))[1]
        print(f"{pairs} pairs in {time.monotonic() - began:.0f} s, {len(faults)} faults", flush=True)
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("scenario", nargs="*", default=list(SCENARIOS), help=", ".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, help="only strike at random places for this time")
    parser.add_argument("--pairs", type=int, default=20_000, help="number of random pairs (default: 20000)")
    parser.add_argument("--seed", type=int, default=15)
    options = parser.parse_args()
    logging.disable()
    sys.unraisablehook = lambda _: None  # interrupts in generators and coroutines that are being closed
    if options.seconds is None:
        faults = everything(options.scenario, options.pairs, options.seed)
    else:
        done, faults = sample(options.seconds, options.seed, options.scenario)
        print(f"{done} interrupts or pairs")
    print("\n".join(faults[:50]) or "no faults")
    sys.stdout.flush()
    os._exit(bool(faults))  # threads of a fault may still wait


if __name__ == "__main__":
    main()
