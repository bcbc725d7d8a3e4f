"""HTTP statuses and errors of the server, with advice."""

from typing import Any

import pytest

from centripetal.dialects.current.codec import Codec
from centripetal.dialects.current.commands import BlockUser, Channels, History, Info, Presence, Publish, custom
from centripetal.dialects.current.commands.maps import MapPublish
from centripetal.errors import AuthenticationError, HTTPStatusError, ServerError
from centripetal.protocol.command import Command, Prepared
from centripetal.protocol.http import HTTPReply
from tests.dialects.current.conversations import KINDS, URL, codec, play, prepared, reply

STATUSES = [
    (301, HTTPStatusError, "no", False, "use 'http://localhost:8000/elsewhere' as the URL"),
    (400, HTTPStatusError, "no", False, "for Centrifugo 1.x, use centripetal.v1.Client"),
    (401, AuthenticationError, "no", False, "the api_key is not the server's `http_api.key`"),
    (403, AuthenticationError, "no", False, "access denied"),
    (404, HTTPStatusError, "no", False, "no Centrifugo API at this address"),
    (405, HTTPStatusError, "no", False, "accepts only POST"),
    (408, HTTPStatusError, "unknown", True, "oh dear"),
    (413, HTTPStatusError, "no", False, "too large"),
    (418, HTTPStatusError, "no", False, "oh dear"),
    (429, HTTPStatusError, "no", True, "too many requests"),
    (500, HTTPStatusError, "unknown", True, "oh dear"),
    (502, HTTPStatusError, "unknown", True, "oh dear"),
    (204, HTTPStatusError, "unknown", False, "oh dear"),
]


@pytest.mark.parametrize(("status", "kind", "executed", "retryable", "text"), STATUSES)
def test_an_http_status_becomes_an_error_with_advice(
    status: int, kind: type[HTTPStatusError], executed: str, retryable: bool, text: str
) -> None:
    """Each status other than 200 raises the right error class, with the right `executed` and with advice."""
    body = b"" if status == 401 else b"oh dear"
    answer = HTTPReply(status, body, (("location", "/elsewhere"),))
    answers = [answer, answer] if status == 404 else [answer]  # after a 404, the codec also tries the single endpoint
    for count in (1, 2):
        with pytest.raises(HTTPStatusError, match=text) as caught:
            play(codec().ask(prepared(Info(), Info())[:count]), *answers)
        error = caught.value
        assert type(error) is kind
        assert (error.status, error.body, error.executed, error.retryable) == (status, body, executed, retryable)


@pytest.mark.parametrize(
    "body",
    [
        b"Client sent an HTTP request to an HTTPS server.\n",
        b"<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>",
    ],
)
def test_plain_http_to_a_tls_port_is_explained(body: bytes) -> None:
    """The replies of Go's servers and of nginx in that case are recognised; no command has run."""
    with pytest.raises(HTTPStatusError, match="the URL must begin with https://") as caught:
        codec().outcomes(prepared(Info()), HTTPReply(400, body))
    assert caught.value.executed == "no"


def test_the_advice_for_a_status_depends_on_the_request() -> None:
    """A 401 without a key asks for the key; a history that the server cannot encode is explained."""
    with pytest.raises(AuthenticationError, match="the server requires an api_key"):
        Codec(URL, None).outcomes(prepared(Info()), HTTPReply(401, b""))
    with pytest.raises(HTTPStatusError, match="the history may contain binary data"):
        codec().outcomes(prepared(History("a")), HTTPReply(500, b"Internal Server Error\n"))


@pytest.mark.parametrize(
    ("status", "code", "retryable"), [(500, 100, True), (404, 102, False), (400, 107, False), (416, 112, False)]
)
def test_json_errors_with_an_http_status_are_server_errors(status: int, code: int, retryable: bool) -> None:
    """A server with `http_api.error_mode` "transport" sends errors like this (protocol 6: error-mode-transport)."""
    (answer,) = codec().outcomes(prepared(Info()), reply({"code": code, "message": "m"}, status))
    with pytest.raises(ServerError) as caught:
        answer.result()
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    with pytest.raises(HTTPStatusError):
        codec().outcomes(prepared(Info()), reply({"other": 1}, status))


HINTS = [
    (Publish("no:x", 1), 102, "the namespace of “no:x” is not configured", "no"),
    (Publish("a", 1), 107, "publication_data_format", "no"),
    (Presence("a"), 108, "presence is disabled", "no"),
    (History("a"), 108, "`history_size` and `history_ttl`", "no"),
    (History("a"), 112, "has a new epoch", "no"),
    (MapPublish("a", "k"), 107, "subscription_type", "no"),
    (BlockUser("a"), 104, "needs Centrifugo PRO or a newer server", "no"),
    (custom("new"), 104, "needs Centrifugo PRO or a newer server", "no"),
    (KINDS["rpc"]("m"), 104, "check the name of the RPC method", "no"),
    (Channels(pattern="["), 100, "is a valid glob", "unknown"),
    (Publish("a", 1), 100, "internal", "unknown"),
]


@pytest.mark.parametrize(("command", "code", "text", "executed"), HINTS, ids=lambda value: str(value)[:30])
def test_errors_of_the_server_have_advice(command: Command[Any], code: int, text: str, executed: str) -> None:
    """The message adds advice to the server's text; only an internal error is retryable, with `executed` "unknown"."""
    words = "internal server error" if code == 100 else "m"
    (answer,) = codec().outcomes([Prepared(command, b"{}")], reply({"error": {"code": code, "message": words}}))
    with pytest.raises(ServerError) as caught:
        answer.result()
    assert text in str(caught.value)
    assert (caught.value.executed, caught.value.retryable) == (executed, executed == "unknown")
