"""Every scenario of `scenarios_v1.py` with every facade of the 1.x client, on every available server."""

import time
from collections.abc import Sequence

import pytest

from centripetal.errors import HTTPStatusError, ServerError
from tests.conformance import scenarios_v1
from tests.conformance.facades import Came, Facade
from tests.conformance.facades_v1 import facade
from tests.conformance.scenario import ALL, SCENARIOS, Ask, Namer, Request, Scenario
from tests.conformance.servers import Server, Servers
from tests.conformance.servers_v1 import KINDS, SECRET
from tests.needs import needs

SINGLE = ("sync", "async")


def parameters() -> list[object]:
    """Return each scenario with each of its facades."""
    return [
        pytest.param(scenario, kind, id=f"{scenario.name}-{kind}", marks=[pytest.mark.slow] if scenario.slow else [])
        for scenario in SCENARIOS
        for kind in scenario.facades
    ]


@pytest.mark.parametrize("server_kind", KINDS)
@pytest.mark.parametrize(("scenario", "kind"), parameters())
def test_scenario(scenario: Scenario, kind: str, server_kind: str, servers: Servers) -> None:
    """Every facade on every server returns the results that the scenario expects."""
    if scenario.alone:
        with servers.fresh(server_kind, scenario.config) as server:
            run(scenario, kind, server)
    else:
        run(scenario, kind, servers.shared(server_kind, scenario.config))


def run(scenario: Scenario, kind: str, server: Server) -> None:
    with facade(kind, server.url, scenario.secret) as calls:
        for number, request in enumerate(scenario.requests(Namer())):
            faults = answer(calls, kind, request)
            assert not faults, f"{scenario.claim}\nrequest {number}: " + "\n".join(faults)


def answer(calls: Facade, kind: str, request: Request) -> list[str]:
    """Make the calls of a request and return the differences."""
    end = time.monotonic() + request.patience
    while True:
        came = calls.make([ask.call for ask in request.asks])
        together = sum(not ask.expected.at_once for ask in request.asks) > 1 and kind not in SINGLE
        faults = [fault for pair in zip(request.asks, came, strict=True) for fault in compare(*pair, together, kind)]
        if not faults or time.monotonic() >= end:
            return faults
        time.sleep(0.2)


def compare(ask: Ask, came: Came, together: bool, kind: str) -> list[str]:
    expected, error = ask.expected, came.error
    call = f"{ask.call.method}{ask.call.args!r:.200}"
    if expected.error is None:
        if error is not None:
            return [f"{call}: expected {expected.what}, got {error!r}"]
        right = expected.check(came.value) if expected.check else same(came.value, expected.value)
        return [] if right else [f"{call}: expected {expected.what}, got {came.value!r:.500}"]
    if error is None:
        return [f"{call}: expected {expected.what}, got {came.value!r:.500}"]
    executed = expected.together if together and expected.together else expected.executed
    index = came.place if kind not in SINGLE else None
    wanted: dict[str, object] = {"class": expected.error, "executed": executed, "retryable": expected.retryable}
    got: dict[str, object] = {"class": type(error), "executed": error.executed, "retryable": error.retryable}
    if came.names_command:
        wanted |= {"command": ask.call.method, "index": index}
        got |= {"command": error.command and error.command.name, "index": error.index}
    if isinstance(error, ServerError):
        wanted |= {"message": expected.message, "advice": expected.advice, "code": None}
        got |= {"message": error.message, "advice": error.advice, "code": error.code}
    if isinstance(error, HTTPStatusError):
        wanted["status"], got["status"] = expected.status, error.status
    faults = [
        f"{call}: {what} should be {wanted[what]!r}, is {got[what]!r}" for what in wanted if wanted[what] != got[what]
    ]
    if expected.text not in str(error):
        faults.append(f"{call}: {expected.text!r} should be in {str(error)!r}")
    if SECRET in str(error) or SECRET in repr(error):
        faults.append(f"{call}: the error tells the secret")
    return faults


def same(got: object, expected: object) -> bool:
    return type(got) is type(expected) and got == expected


@needs("centrifugo-v1")
def test_real_server(servers: Servers) -> None:
    """A real Centrifugo 1.x is available, so the scenarios above ran on it."""
    assert servers.shared("real", "usual").url
    assert "real" in KINDS


def test_list_has_every_method() -> None:
    """Every method of the client occurs in a scenario, and every scenario runs on a facade."""
    methods = {
        ask.call.method for scenario in SCENARIOS for request in scenario.requests(Namer()) for ask in request.asks
    }
    assert methods == set(scenarios_v1.METHODS)
    assert all(set(scenario.facades) <= set(ALL) and scenario.facades for scenario in SCENARIOS)


def test_names_are_unique() -> None:
    """Scenario names are unique, so a failure names one scenario."""
    names: Sequence[str] = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
