"""Every scenario of `scenarios_v6.py` with every facade of the client, on every server of the current API."""

import time

import pytest

from centripetal.dialects.current.commands import COMMANDS
from centripetal.errors import HTTPStatusError, ServerError
from tests.conformance.deviations import NOT_EMULATED
from tests.conformance.facades import Came, Facade
from tests.conformance.facades_v6 import facade
from tests.conformance.scenario import Namer
from tests.conformance.scenarios_v6 import ALL, SCENARIOS, TOGETHER, Ask, Scenario
from tests.conformance.servers import Servers
from tests.conformance.servers_v6 import API_KEY, CONFIGS, KINDS
from tests.needs import needs


def parameters() -> list[object]:
    """Return each scenario with each of its facades on each server that supports it."""
    return [
        pytest.param(
            *(scenario, kind, server_kind),
            id=f"{scenario.name}-{kind}-{server_kind}",
            marks=[pytest.mark.slow] if scenario.slow else [],
        )
        for scenario in SCENARIOS
        for kind in scenario.facades
        for server_kind in KINDS
        if server_kind == "real" or scenario.name not in NOT_EMULATED
    ]


@pytest.mark.parametrize(("scenario", "kind", "server_kind"), parameters())
def test_scenario(scenario: Scenario, kind: str, server_kind: str, servers_6: Servers) -> None:
    """Every facade on every server returns the results that the scenario expects."""
    server = servers_6.shared(server_kind, scenario.config)
    prefix = CONFIGS[scenario.config]["http_api"].get("handler_prefix", "/api")
    with facade(kind, server.url, API_KEY if scenario.key else None, handler_prefix=prefix) as calls:
        for number, asks in enumerate(scenario.requests(Namer())):
            faults = answer(calls, kind, asks, 10 if scenario.slow else 0)
            assert not faults, f"{scenario.claim}\nrequest {number}: " + "\n".join(faults)


def answer(calls: Facade, kind: str, asks: list[Ask], patience: float) -> list[str]:
    """Make the calls of a request, repeatedly if the server may need time, and return the differences."""
    end = time.monotonic() + patience
    while True:
        came = calls.make([one.call for one in asks])
        faults = [fault for pair in zip(asks, came, strict=True) for fault in compare(*pair, kind)]
        if not faults or time.monotonic() >= end:
            return faults
        time.sleep(0.2)


def compare(one: Ask, came: Came, kind: str) -> list[str]:
    call, error = f"{one.call.method}{one.call.args!r:.200}", came.error
    if one.check is not None:
        if error is not None:
            return [f"{call}: expected {one.what}, got {error!r}"]
        return [] if one.check(came.value) else [f"{call}: expected {one.what}, got {came.value!r:.500}"]
    if error is None:
        return [f"{call}: expected {one.what}, got {came.value!r:.500}"]
    name = one.call.args[0] if one.call.method == "call" else one.call.method
    wanted: dict[str, object] = {"class": one.error, "executed": one.executed, "command": name}
    got: dict[str, object] = {
        "class": type(error),
        "executed": error.executed,
        "command": error.command and error.command.name,
    }
    wanted["index"], got["index"] = came.place if kind in TOGETHER else None, error.index
    if isinstance(error, ServerError):
        wanted |= {"code": one.code, "retryable": one.code == 100}
        got |= {"code": error.code, "retryable": error.retryable}
    if isinstance(error, HTTPStatusError):
        wanted["status"], got["status"] = one.status, error.status
    faults = [
        f"{call}: {what} should be {wanted[what]!r}, is {got[what]!r}" for what in wanted if wanted[what] != got[what]
    ]
    if one.text not in str(error):
        faults.append(f"{call}: {one.text!r} should be in {str(error)!r}")
    if API_KEY in str(error) or API_KEY in repr(error):
        faults.append(f"{call}: the error tells the key")
    return faults


@needs("centrifugo-v6")
def test_real_server(servers_6: Servers) -> None:
    """A real Centrifugo 6.x is available, so the scenarios above ran on it."""
    assert servers_6.shared("real", "usual").url
    assert "real" in KINDS


def test_list_has_every_method() -> None:
    """Every method of the client occurs in a scenario, and every scenario runs on a facade."""
    methods = {ask.call.method for scenario in SCENARIOS for asks in scenario.requests(Namer()) for ask in asks}
    assert methods == {command.name for command in COMMANDS} | {"call"}
    assert all(set(scenario.facades) <= set(ALL) and scenario.facades for scenario in SCENARIOS)


def test_names_are_unique() -> None:
    """Scenario names are unique, so a failure names one scenario."""
    names = [scenario.name for scenario in SCENARIOS]
    assert len(set(names)) == len(names)
