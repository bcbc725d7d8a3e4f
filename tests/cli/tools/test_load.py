"""`load`: what it takes and sends, what it keeps of what failed, how it goes on, and that memory stays as it is."""

import io
import itertools
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from centripetal import Client, v1
from centripetal.cli.generation import Generation
from centripetal.cli.tools.load import stopping
from centripetal.cli.tools.loader import Failures, Loader, Loading
from centripetal.cli.tools.ndjson import MAX_LINE_BYTES, Line, command_of, failed_line, lines_of
from centripetal.cli.tools.progress import progress
from centripetal.dialects.v1.commands import Publish
from centripetal.errors import ConnectionLostError, UsageError
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.server import EmbeddedServer
from centripetal.transport.memory import MemoryTransport
from tests.cli.conftest import API_KEY, SECRET, Run
from tests.conformance.servers import Server
from tests.conformance.servers_v6 import API_KEY as REAL_KEY
from tests.conformance.servers_v6 import CONFIGS, start
from tests.needs import needs

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes lines into a file of commands; what is no text becomes JSON."""

    def write(*lines: Any) -> Path:
        file = tmp_path / "commands.ndjson"
        file.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines))
        return file

    return write


def publish(channel: str, data: Any, **more: Any) -> dict[str, Any]:
    return {"publish": {"channel": channel, "data": data, **more}}


def failed(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(f"{file}.failed.ndjson").read_text().splitlines()]


# ---- lines


@pytest.mark.parametrize(
    ("line", "generation"),
    [
        ('{"publish":{"channel":"c","data":{"n":1.10}}}', Generation.V1),
        ('{"method":"publish","params":{"channel":"c","data":{"n":1.10}}}', Generation.V1),
        (' { "params": {"data": {"n":1.10},"channel":"c"}, "uid": "7", "method": "publish" } ', Generation.V1),
        ('{"publish":{"channel":"c","data":{"n":1.10}},"executed":"unknown","error":{"x":1}}', Generation.V1),
    ],
)
def test_a_command_may_be_written_in_two_ways(line: str, generation: Generation) -> None:
    """A line is as single endpoints or as batches take it; notes of an earlier load are passed over."""
    assert command_of(line.encode(), generation) == Publish("c", b'{"n":1.10}')


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nonsense", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ('{"publish":{"data":1}}', "the required field `channel` is missing"),
        ("{}", "give {"),
        ('{"publish":{"channel":"c","data":1},"stats":{}}', "give {"),
        ('{"method":"publish","param":{}}', "'param'"),
        ('{"method":7}', "method is not a string"),
        ('{"publish":{"channel":"c"}}', "data"),
        ('{"publish":{"channel":"c","data":1,"chanel":1}}', "unknown field `chanel`"),
        ('{"publish":{"channel":7,"data":1}}', "channel"),
        ('{"publish":[1]}', "object"),
        ('{"subscribe":{"channel":"c","user":"42"}}', "Centrifugo 3 and later only"),
        ('{"no_such":{}}', "is not a command of Centrifugo 1.x; it has publish"),
    ],
)
def test_what_is_no_command_is_explained(line: str, words: str) -> None:
    """A line that is no command is a UsageError that says what is wrong with it."""
    with pytest.raises(UsageError) as error:
        command_of(line.encode(), Generation.V1)
    assert words in str(error.value)


def test_fields_of_the_current_api_are_read_as_they_travel() -> None:
    """Flags in boxes, numbers as users, nested objects, unknown methods; all digits of data stay."""
    line = b'{"subscribe":{"channel":"c","user":42,"override":{"presence":{"value":true}},"info":1.10}}'
    command: Any = command_of(line, Generation.CURRENT)
    assert (command.user, command.override.presence, command.info) == (42, True, b"1.10")
    custom: Any = command_of(b'{"method":"later","params":{"x":1.10}}', Generation.CURRENT)
    assert (custom.name, custom.params) == ("later", {"x": b"1.10"})
    with pytest.raises(UsageError, match="not a JSON object"):
        command_of(b'{"later":7}', Generation.CURRENT)


def test_lines_have_their_numbers() -> None:
    """Blank lines count, but are none; a start may be named; the last line needs no end."""
    file = io.BytesIO(b"a\n\n  \r\nb\nc")
    assert [(line.number, line.text.strip(), line.position) for line in lines_of(file, 2)] == [
        (4, b"b", 9),
        (5, b"c", 10),
    ]


def test_a_line_without_an_end_is_not_read_whole() -> None:
    """What is no file of lines does not fill the memory."""

    class Endless(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert 0 < size <= MAX_LINE_BYTES + 1
            return b"x" * size

    with pytest.raises(UsageError, match="one command a line"):
        next(lines_of(Endless()))


def test_a_line_that_failed_is_one_to_load_again() -> None:
    """It keeps its members with every digit, and gets what it came to instead of what it came to before."""
    line = b'{"publish":{"channel":"c","data":1.10},"error":1,"executed":"no"}\r\n'
    written = failed_line(line, ConnectionLostError("gone\nfor good"))
    assert written.count(b"\n") == 1
    assert b'"data":1.10' in written
    assert json.loads(written) == {
        "publish": {"channel": "c", "data": 1.1},
        "executed": "unknown",
        "error": {"type": "ConnectionLostError", "message": "gone\nfor good"},
    }
    assert command_of(written, Generation.V1) == Publish("c", b"1.10")
    assert failed_line(b"nonsense\r\n", UsageError("x")) == b"nonsense\n"


# ---- whole loads


def test_everything_arrives_in_order(current: Run, current_server: EmbeddedServer, write: Write) -> None:
    """Publications arrive in order whatever the size of groups, and the summary counts them."""
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


def test_everything_arrives_at_a_server_of_1x(api: Run, server: EmbeddedServer) -> None:
    """A load from the standard input arrives in order at a 1.x server."""
    lines = b"".join(json.dumps(publish("bulk", n)).encode() + b"\n" for n in range(5))
    ran = api("load", "-", stdin=lines + b'{"method":"presence","params":{"channel":"bulk"}}')
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("6 commands sent in ")
    with v1.Client(server.url, SECRET) as client:
        assert [message.data for message in client.history("bulk")] == [4, 3, 2, 1, 0]


def test_what_fails_is_kept_and_can_be_loaded_again(current: Run, write: Write) -> None:
    """Wrong lines and refused commands, in their order, with why; other lines of their groups are done."""
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
    assert current("load", str(file)).code == 2  # nothing is overwritten
    mended = kept.read_text().replace("nonsense", "").replace("no-such:x", "kept").replace('"tagz": {}', '"tags": {}')
    kept.write_text(mended)
    again = current("load", str(kept), "--json")
    assert (again.code, json.loads(again.out)["sent"], json.loads(again.out)["failed"]) == (1, 2, 1)


def test_of_a_broadcast_only_what_failed_is_kept(current: Run, write: Write) -> None:
    """The channels that got nothing, so that the others don't get it twice."""
    file = write({"broadcast": {"channels": ["a", "no-such:b", "c", "no-such:d"], "data": 1.5}})
    assert current("load", str(file)).code == 1
    (line,) = failed(file)
    assert line["broadcast"] == {"channels": ["no-such:b", "no-such:d"], "data": 1.5}


