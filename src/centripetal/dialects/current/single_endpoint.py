"""The single endpoint of the HTTP API, the only endpoint of Centrifugo 3 and 4 (protocol 6: single-endpoint).

Each line of a request is a command, `{"id", "method", "params"}`. The server executes commands while it reads the body:
if a command cannot be decoded, the commands before it have already run. The id is the command's position, from 1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from centripetal.dialects.current.advice import STATUSES, WANTS_KEY
from centripetal.dialects.current.capabilities import ServerCapabilities
from centripetal.dialects.current.commands.node import Info
from centripetal.dialects.current.credentials import Credentials
from centripetal.dialects.current.replies import PartlyFailed, Response, Unreadable, check_count, check_readable
from centripetal.dialects.current.reply_decoders import decode_reply, decoders_of
from centripetal.dialects.current.results.standard import InfoResult
from centripetal.errors import HTTPStatusError, MalformedResponseError, UsageError
from centripetal.protocol.command import Failed, PlacedOutcome, Prepared
from centripetal.protocol.exchange import Flow
from centripetal.protocol.gojson import JSONError, values
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.http_errors import http_error
from centripetal.protocol.intermediaries import in_front
from centripetal.protocol.records import Record

__all__ = ["SingleEndpoint"]


class _Numbered(msgspec.Struct):
    id: int = 0


_id_decoder = msgspec.json.Decoder(_Numbered)


class SingleEndpoint:
    """Encoder of commands and decoder of replies for the single endpoint of one server.

    Args:
        address: URL of the endpoint.
        credentials: headers of the requests.
        server: stores the detected capabilities of the server.
        base_of: returns the address of the endpoint for the URL of a client.
    """

    def __init__(
        self,
        address: str,
        credentials: Credentials,
        server: ServerCapabilities,
        base_of: Callable[[str], str],
    ) -> None:
        self._address = address
        self._credentials = credentials
        self._server = server
        self._base_of = base_of

    def is_there(self) -> Flow[bool]:
        """Return whether a server has a single endpoint at this address. If so, learn its version.

        Raises:
            HTTPStatusError: the server, or a proxy in front of it, denied access or failed.
        """
        call = Prepared(Info(), b"{}")
        reply = yield self.request([call])
        if reply.status in (404, 405):
            return False
        value = self.outcomes([call], reply)[0].value
        if isinstance(value, InfoResult):
            self._server.learn(value)
        return True

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[PlacedOutcome[Any]]]:
        """Send *calls* and return their outcomes. Calls with fields that the server ignores fail without being sent."""
        outcomes: dict[int, PlacedOutcome[Any]] = {}
        for index, call in enumerate(calls):
            try:
                self._server.check(call.command)
            except UsageError as error:
                error.command = call.command
                outcomes[index] = Failed(error, index=index)
        sent = [index for index in range(len(calls)) if index not in outcomes]
        if sent:
            asked = [calls[index] for index in sent]
            for index, outcome in zip(sent, self.outcomes(asked, (yield self.request(asked))), strict=True):
                outcome.index = index if len(calls) > 1 else None
                outcomes[index] = outcome
        return [outcomes[index] for index in range(len(calls))]

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        """Return one request with all *calls* in order."""
        lines = [Record(call.command.name, call.text).encode(number) for number, call in enumerate(calls, start=1)]
        return HTTPRequest(self._address, self._credentials.headers, b"\n".join(lines))

    def outcomes(
        self, calls: Sequence[Prepared[Any]], reply: HTTPReply
    ) -> list[Response[Any] | PartlyFailed[Any] | Unreadable]:
        """Return one outcome per call, in order. A reply that cannot be read only fails its own call.

        Raises:
            HTTPStatusError: the status is not 200.
            MalformedResponseError: the number of replies differs from the number of calls, or no reply can be read.
        """
        if reply.status != 200:
            raise self._http_error(len(calls), reply)
        texts = _split(reply.body, len(calls))
        check_count(calls, texts)
        outcomes = [
            self._response(call, reply, text, number)
            for number, (call, text) in enumerate(zip(calls, texts, strict=True), 1)
        ]
        check_readable(outcomes)
        return outcomes

    def _response(
        self, call: Prepared[Any], reply: HTTPReply, text: bytes, number: int
    ) -> Response[Any] | PartlyFailed[Any] | Unreadable:
        try:
            if (got := decode_reply(_id_decoder, text, self._address).id) != number:
                raise MalformedResponseError(f"reply {number} has the id {got}: it belongs to another command")
            response = decode_reply(decoders_of(type(call.command)).alone, text, self._address)
        except MalformedResponseError as error:
            return Unreadable(error, command=call.command)
        response.command = call.command
        return response.checked(reply)

    def _http_error(self, count: int, reply: HTTPReply) -> HTTPStatusError:
        if reply.status == 404:
            self._server.forget()
        if reply.status == 400 and not in_front(reply):
            after = "" if count == 1 else "; the commands before it have run"
            text = f"400 from {self._address}: the server is older than 5.0 and does not know the method{after}"
            return HTTPStatusError(text, status=400, body=reply.body, executed="no" if count == 1 else "unknown")
        texts = {401: STATUSES[401] if self._credentials.given else WANTS_KEY}
        return http_error(reply, self._address, texts, url=self._address, base_of=self._base_of)


def _split(body: bytes, count: int) -> list[bytes]:
    """Return the JSON values in *body*. They are usually one per line, but published JSON may contain line breaks."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) == count:
        return lines
    try:
        return list(values(body))
    except JSONError:
        return lines
