"""Tests of `load`: delivery, the file of failed commands and continuing a load."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from centripetal import Client, v1
from centripetal.server import EmbeddedServer
from tests.cli.conftest import API_KEY, SECRET, Run
from tests.conformance.servers import Server
from tests.conformance.servers_v6 import API_KEY as REAL_KEY
from tests.conformance.servers_v6 import CONFIGS, start
from tests.needs import needs

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes lines to a file of commands and encodes values other than text as JSON."""

    def write(*lines: Any) -> Path:
        file = tmp_path / "commands.ndjson"
        file.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines))
        return file

    return write


def publish(channel: str, data: Any, **more: Any) -> dict[str, Any]:
    return {"publish": {"channel": channel, "data": data, **more}}


def failed(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(f"{file}.failed.ndjson").read_text().splitlines()]


def test_publications_arrive_in_order(current: Run, current_server: EmbeddedServer, write: Write) -> None:
    """Publications arrive in order for any group size, and the summary counts them."""
    file = write(
        *(publish("bulk", n) for n in range(10)), "", {"method": "channels", "params": {}}, publish("bulk", 10)
    )
    ran = current("load", str(file), "--group", "4", "--json")
    assert (ran.code, ran.err) == (0, "")
    summary = json.loads(ran.out)
    assert (summary["sent"], summary["failed"], summary["failed_file"], summary["next_line"]) == (12, 0, None, None)
    with Client(current_server.url, API_KEY) as client:
        history = client.history("bulk", limit=-1)
    assert [publication.data for publication in history.publications] == list(range(1, 11))
    assert not Path(f"{file}.failed.ndjson").exists()


def test_a_load_from_stdin_arrives_at_a_1x_server(api: Run, server: EmbeddedServer) -> None:
    """A load from standard input arrives in order at a 1.x server."""
    lines = b"".join(json.dumps(publish("bulk", n)).encode() + b"\n" for n in range(5))
    ran = api("load", "-", stdin=lines + b'{"method":"presence","params":{"channel":"bulk"}}')
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("6 commands sent in ")
    with v1.Client(server.url, SECRET) as client:
        assert [message.data for message in client.history("bulk")] == [4, 3, 2, 1, 0]


def test_failed_lines_are_kept_and_can_be_loaded_again(current: Run, write: Write) -> None:
    """Failed lines are kept in order with the reason, and other lines of their groups are executed."""
    lines = ["nonsense", publish("no-such:x", 1), publish("kept", 1), publish("kept", 2, tagz={}), {"stats": {}}]
    file = write(*lines)
    ran = current("load", str(file))
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["line 1", "line 2", "line 4", "line 5"]
    assert "4 lines failed" in ran.out
    kept = Path(f"{file}.failed.ndjson")
    first, *others = kept.read_text().splitlines()
    assert first == "nonsense"
    objects = [json.loads(line) for line in others]
    assert [each.get("publish", {}).get("channel") for each in objects] == ["no-such:x", "kept", None]
    assert (objects[0]["executed"], objects[0]["error"]["code"]) == ("no", 102)
    assert current("load", str(file)).code == 2  # an existing file is never overwritten
    mended = kept.read_text().replace("nonsense", "").replace("no-such:x", "kept").replace('"tagz": {}', '"tags": {}')
    kept.write_text(mended)
    again = current("load", str(kept), "--json")
    assert (again.code, json.loads(again.out)["sent"], json.loads(again.out)["failed"]) == (1, 2, 1)


def test_a_partly_failed_broadcast_keeps_the_failed_channels(current: Run, write: Write) -> None:
    """The kept broadcast contains only the failed channels, so that the other channels do not receive it twice."""
    file = write({"broadcast": {"channels": ["a", "no-such:b", "c", "no-such:d"], "data": 1.5}})
    assert current("load", str(file)).code == 1
    (line,) = failed(file)
    assert line["broadcast"] == {"channels": ["no-such:b", "no-such:d"], "data": 1.5}


def test_the_first_failures_are_printed(current: Run, write: Write) -> None:
    """Twenty failures and the number of further failures are printed, and the failure file contains all of them."""
    file = write(*["x"] * 30)
    kept = file.with_name("kept")
    ran = current("load", str(file), "--failed", str(kept))
    assert ran.err.splitlines()[20:] == ["10 more lines failed"]
    assert kept.read_text() == "x\n" * 30
    assert current("load", "-", stdin=b"x\n" * 3).code == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.ndjson",), "cannot read 'nowhere.ndjson'"),
        (("-", "--group", "0"), "--group"),
        (("-", "--rate", "0"), "--rate"),
        (("-", "--start-line", "0"), "--start-line"),
    ],
)
def test_an_invalid_command_line(current: Run, arguments: tuple[str, ...], words: str) -> None:
    """An invalid option or file is explained, with exit code 2."""
    ran = current("load", *arguments)
    assert (ran.code, words in ran.err) == (2, True)


def test_the_input_is_rejected_as_failure_file(current: Run, write: Write) -> None:
    """The file that is loaded is rejected as the file for failures."""
    file = write(publish("a", 1))
    ran = current("load", str(file), "--failed", str(file))
    assert (ran.code, "is the file to load" in ran.err) == (2, True)