def test_the_first_failures_are_printed(current: Run, write: Write) -> None:
    """Twenty failures are printed, and how many more there are; all of them are in the file that was named."""
    file = write(*["x"] * 30)
    kept = file.with_name("kept")
    ran = current("load", str(file), "--failed", str(kept))
    assert ran.err.splitlines()[20:] == ["and 10 more lines"]
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
def test_a_wrong_command_line(current: Run, arguments: tuple[str, ...], words: str) -> None:
    """A wrong option or file is explained, with exit code 2."""
    ran = current("load", *arguments)
    assert (ran.code, words in ran.err) == (2, True)


def test_the_failures_of_a_file_are_another_one(current: Run, write: Write) -> None:
    """The file that is loaded is refused as the file for failures."""
    file = write(publish("a", 1))
    ran = current("load", str(file), "--failed", str(file))
    assert (ran.code, "is the file that is loaded" in ran.err) == (2, True)


@pytest.mark.parametrize("place", ["no/such/folder", "."])
def test_a_place_for_failures_that_cannot_be_written(current: Run, write: Write, place: str) -> None:
    """It is refused before anything is sent."""
    file = write(publish("unsent", 1), "nonsense")
    ran = current("load", str(file), "--failed", str(file.parent / place))
    assert ran.code == 2
    assert "cannot be kept in" in ran.err or "exists" in ran.err
    assert json.loads(current("history", "unsent", "--json").out)["offset"] == 0


