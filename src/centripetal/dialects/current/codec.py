"""The client's side of the HTTP API of Centrifugo 5 and 6 (protocol 6: http-api, methods; server 6.9.1).

A single command is sent as a POST to the method's path, several commands as a POST to `/api/batch`. A server that
replies 404 may be 3.x or 4.x, which only has the single endpoint (`single_endpoint.py`). The codec detects this once
and remembers it in `server`.
"""

import contextlib
import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET

from centripetal.dialects.current import advice
from centripetal.dialects.current.advice import names_in
from centripetal.dialects.current.capabilities import ServerCapabilities
from centripetal.dialects.current.commands import COMMANDS
from centripetal.dialects.current.commands.base import Method
from centripetal.dialects.current.commands.channels import History
from centripetal.dialects.current.commands.custom import Custom
from centripetal.dialects.current.commands.node import Info
from centripetal.dialects.current.credentials import Credentials
from centripetal.dialects.current.replies import Response, Unreadable, check_count, check_readable
from centripetal.dialects.current.reply_decoders import decode_reply, decoders_of, split_batch
from centripetal.dialects.current.results.standard import InfoResult
from centripetal.errors import (
    AuthenticationError,
    CentripetalError,
    HTTPStatusError,
    MalformedResponseError,
    UsageError,
)
from centripetal.protocol.checks import check_at_least, check_channels, check_not_swapped, check_text, unreadable
from centripetal.protocol.command import Command, PlacedOutcome, Prepared, R, not_a_command
from centripetal.protocol.encoder import Encoder, check_encoder
from centripetal.protocol.exchange import Flow
from centripetal.protocol.http import HTTPReply, HTTPRequest, parse_url, quoted_path
from centripetal.protocol.http_errors import http_error
from centripetal.protocol.payload import encode_json
from centripetal.protocol.shown_url import shown_url
from centripetal.protocol.tolerant_decoding import REFUSED

__all__ = ["MAX_PAYLOAD_BYTES", "Codec", "endpoint"]

MAX_PAYLOAD_BYTES = 1 << 20
"""Default size of a server's queue for one connection. Larger payloads would disconnect every subscriber."""

_IN_ORDER = b"]}"
_IN_PARALLEL = b'],"parallel":true}'
_METHODS = frozenset(command.name for command in COMMANDS)


def endpoint(url: str, prefix: str = "/api") -> str:
    """Return the address of the API for *url*, which may end in *prefix* or not. The methods' paths are below it.

    Raises:
        UsageError: requests cannot be sent to the URL, or it contains *prefix* twice or the name of a method.
    """
    prefix = "/" + quoted_path(check_text("handler_prefix", prefix).strip("/"))
    parts = parse_url(url)
    path, base = parts.path.rstrip("/"), parts.geturl().rstrip("/")
    url = shown_url(url)
    if prefix == "/":
        return base
    if path.endswith(prefix + prefix):
        raise UsageError(
            f"the URL {url!r} contains the path {prefix} twice: pass {shown_url(base.removesuffix(prefix))!r}"
        )
    above, _, last = path.rpartition("/")
    if above.endswith(prefix) and (last in _METHODS or last == "batch"):
        above = shown_url(base.removesuffix("/" + last))
        raise UsageError(f"the URL {url!r} ends in the name of a method: pass {above!r}")
    return base if path.endswith(prefix) else base + prefix