@pytest.mark.parametrize("place", ["no/such/folder", "."])
def test_an_unwritable_failure_file(current: Run, write: Write, place: str) -> None:
    """A failure file that cannot be written is rejected before anything is sent."""
    file = write(publish("unsent", 1), "nonsense")
    ran = current("load", str(file), "--failed", str(file.parent / place))
    assert ran.code == 2
    assert "cannot write failed lines to" in ran.err or "exists" in ran.err
    assert json.loads(current("history", "unsent", "--json").out)["offset"] == 0


def test_an_unreachable_server_ends_the_load(current: Run, write: Write) -> None:
    """The load stops after three failed requests and reports where to continue."""
    file = write(*(publish("gone", n) for n in range(10)))
    ran = current("load", str(file), "--group", "2", "--url", "http://127.0.0.1:1")
    assert ran.code == 3
    assert "To continue: --start-line 7" in ran.err
    assert [line["executed"] for line in failed(file)] == ["no"] * 6
    ran = current("load", str(file), "--start-line", "7", "--json")
    assert (ran.code, json.loads(ran.out)["sent"]) == (0, 4)
    assert len(failed(file)) == 6


def test_a_wrong_key_ends_the_load_at_once(current: Run, write: Write) -> None:
    """A wrong key stops the load after one request, with the exit code for credentials."""
    file = write(*(publish("wrong", n) for n in range(10)))
    ran = current("load", str(file), "--group", "2", "--api-key", "wrong", "--json")
    summary = json.loads(ran.out)
    assert (ran.code, summary["sent"], summary["next_line"]) == (4, 2, 3)
    assert (summary["error"]["type"], "401" in summary["error"]["message"]) == ("AuthenticationError", True)


def test_ctrl_c_while_waiting_for_input(current_server: EmbeddedServer) -> None:
    """Ctrl-C exits with 130 and reports the first line that was not sent."""
    environment: Mapping[str, str] = {**os.environ, "CENTRIFUGO_API_KEY": API_KEY}
    command = [sys.executable, "-m", "centripetal", "load", "-", "--group", "2", "--url", current_server.url]
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        line = json.dumps(publish("interrupted", 1)).encode() + b"\n"
        process.stdin.write(line * 3)
        process.stdin.flush()
        with Client(current_server.url, API_KEY) as client:
            while client.history("interrupted").offset < 2:
                time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out.startswith(b"2 commands sent")
    assert b"To continue: --start-line 3" in err


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("source", ["file", "standard input", "pipe"])
def test_sources(current: Run, current_server: EmbeddedServer, tmp_path: Path, mark: bytes, source: str) -> None:
    """A file, a named pipe and standard input are read alike, with a byte order mark and CR LF line endings."""
    channel = f"{source.replace(' ', '-')}-{len(mark)}"
    text = mark + b'{"publish": {"channel": "%b", "data": 1}}\r\n' % channel.encode() * 2
    text = mark + text.replace(mark, b"") if mark else text
    path = tmp_path / "commands"
    if source == "pipe":
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(text,)).start()
    elif source == "file":
        path.write_bytes(text)
    ran = current("load", "-" if source == "standard input" else str(path), stdin=text)
    assert (ran.code, ran.err) == (0, "")
    with Client(current_server.url, API_KEY) as client:
        assert client.history(channel).offset == 2


def test_ctrl_c_while_a_pipe_has_no_writer(current: Run, tmp_path: Path) -> None:
    """Ctrl-C while `load` waits for the writer of a named pipe ends it with the line to continue with."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    ran = current("load", str(path))
    timer.join()
    assert (ran.code, "To continue: --start-line 1" in ran.err) == (130, True)


def test_the_next_line_is_printed_without_standard_output(
    current: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the summary cannot be written, the line to continue with is still printed, and failures are kept."""
    file = write(*(publish("gone", n) for n in range(10)))
    monkeypatch.setattr(sys, "stdout", None)
    ran = current("load", str(file), "--group", "2", "--url", "http://127.0.0.1:1", "--json")
    assert ran.code == 3
    assert "To continue: --start-line 7" in ran.err
    assert "cannot write to standard output" in ran.err
    assert len(failed(file)) == 6


def test_a_repeated_member_is_named(current: Run, write: Write) -> None:
    """A line with a repeated member fails, and the message names the member."""
    ran = current("load", str(write('{"publish": {"channel": "a", "data": 1, "channel": "b"}}')))
    assert (ran.code, "line 1: the member 'channel' occurs twice" in ran.err) == (1, True)


