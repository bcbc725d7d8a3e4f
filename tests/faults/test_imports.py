"""No call imports anything: an import can hang in a forked child, and fails while the interpreter shuts down."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from centripetal.server import EmbeddedServer
from tests.faults.server import FaultyServer
from tests.faults.table import FAULTS

KEY = "key"
KINDS = ("TLS: self-signed", "silence after the request", "reset in the body", "closed on accept", "status 500")

CHILD = textwrap.dedent(
    """
    import asyncio, copy, datetime, inspect, json, pickle, sys
    import centripetal
    from centripetal import tokens, v1

    def make(name, port, **options):
        module = v1 if options.pop("old", False) else centripetal
        scheme, host = options.pop("scheme", "http"), options.pop("host", "127.0.0.1")
        return getattr(module, name)(f"{scheme}://{host}:{port}", "key", timeout=0.3, **options)

    def batch(client):
        if inspect.iscoroutinefunction(client.publish):
            async def run():
                async with client.batch() as calls:
                    slot = calls.publish("unknown:news", 1)
                slot.result()
            return run()
        with client.batch() as calls:
            slot = calls.publish("unknown:news", 1)
        slot.result()

    def sent(client):
        client.add_publish("news", {"n": 1})
        return client.send()

    def calls(name, ports):
        good, old, closed, secure, *faulty = ports
        for port, more in ((good, {}), (old, {"old": True})):
            yield make(name, port, **more), lambda client: client.publish("news", {"text": "ü"})
            yield make(name, port, **more), lambda client: client.publish("unknown:news", 1)
            yield make(name, port, **more), lambda client: client.publish("", 1)
            yield make(name, port, **more), lambda client: client.publish("news", {1, 2})
            yield make(name, port, **more), lambda client: client.publish("news", 1, colour="red")
            yield make(name, port, **more), lambda client: client.history("news")
            yield make(name, port, **more), batch
            yield make(name, closed, **more), lambda client: client.publish("news", object)
            yield make(name, closed, **more), lambda client: client.publish("news", 1)
            yield make(name, 80, host="nowhere.invalid", **more), lambda client: client.publish("news", 1)
            yield make(name, port, host="localhost", **more), lambda client: client.publish("news", 1)
            yield make(name, port, scheme="https", **more), lambda client: client.publish("news", 1)
            yield make(name, port, scheme="https", host="localhost", **more), lambda client: client.publish("news", 1)
            yield make(name, secure, scheme="https", **more), lambda client: client.publish("news", 1)
        for each in faulty:
            yield make(name, each, old=True), lambda client: client.publish("news", 1)
        yield make(name, good, old=True), lambda client: client.publish("news", 1)
        yield make(name, old), lambda client: client.publish("news", 1)
        yield make(name, old, old=True), sent
        yield make(name, good), lambda client: client.call("channels", {})
        yield make(name, good), lambda client: client.info()
        when = datetime.datetime.now(datetime.UTC)
        yield make(name, good), lambda client: client.subscribe("news", "u", expire_at=when)
        retry = centripetal.Retry(attempts=2, base=0.01)
        yield make(name, closed, retry=retry), lambda client: client.publish("news", 1)
        yield None, lambda client: tokens.connection_token("secret", "42")
        yield None, lambda client: tokens.connection_token("secret", "42", info={1})
        yield None, lambda client: tokens.explain(tokens.connection_token("secret", "42"), "secret")

    async def awaited(result):
        return await result if inspect.isawaitable(result) else result

    def run(name, ports, loop):
        tokens.connection_token  # imports the package
        seen = []
        for client, call in [*calls(name, ports)]:  # all clients are created first
            before = set(sys.modules)
            try:
                outcome = loop.run_until_complete(awaited(call(client))) if loop else call(client)
            except Exception as error:
                outcome = repr(pickle.loads(pickle.dumps(error))) + str(copy.deepcopy(error))
            seen.append((str(outcome)[:60], sorted(set(sys.modules) - before)))
        return seen

    name, ports = json.loads(sys.argv[1])
    print(json.dumps(run(name, ports, asyncio.new_event_loop() if name == "AsyncClient" else None)))
    """
)


@pytest.fixture(scope="module")
def ports(contexts: dict[str, Any]) -> Iterator[list[int]]:
    """Ports of servers of both generations, of no server, and of servers with faults."""
    faults = [next(fault for fault in FAULTS if fault.name == kind) for kind in KINDS]
    servers = [FaultyServer(contexts, fault.secure) for fault in faults]
    with EmbeddedServer(api_key=KEY) as good, EmbeddedServer(secret=KEY) as old:
        for server, fault in zip(servers, faults, strict=True):
            server.__enter__()
            server.start_fault(fault)
        urls = [good.url, old.url, "http://127.0.0.1:1", *(server.url for server in servers)]
        yield [int(url.rpartition(":")[2].partition("/")[0]) for url in urls]
        for server in servers:
            server.__exit__(None, None, None)


@pytest.mark.parametrize("name", ["Client", "AsyncClient"])
def test_no_call_imports_a_module(ports: list[int], name: str) -> None:
    """Calls that succeed or fail in any way, texts of errors, and their copies import nothing."""
    command = [sys.executable, "-c", CHILD, json.dumps([name, ports])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert [(outcome, modules) for outcome, modules in seen if modules] == []
    kinds = ("PublishResult", "ConnectError", "TimeoutError", "ConnectionLostError", "UsageError", "ServerError")
    assert all(any(kind in outcome for outcome, _ in seen) for kind in kinds)


SLOW = {"asyncio", "concurrent.futures", "dataclasses", "pickle", "random", "ssl", "logging", "httptools"}


@pytest.mark.parametrize(
    ("module", "most"), [("centripetal.current", 90), ("centripetal.v1", 65), ("centripetal.proxy", 50)]
)
def test_importing_the_library_is_fast(module: str, most: int) -> None:
    """Few modules are imported, and those that are slow to import only when a client is created."""
    code = f"import sys; before = set(sys.modules); import {module}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & SLOW
    assert len([name for name in loaded if name.startswith("centripetal.")]) < most
