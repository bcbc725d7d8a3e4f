"""The official JavaScript client sees the same outcomes, whichever server asks the application.

`proxy_outcomes.txt` has the outcomes of a real 6.9.1 server. The numbers of repeated attempts depend on time, so lines
are compared up to the first repetitions.
"""

import asyncio
import contextlib
import difflib
import functools
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Close as CloseFrame
from websockets.frames import Frame, Opcode

from centripetal.proxy import (
    Close,
    ConnectReply,
    Handlers,
    PublishReply,
    Refuse,
    RPCReply,
    SubscribeOptionOverride,
    SubscribeOptions,
    SubscribeReply,
)
from centripetal.server import EmbeddedServer
from centripetal.server.configuration.proxy_sections import with_sections
from tests.conformance import servers_v6
from tests.conformance.proxy_handlers import SECRET, handlers
from tests.conformance.proxy_serving import sections, served
from tests.needs import find, needs
from tests.wire.websocket import Client

HERE = Path(__file__).parent
CONFIG: Mapping[str, Any] = {
    "client": {"presence_update_interval": "1s", "expired_sub_close_delay": "1s"},
    "channel": {"namespaces": [{"name": "srv"}, {"name": "pub", "allow_subscribe_for_client": True}]},
}


def asking(url: str) -> dict[str, Any]:
    """Return the configuration of a server that asks the handlers at *url*."""
    return with_sections(CONFIG, sections(handlers(awaits=False), url, SECRET))


