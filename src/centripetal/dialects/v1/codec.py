"""Encoding of API requests to Centrifugo 1.x, and decoding of the replies (server 1.8.0).

See protocol 1: http-api, commands.

A request is always a JSON array. The uid of a command is its index in the array; the codec checks it in each reply.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from centripetal.dialects.v1.advice import STATUSES
from centripetal.dialects.v1.commands import COMMANDS, Broadcast, Disconnect, Publish, Unsubscribe
from centripetal.dialects.v1.credentials import Signer
from centripetal.dialects.v1.replies import Response
from centripetal.errors import CentripetalError, HTTPStatusError, MalformedResponseError, UsageError
from centripetal.protocol.checks import check_not_swapped, check_text, unreadable
from centripetal.protocol.command import Command, Prepared, R, not_a_command
from centripetal.protocol.encoder import Encoder, check_encoder
from centripetal.protocol.exchange import Flow
from centripetal.protocol.gojson import JSONError
from centripetal.protocol.http import HTTPReply, HTTPRequest, parse_url
from centripetal.protocol.http_errors import http_error, wants_tls
from centripetal.protocol.intermediaries import excerpt, in_front, page_error
from centripetal.protocol.json_parts import array_parts
from centripetal.protocol.tolerant_decoding import REFUSED, decode

__all__ = ["Codec", "endpoint"]

_CONTENT_TYPE = ("Content-Type", "application/json")
# The bytes between a command's uid and its params.
_START = {command: b'","method":"%b","params":' % command.name.encode() for command in COMMANDS}
# The most frequent reply, the success of a single command without a body, is recognised without parsing.
_SUCCESS: dict[type[Command[Any]], bytes] = {
    command: b'[{"uid":"0","method":"%b","error":null,"body":null}]' % command.name.encode()
    for command in (Publish, Broadcast, Unsubscribe, Disconnect)
}
_decode_responses = msgspec.json.Decoder(list[Response]).decode
_response_decoder = msgspec.json.Decoder(Response)


class _Places:
    """The first *count* places in a request: the uids that the server echoes, and the first bytes of each command."""

    def __init__(self, count: int) -> None:
        self.uids = [str(index) for index in range(count)]
        self.starts = [b'{"uid":"%d' % index for index in range(count)]


_known_places = _Places(1000)


def _places(count: int) -> _Places:
    """Return at least *count* places."""
    return _known_places if count <= 1000 else _Places(count)


def endpoint(url: str) -> str:
    """Return the URL of the API, `…/api/`, for a *url* with or without `/api` and a final `/` (as gocent does).

    The slash at the end matters: `…/api` redirects, and a redirected POST loses its body (protocol 1: http-request).
    """
    # Check the path, not the whole URL: a host may be called "api".
    parts = parse_url(url)
    path, url = parts.path.rstrip("/"), parts.geturl().rstrip("/")
    return f"{url}/" if path.endswith("/api") else f"{url}/api/"


class Codec:
    """The codec for one server: encodes and signs requests, and decodes replies.

    Args:
        url: the server's URL, with or without `/api`.
        secret: the server's `secret`; None sends requests without a signature, for servers with `insecure_api`.
        encoder: converts values of unknown types in the commands' data.
    """

    def __init__(self, url: str, secret: str | None, *, encoder: Encoder | None = None) -> None:
        check_not_swapped(url, "secret", secret)
        self._encoder = check_encoder(encoder)
        self.endpoint = endpoint(url)
        self._signer = None if secret is None else Signer(_key(secret))

    def prepare(self, command: Command[R]) -> Prepared[R]:
        start = _START.get(type(command))
        if start is None:
            raise not_a_command(command, "Centrifugo 1.x", "centripetal.v1")
        try:
            given = command if self._encoder is None else command.with_plain_data(self._encoder)
            return Prepared(command, b"%b%b}" % (start, given.body()), tuple(map(str.__str__, command.touches())))
        except CentripetalError:
            raise
        except Exception as error:
            raise unreadable("an argument", error) from error

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[Response]]:
        if reply is None:
            reply = yield self.request(calls)
        return self.outcomes(calls, reply)

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:
        return self.request(calls)

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        places = _places(len(calls))
        body = b"[%b]" % b",".join([place + call.text for place, call in zip(places.starts, calls, strict=False)])
        if self._signer is None:
            return HTTPRequest(self.endpoint, (_CONTENT_TYPE,), body)
        return HTTPRequest(self.endpoint, (_CONTENT_TYPE, ("X-API-Sign", self._signer.sign(body))), body)

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> list[Response]:
        if reply.status != 200:
            raise self._http_error(len(calls), reply)
        if len(calls) == 1 and reply.body == _SUCCESS.get(type(calls[0].command)):
            return [Response(calls[0].command.name, uid="0", command=calls[0].command)]
        try:
            responses = _decode_responses(reply.body)
        except REFUSED:
            responses = self._one_by_one(bytes(reply.body))
        if len(responses) != len(calls):
            raise MalformedResponseError(f"{len(calls)} commands were sent, but {len(responses)} replies were received")
        for call, response, uid in zip(calls, responses, _places(len(calls)).uids, strict=False):
            command = response.command = call.command
            if response.uid != uid or response.method != command.name:
                if not response.malformed:
                    response.error = (
                        f"reply {uid} has method {response.method!r:.100} and uid {response.uid!r:.100}, "
                        f"but the command has method {command.name!r} and uid {uid!r}"
                    )
                response.malformed, response.method, response.uid = True, command.name, uid
        if responses and all(response.malformed for response in responses):
            raise MalformedResponseError(responses[0].error or "")
        return responses

    def _one_by_one(self, body: bytes) -> list[Response]:
        """Decode each reply in *body* separately. A reply that cannot be decoded fails only its own command."""
        try:
            texts = array_parts(body)
        except JSONError as error:
            raise page_error(body, self.endpoint) or MalformedResponseError(self._unlike(error, body)) from None
        responses = []
        for text in texts:
            try:
                responses.append(decode(_response_decoder, text))
            except JSONError as error:
                responses.append(Response("", self._unlike(error, text), malformed=True))
        return responses

    def _unlike(self, error: JSONError, text: bytes) -> str:
        return (
            f"the answer of {self.endpoint} is not a list of Centrifugo 1.x replies ({error}): "
            f"{excerpt(text)}; is it a 1.x server?"
        )

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        yield from ()
        return [call.command.reads or call.command.repeatable for call in calls]

    def _http_error(self, count: int, reply: HTTPReply) -> HTTPStatusError:
        status, signed = reply.status, self._signer is not None
        if status == 400 and not wants_tls(reply) and not in_front(reply):
            # The reason is only in the server's log. Commands before the rejected one have run
            # (protocol 1: fatal-commands).
            why = "the server has no `secret` configured" if signed else "the server requires a secret"
            after = "" if count == 1 else "; commands before the rejected one have run"
            text = f"400 from {self.endpoint}: {why}, or does not know the method; see the server's log{after}"
            return HTTPStatusError(text, status=400, body=reply.body, executed="no" if count == 1 else "unknown")
        # 1.8.0 answers 500 after running the commands if it cannot encode a reply (protocol 1: decision-order).
        return http_error(reply, self.endpoint, STATUSES, url=self.endpoint, base_of=endpoint)

    def __repr__(self) -> str:
        return f"<Codec of Centrifugo 1.x at {self.endpoint}, {'unsigned' if self._signer is None else 'signed'}>"


def _key(secret: str) -> bytes:
    if not issubclass(type(secret), str):
        raise UsageError(f"secret must be text, not {type(secret).__name__}")
    text = check_text("secret", secret)
    if not text:
        raise UsageError("the secret is empty; for a server with `insecure_api`, use Client.insecure(url)")
    return text.encode()