def test_a_server_that_is_gone_ends_it(current: Run, write: Write) -> None:
    """It stops after three failed requests, and says where to go on."""
    file = write(*(publish("gone", n) for n in range(10)))
    ran = current("load", str(file), "--group", "2", "--url", "http://127.0.0.1:1")
    assert ran.code == 3
    assert "To go on: --start-line 7" in ran.err
    assert [line["executed"] for line in failed(file)] == ["no"] * 6
    ran = current("load", str(file), "--start-line", "7", "--json")
    assert (ran.code, json.loads(ran.out)["sent"]) == (0, 4)
    assert len(failed(file)) == 6


def test_a_wrong_key_ends_it_at_once(current: Run, write: Write) -> None:
    """A wrong key stops it after one request, with the exit code for credentials."""
    file = write(*(publish("wrong", n) for n in range(10)))
    ran = current("load", str(file), "--group", "2", "--api-key", "wrong", "--json")
    summary = json.loads(ran.out)
    assert (ran.code, summary["sent"], summary["next_line"]) == (4, 2, 3)
    assert "401" in summary["error"]


# ---- in memory


def published(request: HTTPRequest) -> HTTPReply:
    count = request.body.count(b'{"publish":')
    if not count:
        return HTTPReply(200, b'{"result":{}}')
    return HTTPReply(200, b'{"replies":[%b]}' % b",".join([b'{"publish":{}}'] * count))


class Generated(io.BytesIO):
    """A file of so many lines that are made when they are read."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._lines = itertools.repeat(b'{"publish":{"channel":"c","data":{"text":"hello"}}}\n', count)

    def readline(self, size: int | None = -1, /) -> bytes:
        return next(self._lines, b"")


def load(
    file: BinaryIO | Any,
    handler: Callable[[HTTPRequest], HTTPReply] = published,
    kind: type[MemoryTransport] = MemoryTransport,
    **options: Any,
) -> tuple[Loader, MemoryTransport]:
    transport = kind(handler)
    client = Client("http://localhost", "k", transport=transport)
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, Loading(**options), Failures(None), bar)
        loader.run(lines_of(file))
    return loader, transport


class Forgetful(MemoryTransport):
    """Keeps no requests."""

    def send(self, request: HTTPRequest, timeout: float) -> HTTPReply:
        reply = super().send(request, timeout)
        self.requests.clear()
        return reply


def test_memory_is_flat() -> None:
    """Ten times as many lines need no more memory."""

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            loader, _ = load(Generated(count), kind=Forgetful)
            assert loader.sent == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(1_000)  # what is made once is made now
    assert peak(50_000) < peak(5_000) * 1.2


def test_doubtful_commands_are_marked_and_can_be_left_out(tmp_path: Path) -> None:
    """What may have run is not run again with --skip-unknown."""

    def lose(request: HTTPRequest) -> HTTPReply:
        if len(lost) == 0:
            lost.append(request)
            raise ConnectionLostError("gone")
        return published(request)

    lost: list[HTTPRequest] = []
    path = tmp_path / "failed"
    client = Client("http://localhost", "k", transport=MemoryTransport(lose))
    failures = Failures(path)
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, Loading(group=2), failures, bar)
        loader.run(lines_of(Generated(3)))
    failures.close()
    lines = path.read_text().splitlines()
    assert [json.loads(line)["executed"] for line in lines] == ["unknown", "unknown"]
    again, transport = load(io.BytesIO(path.read_bytes()), skip_doubtful=True)
    assert (again.skipped, again.sent, transport.requests) == (2, 0, [])
    again, _ = load(io.BytesIO(path.read_bytes()))
    assert (again.skipped, again.sent) == (0, 2)


def test_failures_that_cannot_be_written_end_it(tmp_path: Path) -> None:
    """The request is settled, no further one is made, and the error names the file."""
    lines = [b'{"publish":{"channel":"c","data":1}}', b"nonsense", b'{"publish":{"channel":"c","data":2}}']
    transport = MemoryTransport(published)
    client = Client("http://localhost", "k", transport=transport)
    with progress(None) as bar:
        failures = Failures(tmp_path / "gone" / "failed")
        loader = Loader(client, Generation.CURRENT, Loading(group=2), failures, bar)
        loader.run(lines_of(io.BytesIO(b"\n".join(lines))))
    assert "cannot write" in str(loader.stopped_by)
    assert (len(transport.requests), loader.next_line) == (1, 3)


def test_a_line_that_is_too_long_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is wrong with the file is told like any other end, with the line to go on with."""
    monkeypatch.setattr("centripetal.cli.tools.ndjson.MAX_LINE_BYTES", 50)
    short = b'{"publish":{"channel":"c","data":1}}\n'
    loader, transport = load(io.BytesIO(short * 3 + short.rjust(100)), group=2)
    assert "line 4 is longer than 50 bytes" in str(loader.stopped_by)
    assert (len(transport.requests), loader.next_line) == (1, 3)