async def outcomes(websocket: str) -> list[str]:
    """Run the client, and return its outcomes in a fixed order."""
    node, packages = find("node"), find("centrifuge-js")
    assert node
    assert packages
    process = await asyncio.create_subprocess_exec(
        *(node, str(HERE / "proxy_client.cjs"), packages, websocket), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return comparable(output.decode())


def comparable(text: str) -> list[str]:
    """Return the lines of *text* in a fixed order, without the number of repeated errors, which depends on time."""
    return sorted(_without_repetitions(line) for line in text.splitlines())


def differences(found: list[str]) -> list[str]:
    """Return the lines by which *found* and the recorded outcomes differ."""
    recorded = comparable((HERE / "proxy_outcomes.txt").read_text())
    return [line for line in difflib.ndiff(recorded, found) if line[0] in "+-"]


def _without_repetitions(line: str) -> str:
    line = re.sub(r"(error:\[[^\]]*\])( \1)+", r"\1 repeated", line)
    return re.sub(r" +(?:…(?: \d+ events)? +)?\|", " |", line)


@needs("node")
@needs("centrifuge-js")
@pytest.mark.slow
async def test_the_embedded_server_has_the_recorded_outcomes() -> None:
    """The embedded server has the recorded outcomes, whether it asks over HTTP or in the process."""
    with (
        served(handlers(awaits=False)) as url,
        EmbeddedServer(config=asking(url)) as over_http,
        EmbeddedServer(config=asking(url), proxy=handlers(awaits=True)) as in_process,
    ):
        found = await asyncio.gather(outcomes(over_http.websocket_url), outcomes(in_process.websocket_url))
    assert [differences(lines) for lines in found] == [[], []]


@needs("node")
@needs("centrifuge-js")
@needs("centrifugo-v6")
@pytest.mark.slow
async def test_a_real_server_has_the_recorded_outcomes(tmp_path: Path) -> None:
    """A real server that asks the handlers of this library over HTTP has the recorded outcomes."""
    with served(handlers(awaits=False)) as url, servers_v6.serving(asking(url), tmp_path) as websocket:
        found = await outcomes(websocket)
    assert differences(found) == []


# ---- replies that handlers can return


SIMPLE = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    SIMPLE | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
JSON_BYTES = JSON.map(lambda value: json.dumps(value).encode())
TEXT = st.text(max_size=20)
NAME = st.text("abc", min_size=1, max_size=3)
LATER = st.integers(int(time.time()) + 3600, 2**33) | st.just(0)


@st.composite
def built(draw: st.DrawFn, /, shape: Any, payloads: tuple[str, ...] = (), **fields: st.SearchStrategy[Any]) -> Any:
    """Return a reply with these fields, each of which may be missing, and each payload as JSON or in base64."""
    values = {name: draw(field) for name, field in fields.items() if draw(st.booleans())}
    for name in payloads:
        form = draw(st.sampled_from(["", "", "b64"]))
        if draw(st.booleans()):
            values[f"{form}{name}"] = draw(JSON_BYTES if form or draw(st.booleans()) else JSON.filter(_is_given))
    return shape(**values)


def _is_given(value: Any) -> bool:
    return value is not None  # None in a publish reply is an error, because it probably means "not given"


FLAGS: dict[str, Any] = dict.fromkeys(SubscribeOptionOverride.__struct_fields__, st.booleans())
OVERRIDE = built(SubscribeOptionOverride, **FLAGS)
BOTH = ("info", "data")
CODES = st.integers(400, 1999) | st.sampled_from([101, 103, 106, 111])
REFUSALS: st.SearchStrategy[Any] = st.builds(Refuse, CODES, TEXT, temporary=st.booleans())
REFUSALS |= st.builds(Close, st.integers(4000, 4999), st.text(max_size=30))
REPLIES = st.fixed_dictionaries(
    {
        "connect": (TEXT | st.integers()).flatmap(
            lambda user: built(
                functools.partial(ConnectReply, user),
                BOTH,
                meta=JSON,
                expire_at=LATER,
                channels=st.lists(NAME, max_size=3),
                subs=st.dictionaries(NAME, built(SubscribeOptions, BOTH, override=OVERRIDE), max_size=3),
            )
        ),
        "subscribe": REFUSALS | built(SubscribeReply, BOTH, expire_at=LATER, override=OVERRIDE),
        "publish": REFUSALS
        | built(
            PublishReply,
            ("data",),
            skip_history=st.booleans(),
            tags=st.dictionaries(TEXT, TEXT, max_size=2),
            idempotency_key=TEXT,
            delta=st.booleans(),
            version=st.integers(0, 2**64 - 1),
            version_epoch=TEXT,
        ),
        "rpc": REFUSALS | JSON | built(RPCReply, ("data",)),
    }
)


class Prepared:
    """Handlers that return a prepared reply for each kind of event."""

    def __init__(self) -> None:
        self.replies: dict[str, Any] = {}
        self.handlers = proxy = Handlers(secret=SECRET)
        proxy.connect(lambda event: self.reply("connect"))
        for kind in ("subscribe", "publish", "rpc"):
            getattr(proxy, kind)("*")(lambda event, kind=kind: self.reply(kind))

    def reply(self, kind: str) -> Any:
        found = self.replies[kind]
        if isinstance(found, Exception):
            raise found
        return found


@pytest.mark.parametrize("kind", ["embedded", pytest.param("real", marks=needs("centrifugo-v6"))])
def test_a_server_accepts_every_reply_of_handlers(kind: str, tmp_path: Path) -> None:
    """No reply that handlers can return is error 100, or closes a client without a frame or with another code."""
    prepared = Prepared()
    with served(prepared.handlers) as url, contextlib.ExitStack() as stack:
        config = with_sections(CONFIG, sections(prepared.handlers, url, SECRET))
        if kind == "real":
            websocket = stack.enter_context(servers_v6.serving(config, tmp_path))
        else:
            websocket = stack.enter_context(EmbeddedServer(config=config)).websocket_url

        @settings(max_examples=25 if kind == "embedded" else 200, deadline=None)
        @given(replies=REPLIES)
        def check(replies: dict[str, Any]) -> None:
            prepared.replies = replies
            commands = ["connect", "subscribe", "publish", "rpc"]
            with Client(websocket) as client:
                client.send(b'{"id":1,"connect":{}}\n{"id":2,"subscribe":{"channel":"z"}}')
                client.send(b'{"id":3,"publish":{"channel":"z","data":1}}\n{"id":4,"rpc":{}}')
                for number, name in enumerate(commands, 1):
                    expected = replies[name]
                    if isinstance(expected, Close):
                        assert _last(client) == (expected.code, expected.reason)
                        return
                    reply = _reply(client, number)
                    if isinstance(expected, Refuse):
                        assert reply["error"]["code"] == expected.code
                    else:
                        assert "error" not in reply, (name, reply, expected)

        check()


def _frames(client: Client) -> Iterator[Frame]:
    while isinstance(frame := client.receive(), Frame):
        yield frame


def _reply(client: Client, number: int) -> dict[str, Any]:
    """Return the reply with this number; lines before it are dropped, and lines after it kept."""
    lines: list[bytes] = client.__dict__.setdefault("lines", [])
    while True:
        while lines:
            line: dict[str, Any] = json.loads(lines.pop(0))
            if line.get("id") == number:
                return line
        lines += client.receive_text().split(b"\n")


def _last(client: Client) -> tuple[int, str]:
    """Return code and reason of the close frame, after any other frames."""
    frame = next(frame for frame in _frames(client) if frame.opcode is Opcode.CLOSE)
    close = CloseFrame.parse(frame.data)
    return int(close.code), close.reason
