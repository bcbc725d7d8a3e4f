"""Plays recorded conversations of Centrifugo 6: what is compared are JSON values, line by line.

The real server shuffles the members of maps, and puts lines together into messages by chance. What differs from run to
run is masked by JSON pointers into the values; a pointer may lead through a member whose name is such a value itself.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.wire.golden import Replay, Step, _filled, payload
from tests.wire.replay import Conversation
from tests.wire.websocket import Client

__all__ = ["LineConversation", "LineReplay"]


class LineReplay(Replay):
    """One run of a transcript; every payload holds one JSON value a line."""

    def __init__(self) -> None:
        super().__init__("")

    def outgoing(self, step: Step, member: str) -> bytes:
        """What to send for a step: as recorded, with this run's values in it."""
        return self._translated(super().outgoing(step, member).decode()).encode()

    def check(self, step: Step, recorded: bytes, actual: bytes) -> None:
        """Make sure that *actual* is what was recorded."""
        expected, found = _values(recorded), _values(actual)
        assert len(expected) == len(found), (expected, found)
        one = len(expected) == 1
        for name, place in step.get("bind", {}).items():
            self._recorded[name] = _at(expected, place, one=one)
            self._actual[name] = _at(found, self._translated(place), one=one)
        for place in step.get("volatile", ()):
            _mask(expected, place, one=one)
            _mask(found, self._translated(place), one=one)
        texts = [json.dumps(expected, sort_keys=True), json.dumps(found, sort_keys=True)]
        for index, values in enumerate((self._recorded, self._actual)):
            for name, value in values.items():
                texts[index] = texts[index].replace(value, f"{{{{{name}}}}}")
        assert json.loads(texts[1]) == json.loads(texts[0])

    def _translated(self, text: str) -> str:
        """*text* with this run's values where it has recorded ones."""
        for name, value in self._recorded.items():
            text = text.replace(value, self._actual.get(name, value))
        return text

    def _compute(self, recipe: Mapping[str, Any], values: Mapping[str, str]) -> str:
        if "unix" in recipe:
            return str(int(time.time()) + recipe["unix"])
        wanted = recipe["jwt_hs256"]
        claims = json.loads(_filled(json.dumps(wanted["claims"]), values))
        if "exp_in" in wanted:
            claims["exp"] = int(time.time()) + wanted["exp_in"]
        return token(wanted["secret"], claims)


def token(secret: str, claims: Mapping[str, Any]) -> str:
    """A token signed with HS256."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return b".".join((text, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()


def _values(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.split(b"\n") if line]


def _at(values: list[Any], place: str, *, one: bool) -> str:
    container, key = _parent(values, place, one=one)
    return str(container[key])


def _mask(values: list[Any], place: str, *, one: bool) -> None:
    container, key = _parent(values, place, one=one)
    assert key in container if isinstance(container, dict) else key < len(container), place
    container[key] = "*"


def _parent(values: list[Any], place: str, *, one: bool) -> tuple[Any, Any]:
    """The container of the value that a pointer names, and where in it that is; one line needs no index."""
    container, *path = values, *(part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:])
    if one:
        path.insert(0, "0")
    for part in path[:-1]:
        container = container[int(part) if isinstance(container, list) else part]
    return container, int(path[-1]) if isinstance(container, list) else path[-1]


class LineConversation(Conversation):
    """One run of a transcript of kind websocket.

    Args:
        url: the server's address.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url, "", lambda: None)
        self._replay = LineReplay()
        self._lines: dict[Client, list[bytes]] = {}

    def _recv(self, step: Step) -> None:
        client, started = self._clients[step["conn"]], time.monotonic()
        lines = self._lines.setdefault(client, [])
        if "close" in step:
            assert not lines
            self._receive_close(client, step["close"])
        else:
            if not lines:
                lines += client.receive_text().split(b"\n")
            self._replay.check(step, payload(step, "data"), lines.pop(0))
        # It may come late on a slow machine. Times in tokens are whole seconds, and so are those when the server looks
        # at them: that makes two seconds by chance. The tests of sessions know better.
        assert time.monotonic() - started >= step.get("after_ms", 0) / 1000 - 2

    def _receive_close(self, client: Client, close: Mapping[str, Any]) -> None:
        if close["code"] == 1006:
            client.receive_end()
        else:
            assert client.receive_close() == (close["code"], close["reason"])

    def _none(self, step: Step) -> None:
        assert not self._lines.get(self._clients[step["conn"]])
        super()._none(step)
