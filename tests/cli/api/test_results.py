"""Tests of the human-readable results of the current API."""

import json

from tests.cli.conftest import Run


def test_publish_prints_the_position(current: Run) -> None:
    """`publish` prints the offset and the epoch, or "ok" if the channel keeps no history."""
    lines = current("publish", "places", "1").out.split()
    assert lines[:3] == ["offset", "1", "epoch"]
    assert current("publish", "bare:places", "1").out == "ok\n"
    assert current("unsubscribe", "places", "42").out == "ok\n"


def test_history_prints_a_table_and_a_position(current: Run) -> None:
    """`history` prints at most 100 publications by default, and the position to continue from on standard error."""
    for n in range(3):
        current("publish", "table", str(n), "--tags", "a=b")
    ran = current("history", "table")
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["data", "offset"],
        ["0", "1"],
        ["1", "2"],
        ["2", "3"],
    ]
    position = ran.err.split()[-1]
    assert position.startswith("3:")
    assert json.loads(current("history", "table", "--since", f"1:{position[2:]}", "--json").out)["publications"] == [
        {"data": n, "info": None, "offset": n + 1, "tags": {"a": "b"}} for n in (1, 2)
    ]
    assert current("history", "table", "--limit", "0").out == ""


def test_a_partly_failed_broadcast_exits_1(current: Run) -> None:
    """`broadcast` prints a line for each channel and exits with 1 if a channel failed."""
    ran = current("broadcast", "fine", "no-such:channel", "1")
    assert ran.code == 1
    assert [line.split()[:2] for line in ran.out.splitlines()[1:]] == [["fine", "ok"], ["no-such:channel", "error"]]
    assert current("broadcast", "fine", "finer", "1").code == 0


def test_info_prints_a_table(current: Run) -> None:
    """`info` prints a row for each node, and the complete result with --json."""
    header, row = current("info").out.splitlines()[:2]
    assert header.split() == ["node", "version", "clients", "users", "channels", "subs", "uptime"]
    assert "6.9" in row
    (node,) = json.loads(current("info", "--json").out)["nodes"]
    assert {"uid", "name", "num_clients", "uptime"} <= node.keys()
