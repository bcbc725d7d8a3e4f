"""One subscription of one connection: what it was granted, where it is, and what it is told (spec v6 §11.4 to §11.8).

PURE. `Subscription.publication_push` and `join_leave_push` return what goes to the client for a publication, a join or
a leave. Nearly all subscribers get the same bytes, so each encoding is made once.
"""

import msgspec

from centripetal.dialects.current.client_protocol import objects as parts
from centripetal.dialects.current.client_protocol.fossil_delta import create
from centripetal.dialects.current.client_protocol.replies import Info, Push, encode_push
from centripetal.dialects.current.client_protocol.tags_filter import matches
from centripetal.dialects.current.disconnects import INAPPROPRIATE_PROTOCOL
from centripetal.dialects.current.objects import FilterNode
from centripetal.protocol.gojson import JSONError, check
from centripetal.server.current.connection import OutgoingJoinLeave, OutgoingPublication
from centripetal.server.current.refusals import FatalError
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import ClientInfo, Position, Publication

__all__ = ["LostPositionError", "Subscription", "checked", "client_info", "delta_chain"]
__all__ += ["publication_frame"]


class LostPositionError(Exception):
    """The client has missed something: it has to subscribe again, and to recover."""


class Subscription:
    """One connection in one channel.

    Args:
        channel: where.
        options: what it is granted.
        position: where the client is, if it has a position.
        server_side: the server subscribed it; losing the position ends the whole connection then.
        delta: it gets deltas.
        has_base: the client knows a payload that a delta can be made against.
        filter_: which publications it wants; None: all.
        now: Unix time.
    """

    __slots__ = (
        "channel",
        "checked_at",
        "delta",
        "epoch",
        "expire_at",
        "filter",
        "has_base",
        "info",
        "offset",
        "options",
        "positioned",
        "server_side",
    )

    def __init__(
        self,
        channel: str,
        options: SubscribeOptions,
        position: Position,
        *,
        server_side: bool,
        delta: bool,
        has_base: bool,
        filter_: FilterNode | None,
        now: float,
    ) -> None:
        self.channel = channel
        self.options = options
        self.positioned = options.has_position
        self.offset, self.epoch = position.offset, position.epoch
        self.checked_at = now
        self.server_side = server_side
        self.delta = delta
        self.has_base = has_base
        self.filter = filter_
        self.info = options.chan_info
        self.expire_at = options.expire_at

    def publication_push(self, outgoing: OutgoingPublication, now: float) -> bytes | None:
        """Return what goes to the client for a publication, if anything, and note that the client has it.

        Raises:
            LostPositionError: it does not follow the one before it.
            FatalError: it is no JSON.
        """
        offset = outgoing.publication.offset
        if offset and self.positioned:
            if outgoing.position.epoch != self.epoch or offset > self.offset + 1:
                raise LostPositionError
            if offset <= self.offset:
                return None
            self.offset, self.checked_at = offset, now
        if self.delta:
            # Filters do not hold for those with deltas, as in the real server: a base must not be missed.
            encode = _encode_delta if self.has_base else _encode_base
            self.has_base = True
            return outgoing.encoded(encode)
        if self.filter is not None and not matches(self.filter, outgoing.publication.tags):
            return None
        return _valid(outgoing.encoded(_encode_publication))

    def join_leave_push(self, outgoing: OutgoingJoinLeave) -> bytes | None:
        """Return what goes to the client for a join or a leave, if anything.

        Raises:
            FatalError: the info in it is no JSON.
        """
        if not self.options.push_join_leave:
            return None
        return _valid(outgoing.encoded(_encode_join_leave))

    def is_at(self, top: Position) -> bool:
        """Whether the client is where the stream is."""
        return (self.offset, self.epoch) == (top.offset, top.epoch)


# ---- encodings


def client_info(info: ClientInfo) -> parts.ClientInfo:
    """A connection as clients see it."""
    return parts.ClientInfo(info.user, info.client, msgspec.Raw(info.conn_info), msgspec.Raw(info.chan_info))


def publication_frame(publication: Publication, epoch: str) -> parts.Publication:
    """A publication in a stream with that epoch, as clients see it."""
    return parts.Publication(
        data=msgspec.Raw(publication.data),
        info=None if publication.info is None else client_info(publication.info),
        offset=publication.offset,
        tags=publication.tags,
        # Only there, as in the real server (spec v6 §11.5).
        epoch=epoch if publication.offset == 1 else "",
        version=publication.version,
    )


def delta_chain(publications: list[Publication]) -> list[parts.Publication]:
    """Recovered publications for a subscriber with deltas: the first one whole, each other one against the last."""
    previous: list[Publication | None] = [None, *publications]
    return [_delta_frame(*pair) for pair in zip(publications, previous, strict=False)]


def checked(line: bytes) -> bytes:
    """*line*, which goes to a client.

    Raises:
        FatalError: it is no JSON, because bytes in it that users gave the server are none (spec v6 §11.2).
    """
    try:
        check(line)
    except JSONError:
        raise FatalError(INAPPROPRIATE_PROTOCOL) from None
    return line


_INVALID = b""
"""Stands for a payload that is not JSON."""


def _valid(payload: bytes) -> bytes:
    if payload is _INVALID:
        raise FatalError(INAPPROPRIATE_PROTOCOL)
    return payload


def _encode_publication(outgoing: OutgoingPublication) -> bytes:
    publication = outgoing.publication
    push = Push(publication.channel, pub=publication_frame(publication, outgoing.position.epoch))
    return _or_invalid(encode_push(push))


def _encode_base(outgoing: OutgoingPublication) -> bytes:
    return encode_push(Push(outgoing.publication.channel, pub=_delta_frame(outgoing.publication, None)))


def _encode_delta(outgoing: OutgoingPublication) -> bytes:
    previous = outgoing.previous if outgoing.delta else None
    return encode_push(Push(outgoing.publication.channel, pub=_delta_frame(outgoing.publication, previous)))


def _encode_join_leave(outgoing: OutgoingJoinLeave) -> bytes:
    info = Info(client_info(outgoing.info))
    push = Push(outgoing.channel, join=info) if outgoing.joined else Push(outgoing.channel, leave=info)
    return _or_invalid(encode_push(push))


def _or_invalid(line: bytes) -> bytes:
    try:
        check(line)
    except JSONError:
        return _INVALID
    return line


def _delta_frame(publication: Publication, previous: Publication | None) -> parts.Publication:
    """With the payload as a string, or with the delta against *previous* if that is shorter."""
    payload, is_delta = publication.data, False
    text = payload.decode("utf-8", "replace")
    if previous is not None and len(delta := create(previous.data, payload)) < len(payload):
        try:
            text, is_delta = delta.decode(), True
        except UnicodeDecodeError:
            # It begins or ends in the middle of a character: no string can hold it. The real server breaks it.
            is_delta = False
    return parts.Publication(
        data=msgspec.Raw(msgspec.json.encode(text)),
        info=None if publication.info is None else client_info(publication.info),
        offset=publication.offset,
        tags=publication.tags,
        delta=is_delta,
    )
