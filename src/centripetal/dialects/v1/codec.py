"""Commands to a request and its reply to responses, as Centrifugo 1.x speaks (spec v1 §5, §6; server 1.8.0).

A request is always a JSON array. The uid of a command is its position in it: replies are checked against that.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from centripetal.dialects.v1.commands import COMMANDS, Broadcast, Disconnect, Publish, Unsubscribe
from centripetal.dialects.v1.credentials import Signer
from centripetal.dialects.v1.replies import Response
from centripetal.errors import HTTPStatusError, MalformedResponseError, UsageError
from centripetal.protocol.command import Command, Prepared, R
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest, parse_url
from centripetal.protocol.http_errors import excerpt, http_error, wants_tls
from centripetal.protocol.payload import decode_lenient

__all__ = ["Codec", "endpoint"]

_CONTENT_TYPE = ("Content-Type", "application/json")
# What stands between a command's uid and its params.
_START = {command: b'","method":"%b","params":' % command.name.encode() for command in COMMANDS}
# The most frequent replies, known by sight: the success of one command whose body is null.
_SUCCESS: dict[type[Command[Any]], bytes] = {
    command: b'[{"uid":"0","method":"%b","error":null,"body":null}]' % command.name.encode()
    for command in (Publish, Broadcast, Unsubscribe, Disconnect)
}
_decode_responses = msgspec.json.Decoder(list[Response]).decode


class _Places:
    """The first so many places in a request, as they stand there and as the uids that the server echoes."""

    def __init__(self, count: int) -> None:
        self.uids = [str(index) for index in range(count)]
        self.starts = [b'{"uid":"%d' % index for index in range(count)]


_known_places = _Places(1000)


def _places(count: int) -> _Places:
    """At least *count* places."""
    return _known_places if count <= 1000 else _Places(count)


def endpoint(url: str) -> str:
    """The address of the API below *url*, which may end in `/` or `/api` or not: always `…/api/` (as gocent does).

    The slash matters: `…/api` redirects, and a redirected POST loses its body (spec v1 §5.1).
    """
    # The path decides and not the text: a host may be called "api".
    path = parse_url(url).path.rstrip("/")
    url = url.rstrip("/")
    return f"{url}/" if path.endswith("/api") else f"{url}/api/"


class Codec:
    """The dialect of one server: where its API is and how requests to it are signed.

    Args:
        url: the server's address, with or without `/api`.
        secret: its `secret`; None sends no signature, for servers with `insecure_api`.
    """

    def __init__(self, url: str, secret: str | None) -> None:
        self.endpoint = endpoint(url)
        self._signer = None if secret is None else Signer(_key(secret))

    def prepare(self, command: Command[R]) -> Prepared[R]:
        start = _START.get(type(command))
        if start is None:
            raise UsageError(f"{command!r} is no command of Centrifugo 1.x: take one from centripetal.v1")
        return Prepared(command, b"%b%b}" % (start, command.body()), tuple(command.touches()))

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
            responses = decode_lenient(_decode_responses, reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedResponseError(
                f"{self.endpoint} answered what is no list of Centrifugo 1.x replies ({error}): {excerpt(reply.body)}; "
                "is it a 1.x server?"
            ) from None
        if len(responses) != len(calls):
            raise MalformedResponseError(f"{len(calls)} commands were sent, {len(responses)} replies came back")
        for call, response, uid in zip(calls, responses, _places(len(calls)).uids, strict=False):
            command = response.command = call.command
            if response.uid != uid or response.method != command.name:
                raise MalformedResponseError(
                    f"reply {uid} is to method {response.method!r} with uid {response.uid!r}, "
                    f"asked was {command.name!r} with uid {uid!r}"
                )
        return responses

    def _http_error(self, count: int, reply: HTTPReply) -> HTTPStatusError:
        from centripetal.dialects.v1.advice import STATUSES  # not before something is refused

        status, signed = reply.status, self._signer is not None
        if status == 400 and not wants_tls(reply):
            # The server gives no reason, only its log does. Commands before the refused one have run (spec v1 §6.1).
            why = "the server has no `secret` configured" if signed else "the server wants a secret from you"
            after = "" if count == 1 else "; commands before the refused one have run"
            text = f"400 from {self.endpoint}: {why}, or it does not know the method; its log says which{after}"
            return HTTPStatusError(text, status=400, body=reply.body, executed="no" if count == 1 else "unknown")
        # 500 is what 1.8.0 answers after running the commands if it cannot print a reply (spec v1 §5.3).
        return http_error(reply, self.endpoint, STATUSES)

    def __repr__(self) -> str:
        return f"<Codec of Centrifugo 1.x at {self.endpoint}, {'unsigned' if self._signer is None else 'signed'}>"


def _key(secret: str) -> bytes:
    if not isinstance(secret, str):
        raise UsageError(f"secret must be text, not {type(secret).__name__}")
    if not secret:
        raise UsageError("the secret is empty; for a server with `insecure_api`, use Client.insecure(url)")
    try:
        return secret.encode()
    except UnicodeEncodeError:
        # The text stays out of the message: it is the secret.
        raise UsageError("secret holds half of a surrogate pair, which is no text") from None