class Codec:
    """Encoder of commands and decoder of replies for one server.

    Args:
        url: address of the server, with or without `/api`.
        api_key: the server's `http_api.key`, or a function that returns it; None sends no key, for servers with
            `http_api.insecure`.
        prefix: the server's `http_api.handler_prefix`.
        check_channels: whether to reject channel names that no client could subscribe to by default.
        max_payload_bytes: maximum size of the data of one command, in bytes; None for no limit.
        new_key: creates an idempotency key for each command that accepts a key and has none; None adds no keys.
        encoder: converts values of unknown types in the commands' data.

    Attributes:
        endpoint: address of the API, without a trailing slash.
        server: the detected capabilities of the server.
    """

    def __init__(
        self,
        url: str,
        api_key: str | Callable[[], str] | None,
        *,
        prefix: str = "/api",
        check_channels: bool = True,
        max_payload_bytes: int | None = MAX_PAYLOAD_BYTES,
        new_key: Callable[[], str] | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        check_not_swapped(url, "api_key", api_key)
        self.endpoint = endpoint(url, prefix)
        self.server = ServerCapabilities()
        self._credentials = Credentials(api_key)
        self._base_of = partial(endpoint, prefix=prefix)
        self._check_channels = bool(check_channels)
        self._max_bytes = _limit(max_payload_bytes)
        self._new_key = new_key
        self._encoder = check_encoder(encoder)
        self._batch_end = _IN_ORDER
        self._urls = {"batch": f"{self.endpoint}/batch"}
        # Slow to import and rarely needed. Not later than here: a call must not import anything.
        from centripetal.dialects.current.single_endpoint import SingleEndpoint

        self._single_endpoint = SingleEndpoint(self.endpoint, self._credentials, self.server, self._base_of)

    def in_parallel(self) -> "Codec":
        """Return a copy of this codec whose batches the server runs in parallel (5.2 or later)."""
        other = copy.copy(self)
        other._batch_end = _IN_PARALLEL
        return other

    def prepare(self, command: Command[R]) -> Prepared[R]:
        if not issubclass(type(command), Method):
            raise not_a_command(command, "the current API", "centripetal")
        try:
            given = command if self._encoder is None else command.with_plain_data(self._encoder)
            text = given.body()
            touched = command.touches()
            if len(touched) == 1 and type(touched[0]) is str:  # the usual case, in a third of the time
                keys: tuple[str, ...] = (touched[0],)
            else:
                keys = tuple(map(str.__str__, touched))
            if self._max_bytes is not None and len(text) > self._max_bytes:
                _check_size(given, self._max_bytes)
        except CentripetalError:
            raise
        except Exception as error:  # raised by code of an argument
            raise unreadable("an argument", error) from error
        if self._check_channels:
            check_channels(keys)
        if self.server.single or self.server.version or self.server.open:
            self.server.check(command)
        if self._new_key is not None and command.keyed and command.idempotency_key is None:  # type: ignore[attr-defined]
            text = b'%b,"idempotency_key":"%b"}' % (text[:-1], self._new_key().encode())
        return Prepared(command, text, keys)

    def ask(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None = None) -> Flow[list[PlacedOutcome[Any]]]:
        try:
            return (yield from self._ask_once(calls, reply))
        except AuthenticationError as error:
            # 401 ran nothing, so the call can be repeated with the key that is valid now.
            if error.status != 401 or not self._credentials.renewable:
                raise
            self._credentials.renew(error)
        return (yield from self._ask_once(calls, None))

    def _ask_once(self, calls: Sequence[Prepared[Any]], reply: HTTPReply | None) -> Flow[list[PlacedOutcome[Any]]]:
        if self._batch_end is _IN_PARALLEL and len(calls) > 1:
            self.server.check_parallel()
        if self.server.single:
            return (yield from self._single_endpoint.ask(calls))
        if reply is None:
            reply = yield self.request(calls)
        outcomes = self.outcomes(calls, reply)
        if outcomes:
            return [*outcomes]
        if reply.status == 401:
            raise self._http_error(calls, reply)
        yield from self._find_out(calls, reply)
        return (yield from self._ask_once(calls, None))

    def direct_request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest | None:
        """Return the request for *calls*; None for a parallel batch or a server with only the single endpoint."""
        if self.server.single or self._batch_end is not _IN_ORDER:
            return None
        return self.request(calls)

    def request(self, calls: Sequence[Prepared[Any]]) -> HTTPRequest:
        """Return one request with all *calls* in order."""
        if len(calls) == 1:
            call = calls[0]
            name = call.command.name
            url = self._urls.get(name)
            if url is None:
                # The same string object each time, so that transports can recognize the URL by identity.
                url = self._urls.setdefault(name, f"{self.endpoint}/{name}")
            return HTTPRequest(url, self._credentials.headers, call.text)
        body = b"},".join([b'{"%b":%b' % (call.command.name.encode(), call.text) for call in calls])
        return HTTPRequest(
            self._urls["batch"], self._credentials.headers, b'{"commands":[%b}%b' % (body, self._batch_end)
        )

    def outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Sequence[PlacedOutcome[Any]]:
        """Return one outcome per call, in order; an empty list if `ask` has to continue.

        That is the case if the server may have only the single endpoint, or if there may be another key.
        """
        if reply.status != 200:
            if reply.status == 401 and self._credentials.renewable:
                return []
            if reply.status == 404 and self.server.single is None and not _is_json(reply):
                return []
            return [self._error_reply(calls, reply)]
        if len(calls) == 1:
            call = calls[0]
            response = decode_reply(decoders_of(type(call.command)).alone, reply.body, self.endpoint)
            response.command, response.index = call.command, None
            outcomes: Sequence[PlacedOutcome[Any]] = [response]
            if response.value is UNSET or call.command.verifies:  # type: ignore[attr-defined]
                outcomes = [response.checked(reply)]
                check_readable(outcomes)
            elif type(response.value) is InfoResult:
                self.server.learn(response.value)
        else:
            outcomes = self._batch_outcomes(calls, reply)
        self.server.single = False
        return outcomes

    def _batch_outcomes(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Sequence[PlacedOutcome[Any]]:
        types = {type(call.command) for call in calls}
        outcomes: list[Any] | None = None
        if len(types) == 1:  # as in most batches: decode all replies at once, which is faster
            with contextlib.suppress(*REFUSED):
                outcomes = decoders_of(next(iter(types))).batch.decode(reply.body).replies
        if outcomes is None:
            texts = split_batch(reply.body, self.endpoint)
            check_count(calls, texts)
            outcomes = [self._member(call, text) for call, text in zip(calls, texts, strict=True)]
        check_count(calls, outcomes)
        for index, (call, outcome) in enumerate(zip(calls, outcomes, strict=True)):
            outcome.command, outcome.index = call.command, index
            if outcome.value is UNSET or call.command.verifies:  # type: ignore[attr-defined]
                outcomes[index] = outcome.checked(reply)
        if isinstance(outcomes[0], Unreadable):
            check_readable(outcomes)
        for outcome in outcomes if Info in types else ():
            if isinstance(outcome.value, InfoResult):
                self.server.learn(outcome.value)
        return outcomes

    def _member(self, call: Prepared[Any], text: bytes) -> Response[Any] | Unreadable:
        """Decode one reply of a batch. A reply that cannot be decoded fails only its own call."""
        try:
            return decode_reply(decoders_of(type(call.command)).member, text, self.endpoint)
        except MalformedResponseError as error:
            return Unreadable(error)

    def _error_reply(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> PlacedOutcome[Any]:
        """Return the error that a server with `http_api.error_mode` `transport` sends with an HTTP status.

        Raises:
            HTTPStatusError: the reply has another status.
        """
        if len(calls) == 1 and _is_json(reply):
            command = calls[0].command
            with contextlib.suppress(MalformedResponseError):
                body = b'{"error":%b}' % reply.body
                response = decode_reply(decoders_of(type(command)).alone, body, self.endpoint)
                response.command, response.index, response.names = command, None, names_in(reply)
                if response.error is not None and response.error.code:
                    return response
        raise self._http_error(calls, reply)

    def _http_error(self, calls: Sequence[Prepared[Any]], reply: HTTPReply, needs_pro: bool = False) -> HTTPStatusError:
        texts = dict(advice.STATUSES)
        if needs_pro or (self.server.single is False and len(calls) == 1):
            texts[404] = advice.NEEDS_PRO
        if not self._credentials.given:
            texts[401] = advice.WANTS_KEY
        if any(type(call.command) is History for call in calls):
            texts[500] = advice.UNPRINTABLE_HISTORY
        path = calls[0].command.name if len(calls) == 1 else "batch"
        return http_error(reply, self.endpoint, texts, url=f"{self.endpoint}/{path}", base_of=self._base_of)

    def _find_out(self, calls: Sequence[Prepared[Any]], reply: HTTPReply) -> Flow[None]:
        """Find out why a path is unknown: the method is unknown, or the server has only the single endpoint.

        Raises:
            HTTPStatusError: the method is unknown, or the server is not a Centrifugo server.
        """
        if len(calls) == 1 and not _is_known_since_5(calls[0].command):
            answer = yield self.request([Prepared(Info(), b"{}")])
            if answer.status == 200:
                self.server.single = False
            if answer.status != 404:
                raise self._http_error(calls, reply, needs_pro=True)
        if not (yield from self._single_endpoint.is_there()):
            raise self._http_error(calls, reply)
        self.server.single = True

    def repeatable(self, calls: Sequence[Prepared[Any]]) -> Flow[list[bool]]:
        """Return for each call whether it can safely run twice. May ask the server for its version first."""
        keyed = [self._sends_key(call.command) for call in calls]
        honoured: bool | None = False
        if any(keyed):
            honoured = self.server.knows_keys()
            if honoured is None:
                outcomes = yield from self.ask([Prepared(Info(), b"{}")])
                outcomes[0].result()
                honoured = self.server.knows_keys() is not False
        return [
            call.command.reads or call.command.repeatable or bool(honoured and has_key)
            for call, has_key in zip(calls, keyed, strict=True)
        ]

    def _sends_key(self, command: Command[Any]) -> bool:
        """Return whether *command* was sent with an idempotency key; see `prepare`."""
        if not isinstance(command, Method) or not command.keyed:
            return False
        key: str | None = command.idempotency_key  # type: ignore[attr-defined]
        return bool(key) or (key is None and self._new_key is not None)

    def __repr__(self) -> str:
        return f"<Codec of Centrifugo at {self.endpoint}, {'with' if self._credentials.given else 'without'} a key>"


def _is_known_since_5(command: Command[Any]) -> bool:
    return isinstance(command, Method) and not command.newer and not isinstance(command, Custom)


def _is_json(reply: HTTPReply) -> bool:
    return (reply.header("content-type") or "").startswith("application/json")


def _check_size(command: Command[Any], limit: int) -> None:
    """Check that the data have at most *limit* bytes. Channel names and other fields do not count."""
    for field in ("data", "b64data"):
        value = getattr(command, field, None)
        if value is None or value is msgspec.UNSET:
            continue
        size = len(encode_json(value, field)) if field == "data" else _decoded_size(value)
        if size > limit:
            raise UsageError(
                f"{field} has {size} bytes, more than max_payload_bytes ({limit}): the server disconnects subscribers "
                "whose queue is too small (client.queue_max_size); publish a link, or raise both limits"
            )


def _decoded_size(value: bytes | str) -> int:
    """Return the size of a base64 field after decoding. The field is bytes, or padded base64 text."""
    return len(value) // 4 * 3 - value[-2:].count("=") if isinstance(value, str) else len(value)


def _limit(value: Any) -> int | None:
    return None if value is None else check_at_least("max_payload_bytes", value, least=1, also=", or None for no limit")
