"""Tests of the bulk load example: order, completeness, no duplicates, bounded memory, and recovery from failures."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from centripetal import CentripetalError, UsageError
from centripetal.testing import Centrifugo
from examples.bulk_load.load import Counts, load, position_in
from examples.bulk_load.rows import Row, export, of_file, of_table, sample

ROOT = Path(__file__).parent.parent.parent
CONFIG = json.loads((ROOT / "examples" / "bulk_load" / "centrifugo.json").read_text())

pytestmark = pytest.mark.centrifugo(config={"channel": CONFIG["channel"]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with 2500 rows, which is more than a page and not a multiple of the group size."""
    path = tmp_path / "prices.db"
    sample(path, 2500)
    return path


def places(folder: Path) -> dict[str, Any]:
    return {"name": "prices", "checkpoint": folder / "position", "refused": folder / "refused"}


def published(centrifugo: Centrifugo) -> list[int]:
    return [publication.data["id"] for publication in centrifugo.published]


def test_all_rows_are_published_in_groups(centrifugo: Centrifugo, table: Path, tmp_path: Path) -> None:
    """Each request has one group in order, and only the rows of that group are read ahead."""
    read, sizes, ahead = 0, list[int](), list[int]()

    def rows() -> Iterator[Row]:
        nonlocal read
        for row in of_table(table):
            read += 1
            yield row

    def note(size: int) -> None:
        sizes.append(size)
        ahead.append(read - len(centrifugo.published))

    counts = load(centrifugo.client(on_request=note), rows(), group=300, **places(tmp_path))
    assert counts == Counts(2500, 0)
    assert published(centrifugo) == list(range(1, 2501))
    assert sizes == [300] * 8 + [100]
    assert max(ahead) == 300
    assert centrifugo.published[0].data == json.loads(next(of_table(table)).data)


# A lost reply on a kept connection is repeated once, because the publications have keys: two replies are lost.
@pytest.mark.parametrize(("failure", "times"), [("refuse", 1), ("error", 1), ("lose_reply", 2)])
def test_it_continues_where_it_stopped(
    centrifugo: Centrifugo, table: Path, tmp_path: Path, failure: Any, times: int
) -> None:
    """The interrupted group is sent again, and publications that had arrived are not duplicated."""

    def rows() -> Iterator[Row]:
        for row in of_table(table):
            if row.position == 1300:
                centrifugo.fail_next(failure, times)
            yield row

    client = centrifugo.client()
    with pytest.raises(CentripetalError):
        load(client, rows(), **places(tmp_path))
    begin = position_in(tmp_path / "position")
    assert begin == 1000
    assert load(client, of_table(table, begin), **places(tmp_path)) == Counts(1500, 0)
    assert published(centrifugo) == list(range(1, 2501))
    assert position_in(tmp_path / "position") == 2500


def test_invalid_rows_are_kept_with_the_reason(centrifugo: Centrifugo, tmp_path: Path) -> None:
    """Rows that the client or the server rejects are kept and do not stop the load."""
    rows = [
        Row(1, "prices:A", b'{"id": 1}'),
        Row(2, "unknown:A", b'{"id": 2}'),
        Row(3, "prices:A", b"{id: 3}"),
        Row(4, "prices:A", b'{"id": 4}'),
    ]
    assert load(centrifugo.client(), rows, **places(tmp_path)) == Counts(2, 2)
    assert published(centrifugo) == [1, 4]
    kept = [json.loads(line) for line in (tmp_path / "refused").read_text().splitlines()]
    assert sorted(each[:2] for each in kept) == [[2, "unknown:A"], [3, "prices:A"]]
    assert {each[0]: "unknown channel" in each[3] for each in kept} == {2: True, 3: False}


@pytest.mark.parametrize("after", [0, 1, 1000, 2499, 2500])
def test_rows_can_be_read_from_any_position(table: Path, tmp_path: Path, after: int) -> None:
    """The table and a file with the same rows yield the same messages after any row."""
    file = tmp_path / "prices.ndjson"
    in_table = list(of_table(table))
    lines = [row.data.replace(b"{", b'{"symbol": "%s", ' % row.channel[-1].encode()) + b"\n" for row in in_table]
    file.write_bytes(b"".join(lines) + b'{"symbol": "A", "pri')  # the last line is incomplete
    position = sum(map(len, lines[:after]))
    assert [row.position for row in of_table(table, after)] == list(range(after + 1, 2501))
    assert [row.channel for row in of_file(file, position)] == [row.channel for row in in_table[after:]]
    assert [row.data for row in of_file(file, position)] == lines[after:]


def test_an_invalid_line_is_reported_with_its_position(tmp_path: Path) -> None:
    """The error for an invalid line contains its position."""
    file = tmp_path / "prices.ndjson"
    file.write_text('{"symbol": "A"}\n{}\n')
    with pytest.raises(UsageError, match="the line at byte 16: no price: KeyError"):
        list(of_file(file))


def run(*arguments: object, centrifugo: Centrifugo | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ}
    if centrifugo is not None:
        environment |= {"CENTRIFUGO_API_URL": centrifugo.url, "CENTRIFUGO_API_KEY": centrifugo.api_key}
    command = [sys.executable, "-m", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_the_program_runs(centrifugo: Centrifugo, tmp_path: Path) -> None:
    """The program loads into the embedded server, and into a given server, where it continues from its position."""
    table = tmp_path / "prices.db"
    assert run("examples.bulk_load", table, "--sample", 1200).returncode == 0
    assert "1200 published, 0 refused" in run("examples.bulk_load", table).stdout
    (tmp_path / "prices.db.position").write_text("200")
    with centrifugo.down():
        done = run("examples.bulk_load", table, centrifugo=centrifugo)
        assert done.returncode == 1
        assert "stopped after 200: connection refused by" in done.stderr
    assert "1000 published, 0 refused" in run("examples.bulk_load", table, centrifugo=centrifugo).stdout
    assert published(centrifugo) == list(range(201, 1201))


def test_the_command_line_loads_the_same_file(centrifugo: Centrifugo, table: Path, tmp_path: Path) -> None:
    """`centripetal load` stops when the server fails, continues, and loads the failed lines without duplicates."""
    commands = tmp_path / "commands.ndjson"
    export(table, commands)
    centrifugo.fail_next("error", times=3)
    done = run("centripetal", "load", commands, centrifugo=centrifugo)
    assert done.returncode == 5
    assert "--start-line 1501" in done.stderr + done.stdout
    centrifugo.assert_nothing_published()
    assert run("centripetal", "load", commands, "--start-line", 1501, centrifugo=centrifugo).returncode == 0
    assert published(centrifugo) == list(range(1501, 2501))
    assert run("centripetal", "load", f"{commands}.failed.ndjson", centrifugo=centrifugo).returncode == 0
    assert published(centrifugo)[1000:] == list(range(1, 1501))