def test_reads_and_writes_do_not_share_a_request() -> None:
    """Reads, writes and methods that nobody knows travel in requests of their own."""
    lines = [publish("c", 1), publish("c", 2), {"info": {}}, publish("c", 3), {"later": {}}, {"later": {}}]
    file = io.BytesIO(b"\n".join(json.dumps(line).encode() for line in lines))
    _, transport = load(file)
    assert [request.url.rpartition("/")[2] for request in transport.requests] == [
        *("batch", "info", "publish", "later", "later")
    ]


def test_a_request_has_a_size() -> None:
    """Large lines make smaller groups."""
    text = "x" * 400_000
    file = io.BytesIO(b"\n".join(json.dumps(publish("c", text)).encode() for _ in range(5)))
    _, transport = load(file)
    assert [request.body.count(b'"channel"') for request in transport.requests] == [2, 2, 1]


def test_the_rate_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between requests keep the rate."""
    now = [100.0]
    monkeypatch.setattr("centripetal.cli.tools.loader.time.monotonic", lambda: now[0])
    monkeypatch.setattr("centripetal.cli.tools.loader.time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    times: list[float] = []

    def note(request: HTTPRequest) -> HTTPReply:
        times.append(now[0])
        return published(request)

    load(Generated(50), note, group=10, rate=20)
    assert times == pytest.approx([100, 100.5, 101, 101.5, 102])


# ---- Ctrl-C


def test_ctrl_c_waits_for_the_request_under_way(write: Write) -> None:
    """After Ctrl-C the request under way is settled, and the line to go on with is known."""
    sent: list[int] = []

    def interrupt(request: HTTPRequest) -> HTTPReply:
        sent.append(request.body.count(b'"channel"'))
        if len(sent) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return published(request)

    client = Client("http://localhost", "k", transport=MemoryTransport(interrupt))
    with progress(None) as bar:
        loader = Loader(client, Generation.CURRENT, Loading(group=3), Failures(None), bar)
        with stopping(loader):
            loader.run(lines_of(Generated(100)))
    assert (sent, loader.next_line, loader.stopping) == ([3, 3], 7, True)


def test_ctrl_c_while_input_is_awaited(current_server: EmbeddedServer) -> None:
    """The lines read so far that were not sent are those to go on with; the exit code is 130."""
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
                pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out.startswith(b"2 commands sent")
    assert b"To go on: --start-line 3" in err


# ---- what is shown


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The bar shows the share that is done, the rate and the failures."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with progress(100) as bar:
        bar.advance(50, 1234, 5)
    err = capsys.readouterr().err
    assert "50%" in err
    assert "5 failed" in err
    assert "/s" in err


def test_a_file_gets_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no terminal, a line comes every ten seconds."""
    now = iter([0.0, 5.0, 11.0, 12.0, 30.0])
    monkeypatch.setattr("centripetal.cli.tools.progress.time.monotonic", lambda: next(now))
    with progress(200) as bar:
        for position in (50, 100, 150, 200):
            bar.advance(position, position * 10, 1)
    assert capsys.readouterr().err.splitlines() == [
        "50%, 1,000 commands, 91 a second, 1 failed",
        "100%, 2,000 commands, 67 a second, 1 failed",
    ]


# ---- a real server


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Centrifugo 6."""
    with start("real", CONFIGS["usual"], tmp_path_factory.mktemp("server")) as server:
        yield server


@needs("centrifugo-v6")
def test_a_real_server_takes_it(cli: Run, real: Server, write: Write) -> None:
    """Every publication is there, in order."""
    file = write(*(publish("deep:c", n) for n in range(2_000)))
    ran = cli("load", str(file), "--url", real.url, "--api-key", REAL_KEY, "--json")
    assert (ran.code, json.loads(ran.out)["sent"]) == (0, 2_000)
    with Client(real.url, REAL_KEY) as client:
        history = client.history("deep:c", limit=-1)
    assert [publication.data for publication in history.publications] == list(range(2_000))


def test_a_line_is_what_is_read() -> None:
    """The text of a line is as it stands in the file."""
    assert next(lines_of(io.BytesIO(b" x \r\n"))) == Line(1, b" x \r\n", 5)