@pytest.mark.parametrize("rate", ["nan", "-1"])
def test_an_invalid_rate(current: Run, rate: str) -> None:
    """A rate that is not a positive number is rejected."""
    assert current("load", "-", "--rate", rate).code == 2


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Centrifugo 6 server."""
    with start("real", CONFIGS["usual"], tmp_path_factory.mktemp("server")) as server:
        yield server


@needs("centrifugo-v6")
def test_a_real_server_receives_every_publication(cli: Run, real: Server, write: Write) -> None:
    """A real server has every publication, in order."""
    file = write(*(publish("deep:c", n) for n in range(2_000)))
    ran = cli("load", str(file), "--url", real.url, "--api-key", REAL_KEY, "--json")
    assert (ran.code, json.loads(ran.out)["sent"]) == (0, 2_000)
    with Client(real.url, REAL_KEY) as client:
        history = client.history("deep:c", limit=-1)
    assert [publication.data for publication in history.publications] == list(range(2_000))


TABLE = (
    b'\xef\xbb\xbfid,customer,price,note\r\n1,ann,57.35,"a\r\n""b"""\r\n2,bob,1.10,\r\n3,x:y,3,z\r\n'
    b'4,ann,007,"}, ""admin"": true"\r\n'
)


def test_a_table_is_published(current: Run, current_server: EmbeddedServer, tmp_path: Path) -> None:
    """Rows of CSV with a byte order mark and CR LF are published, and a row that fails is kept with its line."""
    file = tmp_path / "orders.csv"
    file.write_bytes(TABLE)
    data = '{"id": {id}, "price": {price}, "note": {note}}'
    ran = current("load", str(file), "--channel", "table-{customer}", "--data", data, "--json")
    error = json.loads(ran.err)["error"]
    assert (ran.code, error["line"], "cannot be a part of a channel" in error["message"]) == (1, 5, True)
    assert failed(file)[0]["row"] == ["3", "x:y", "3", "z"]
    with Client(current_server.url, API_KEY) as client:
        published = [each.data for each in client.history("table-ann", limit=-1).publications]
    assert published == [
        {"id": 1, "price": 57.35, "note": 'a\r\n"b"'},
        {"id": 4, "price": "007", "note": '}, "admin": true'},
    ]
    again = current("load", f"{file}.failed.ndjson")
    assert "line 1: the line is a row without a command" in again.err


def test_a_table_is_continued_where_it_stopped(current: Run, current_server: EmbeddedServer, tmp_path: Path) -> None:
    """The line that a stopped load prints is the line to continue with, also after cells with line breaks."""
    file = tmp_path / "rows.tsv"
    file.write_text("n\n" + "".join(f'"{n}\n"\n' for n in range(10)))
    options = (str(file), "--channel", "continued", "--group", "2")
    ran = current("load", *options, "--url", "http://127.0.0.1:1")
    start = ran.err.rpartition("--start-line ")[2].strip()
    assert (ran.code, len(failed(file))) == (3, 6)
    ran = current("load", *options, "--start-line", start, "--json")
    again = current("load", f"{file}.failed.ndjson", "--json")
    assert (json.loads(ran.out)["sent"], json.loads(again.out)["sent"]) == (4, 6)
    with Client(current_server.url, API_KEY) as client:
        published = client.history("continued", limit=-1).publications
    assert sorted(each.data["n"] for each in published) == [f"{n}\n" for n in range(10)]


@pytest.mark.parametrize("verb", ["api", "current"])
def test_a_dry_run_sends_nothing(verb: str, request: pytest.FixtureRequest) -> None:
    """`--dry-run` prints the first three commands, which `load` accepts, and needs neither a server nor a key."""
    run: Run = request.getfixturevalue(verb)
    arguments = ("load", "-", "--channel", "dry", "--url", "http://127.0.0.1:1", "--dry-run")
    ran = run(*arguments, stdin=b"1\n[2]\n\n3\n4\n")
    commands = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.code, ran.err) == (0, "")
    assert commands == [publish("dry", 1), publish("dry", [2]), publish("dry", 3)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--channel", "o:{custmer}"), "Did you mean 'customer'?"),
        (("--channel", "o:{customer"), "{{ for a brace"),
        ((), "CSV needs --channel"),
        (("--channel", "o", "--format", "csw"), "Did you mean 'csv'?"),
    ],
)
def test_invalid_options_for_tables(current: Run, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    """A mistake in the options is an error with exit code 2, and no failures file is made."""
    file = tmp_path / "orders.csv"
    file.write_bytes(TABLE)
    ran = current("load", str(file), *options)
    assert (ran.code, ran.err.startswith("error: "), words in ran.err) == (2, True, True)
    assert list(tmp_path.iterdir()) == [file]


def test_a_table_that_breaks_in_the_middle(current: Run, tmp_path: Path) -> None:
    """Invalid quotation marks stop the load before the rows after them, at the first row that was not sent."""
    file = tmp_path / "orders.csv"
    file.write_bytes(b'a\n1\n2\n"x"y\n3\n')
    ran = current("load", str(file), "--channel", "broken", "--group", "1")
    assert (ran.code, "line 4: the row is not valid" in ran.err) == (2, True)
    assert "--start-line 3" in ran.err


def test_a_summary_that_cannot_be_written(current: Run, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """If only the summary is lost, the message counts the commands that were sent."""
    file = write(publish("summary", 1))
    monkeypatch.setattr(sys, "stdout", None)
    ran = current("load", str(file))
    assert (ran.code, "Bad file descriptor. Commands sent: 1; lines failed: 0" in ran.err) == (6, True)
