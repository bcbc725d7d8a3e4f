"""The advice table of the current Centrifugo is complete and well formed."""

import re

import pytest

from centripetal import BroadcastError, ServerError
from centripetal.dialects.current.advice import ADVICE, names_in, suggestion
from centripetal.protocol.advice import Advice
from centripetal.protocol.http import HTTPReply
from centripetal.testing import Centrifugo, Recorder

ENTRIES = (*ADVICE.errors.values(), *ADVICE.closes.values(), *ADVICE.requests.values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.meaning[:40])
def test_each_entry_consists_of_sentences(entry: Advice) -> None:
    """Meaning and fix start with a capital or a quotation, end with a full stop, and have no unfilled placeholder."""
    filled = entry.about(method="publish", channels=("a:b",), user="ann", reason="why")
    for text in filter(None, filled):
        assert re.match(r"[A-Z`“]", text)
        assert text.endswith(".")
        assert not re.search(r"\{\w+\}", text)


def test_only_intended_disconnects_need_no_fix() -> None:
    """Only the server's shutdown and a disconnect by the back end need no fix."""
    assert len([entry for entry in ENTRIES if not entry.fix]) == 2


CONFIG = {"channel": {"namespaces": [{"name": "chat"}, {"name": "matches"}]}}


@pytest.mark.parametrize(
    ("code", "channel", "names", "found"),
    [
        (102, "chta:x", "matches,chat", "chat"),
        (102, "$chta:x", "matches,chat", "chat"),
        (102, "mtch:a:b", "matches,chat", "matches"),
        (102, "zzz:x", "matches,chat", ""),
        (102, "chta", "matches,chat", ""),
        (102, "chta:x", "", ""),
        (108, "chta:x", "matches,chat", ""),
    ],
)
def test_the_nearest_name_is_suggested(code: int, channel: str, names: str, found: str) -> None:
    """Only error 102 about a namespace that resembles a configured one has a suggestion."""
    text = suggestion(code, channel, names)
    assert text == (f". The nearest configured namespace is “{found}”" if found else "")


def test_a_real_server_does_not_name_its_namespaces() -> None:
    """Without the header, the names are unknown."""
    assert names_in(HTTPReply(200, b"")) == ""
    assert names_in(HTTPReply(200, b"", (("x-centripetal-namespaces", "a,b"),))) == "a,b"


@pytest.mark.parametrize("kit", [Centrifugo, Recorder])
def test_the_embedded_server_suggests_its_namespaces(kit: type[Recorder]) -> None:
    """A call, a batch and a broadcast to a misspelled namespace suggest the configured one."""
    suggested = r"“chta:x” is not configured: .* The nearest configured namespace is “chat”\)$"
    server = kit(config=CONFIG)
    if isinstance(server, Centrifugo):
        server.start()
    try:
        client = server.client()
        with pytest.raises(ServerError, match=suggested):
            client.publish("chta:x", 1)
        with client.batch() as batch:
            slot = batch.publish("chta:x", 1)
            batch.publish("chat:x", 1)
        with pytest.raises(ServerError, match=suggested):
            slot.result()
        result = client.broadcast(["a", "chta:x"], 1)
        with pytest.raises(BroadcastError, match="failed in 1 of 2 channels") as caught:
            result.raise_for_failed()
        assert re.search(suggested, str(caught.value.errors["chta:x"]))
    finally:
        if isinstance(server, Centrifugo):
            server.stop()


PLACES = [
    (102, "publish", ("news",), "The name “news” has no namespace: `channel.without_namespace` lacks the option"),
    (102, "publish", ("$chat:a",), 'The namespace of “$chat:a” is not configured: add `{"name": "chat"}` to'),
    (108, "presence", ("news",), "Presence is disabled: set `presence` in `channel.without_namespace`."),
    (
        108,
        "presence_stats",
        ("chat:a",),
        "Presence is disabled: set `presence` in the entry “chat” of `channel.namespaces`.",
    ),
    (108, "history", ("chat:a",), "History is disabled: set `history_size` and `history_ttl` in the entry “chat” of"),
    (
        108,
        "history",
        ("news",),
        "History is disabled: set `history_size` and `history_ttl` in `channel.without_namespace`.",
    ),
    (108, "history", (), "History is disabled: set `history_size` and `history_ttl` in the channel's namespace, or in"),
]


@pytest.mark.parametrize(("code", "method", "channels", "fix"), PLACES)
def test_advice_names_the_place_of_the_options(code: int, method: str, channels: tuple[str, ...], fix: str) -> None:
    """The fix names the entry of the channel's namespace, or `channel.without_namespace`."""
    found = ADVICE.for_error(code, method, channels)
    assert found is not None
    assert found.fix.startswith(fix)
