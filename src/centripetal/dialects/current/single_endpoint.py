"""The single endpoint, the only one that Centrifugo 3 and 4 have (spec v6 §5.3): `{"id", "method", "params"}` in lines.

Commands run while the body is read: if a later one cannot be decoded, those before it have run. The id of a command is
its place in the request, from 1.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from centripetal.dialects.current.capabilities import Server
from centripetal.dialects.current.commands.node import Info
from centripetal.dialects.current.replies import Answer, no_result
from centripetal.dialects.current.reply_decoders import decode_reply, kind_of
from centripetal.dialects.current.results.standard import InfoResult
from centripetal.errors import HTTPStatusError, MalformedResponseError, UsageError
from centripetal.protocol.command import Prepared
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest
from centripetal.protocol.refusal import refusal
from centripetal.protocol.retry import Failed

__all__ = ["SingleEndpoint"]


class _Numbered(msgspec.Struct):
    id: int = 0


_decode_id = msgspec.json.Decoder(_Numbered).decode


class SingleEndpoint:
    """The API of an old server.

    Args:
        address: where it is.
        headers: those of every request.
        server: where to note what is found out.
    """

    def __init__(self, address: str, headers: tuple[tuple[str, str], ...], server: Server) -> None:
        self._address = address
        self._headers = headers
        self._server = server

    def is_there(self) -> Flow[bool]:
        """Whether this address is a single endpoint; if so, the server's version is known then, too.

        Raises:
            HTTPStatusError: it is, but not for us; or something is in the way.
        """
        call = Prepared(Info(), b"{}")
        reply = yield self.request([call])
        if reply.status in (404, 405):
            return False
        answer = self.outcomes([call], reply)[0]
        if answer.error is None and isinstance(answer.value, InfoResult):
            self._server.learn(answer.value)
        return True

    def ask(self, calls: Sequence[Prepared[Any]]) -> Flow[list[Answer[Any] | Failed]]:
        """Ask for *calls*; what says something that the server would ignore is not sent, and its outcome says so."""
        outcomes: list[Answer[Any] | Failed | None] = [self._check(call, index) for index, call in enumerate(calls)]
        good = [index for index, outcome in enumerate(outcomes) if outcome is None]
        if good:
            asked = [calls[index] for index in good]
            answers = self.outcomes(asked, (yield self.request(asked)))
            for index, answer in zip(good, answers, strict=True):
                answer.index = index if len(calls) > 1 else None
                outcomes[index] = answer
        return [outcome for outcome in outcomes if outcome is not None]

    def _check(self, call: Prepared[Any], index: int) -> Failed | None:
        try:
            self._server.check(call.command)
        except UsageError as error:
            error.command = call.command
            return Failed(error, index)
        return None

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        """One request that carries all *calls* in order."""
        lines = [
            b'{"id":%d,"method":"%b","params":%b}' % (number, call.command.name.encode(), call.text)
            for number, call in enumerate(calls, start=1)
        ]
        return HTTPRequest(self._address, self._headers, b"\n".join(lines))

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> list[Answer[Any]]:
        """One answer a call, in order; raises if the reply is not an answer to these calls."""
        if reply.status != 200:
            raise self._refusal(len(calls), reply)
        texts = _split(reply.body, len(calls))
        if len(texts) != len(calls):
            raise MalformedResponseError(f"{len(calls)} commands were sent, {len(texts)} replies came back")
        return [
            self._answer(call, text, number) for number, (call, text) in enumerate(zip(calls, texts, strict=True), 1)
        ]

    def _answer(self, call: Prepared[Any], text: bytes, number: int) -> Answer[Any]:
        if (got := decode_reply(_decode_id, text, self._address).id) != number:
            raise MalformedResponseError(f"reply {number} has the id {got}: it answers another command")
        answer = decode_reply(kind_of(type(call.command)).decode, text, self._address)
        answer.command = call.command
        if answer.error is None and answer.value is msgspec.UNSET:
            raise no_result(call.command)
        return answer

    def _refusal(self, count: int, reply: HTTPReply) -> HTTPStatusError:
        from centripetal.dialects.current.advice import STATUSES  # not before something is refused

        if reply.status == 404:
            self._server.forget()
        if reply.status == 400:
            after = "" if count == 1 else "; commands before the refused one have run"
            text = f"400 from {self._address}: the server, which is older than 5.0, does not know the method{after}"
            return HTTPStatusError(text, status=400, body=reply.body, executed="no" if count == 1 else "unknown")
        return refusal(reply, self._address, {401: STATUSES[401]})


def _split(body: bytes, count: int) -> list[bytes]:
    """The JSON values in *body*, one a line as a rule; published JSON may hold line breaks of its own."""
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) == count:
        return lines
    from centripetal.protocol.gojson import JSONError, values  # rarely needed, and not free to import

    try:
        return list(values(body))
    except JSONError:
        return lines
