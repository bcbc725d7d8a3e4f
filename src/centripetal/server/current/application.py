"""The application behind a Centrifugo 6 server, as one session asks it: PURE.

See protocol 6: proxy-requests. Each method is a generator that yields the question and is sent the reply (`Asking`).
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from centripetal.dialects.current.client_protocol.objects import Disconnect
from centripetal.dialects.current.error_codes import INTERNAL
from centripetal.dialects.current.proxy.events import ClientEvent, ConnectEvent, write
from centripetal.dialects.current.proxy.meanings import meaning
from centripetal.dialects.current.proxy.reading import (
    Answer,
    Closed,
    Failed,
    Granted,
    Refused,
    Result,
    SubscribeResult,
    read_answer,
)
from centripetal.errors import UsageError
from centripetal.server.current.calls import Asking
from centripetal.server.current.channels import ChannelOptions
from centripetal.server.current.node import Node
from centripetal.server.current.proxies import Headers, Proxy, headers_for
from centripetal.server.current.refusals import FatalError, ProxyRefusal, refused
from centripetal.server.current.subscribe_options import SubscribeOptions, options_for
from centripetal.server.current.subscriptions import ClientIdentity
from centripetal.server.engine.events import ApplicationAsked
from centripetal.server.questions import Question, Reply
from centripetal.tokens.claims import SubscribeClaims

__all__ = ["Application", "subscription_of"]

E = TypeVar("E", bound=ClientEvent[Any, Any])


class Application:
    """The application, as one session asks it.

    Args:
        node: the server.
        identity: the client.
        handshake: the headers of the client's handshake, with lower-case names.

    Attributes:
        emulated: the headers in the client's connect command.
        meta: JSON that the application attached to the connection; empty without it.
        ended: whether the session has ended, so that answers must not change it any more.
    """

    __slots__ = ("_handshake", "_identity", "_node", "emulated", "ended", "meta")

    def __init__(self, node: Node, identity: ClientIdentity, handshake: Headers) -> None:
        self._node = node
        self._identity = identity
        self._handshake = handshake
        self.emulated: Mapping[str, str] = {}
        self.meta = b""
        self.ended = False

    def decide(self, proxy: Proxy, event: type[E], data: msgspec.Raw, **fields: Any) -> Asking[Result | None]:
        """Ask about a command with *data*, and return the result in the answer, if any.

        Raises:
            ServerError: the client gets an error.
            FatalError: the application closes the connection.
        """
        if data:
            fields["data"] = data
        match (yield from self.ask(proxy, event, **fields)):
            case Granted(result):
                return result
            case Refused(code, message, temporary):
                raise ProxyRefusal(code, message, temporary=temporary)
            case Closed(code, reason):
                raise FatalError(Disconnect(code, reason))
            case _:
                raise refused(INTERNAL)

    def ask(self, proxy: Proxy, event: type[E], **fields: Any) -> Asking[Answer]:
        """Ask *proxy* about an *event* with these *fields*, and return what the answer means."""
        if event is not ConnectEvent:
            fields["user"] = self._identity.user
            if proxy.include_connection_meta and self.meta:
                fields["meta"] = msgspec.Raw(self.meta)
        encoding = "binary" if proxy.binary_encoding else "json"
        headers = headers_for(proxy, self._handshake, self.emulated)
        try:
            body = write(event(client=self._identity.id, encoding=encoding, **fields))
        except UsageError as error:
            return Failed(f"the event cannot be sent: {error}")
        timer = self._node.environment.timer
        started = timer()
        reply = yield Question(proxy.endpoint, event.kind, headers, body)
        if reply.problem:
            answer: Answer = Failed(reply.problem)
        else:
            answer = read_answer(event, reply.status, reply.body, proxy.transforms)
        if self._node.events:
            self._emit(event, proxy, fields, body, reply, answer, timer() - started)
        return answer

    def _emit(
        self,
        event: type[ClientEvent[Any, Any]],
        proxy: Proxy,
        fields: Mapping[str, Any],
        body: bytes,
        reply: Reply,
        answer: Answer,
        seconds: float,
    ) -> None:
        self._node.events.emit(
            ApplicationAsked(
                at=self._node.now(),
                client=self._identity.id,
                user=self._identity.user,
                event=event.kind,
                channel=fields.get("channel", ""),
                method=fields.get("method", ""),
                endpoint=proxy.endpoint.shown,
                question=body.decode(errors="replace"),
                status=reply.status,
                answer=reply.problem or reply.body.decode(errors="replace"),
                problem=answer.why if isinstance(answer, Failed) else "",
                meaning=meaning(event, answer),
                seconds=seconds,
            )
        )


def subscription_of(options: ChannelOptions, result: SubscribeResult | None) -> SubscribeOptions:
    """Return the options of a subscription that the application granted in a channel with *options*.

    The wishes of the client are not granted, unlike without a proxy (protocol 6: proxy-subscribe).
    """
    if result is None:
        result = SubscribeResult()
    claims = SubscribeClaims(info=result.info, data=result.data, override=result.override)
    granted = options_for(options, claims, expire_at=result.expire_at)
    auto = result.cache_recover or (options.auto_cache_recover and granted.recovery and granted.cache)
    return msgspec.structs.replace(granted, auto_cache=auto)
