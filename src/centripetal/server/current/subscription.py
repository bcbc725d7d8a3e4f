"""One subscription of one connection: its options, its position, and its pushes.

See protocol 6: client-subscribe, client-pushes, client-commands, client-recovery, client-delta-and-tags-filter.

PURE. `Subscription.publication_push` and `join_leave_push` return the push for a publication, a join or a leave. Nearly
all subscribers get the same bytes, so each encoding is cached.
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
    """The client has missed a publication and must subscribe again to recover."""


class Subscription:
    """One connection in one channel.

    Args:
        channel: the channel.
        options: the options of the subscription.
        position: the position up to which the client has publications, if the subscription is positioned.
        server_side: the server created the subscription; if it ends, the whole connection ends.
        delta: the client gets deltas.
        has_base: the client has a payload on which a delta can be based.
        filter_: the client's filter by tags; None for all publications.
        now: the time in Unix seconds.
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
        """Return the push for a publication, or None if the client does not get it, and advance the position.

        Raises:
            LostPositionError: the client missed a publication before it.
            FatalError: the push is not valid JSON.
        """
        offset = outgoing.publication.offset
        if offset and self.positioned:
            if outgoing.position.epoch != self.epoch or offset > self.offset + 1:
                raise LostPositionError
            if offset <= self.offset:
                return None
            self.offset, self.checked_at = offset, now
        if self.delta:
            # As in the real server, filters do not apply to deltas: each delta needs the previous payload.
            encode = _encode_delta if self.has_base else _encode_base
            self.has_base = True
            return outgoing.encoded(encode)
        if self.filter is not None and not matches(self.filter, outgoing.publication.tags):
            return None
        return _valid(outgoing.encoded(_encode_publication))

    def join_leave_push(self, outgoing: OutgoingJoinLeave) -> bytes | None:
        """Return the push for a join or a leave, or None if the client does not get it.

        Raises:
            FatalError: the info in it is not valid JSON.
        """
        if not self.options.push_join_leave:
            return None
        return _valid(outgoing.encoded(_encode_join_leave))

    def is_at(self, top: Position) -> bool:
        """Return whether the client has the position *top*."""
        return (self.offset, self.epoch) == (top.offset, top.epoch)


# ---- encodings


def client_info(info: ClientInfo) -> parts.ClientInfo:
    """Return a connection's info in the form that clients get."""
    return parts.ClientInfo(info.user, info.client, msgspec.Raw(info.conn_info), msgspec.Raw(info.chan_info))


def publication_frame(publication: Publication, epoch: str) -> parts.Publication:
    """Return a publication in a stream with *epoch*, in the form that clients get."""
    return parts.Publication(
        data=msgspec.Raw(publication.data),
        info=None if publication.info is None else client_info(publication.info),
        offset=publication.offset,
        tags=publication.tags,
        # The real server sends the epoch only with the first publication of a stream (protocol 6: client-pushes).
        epoch=epoch if publication.offset == 1 else "",
        version=publication.version,
    )


def delta_chain(publications: list[Publication]) -> list[parts.Publication]:
    """Return recovered publications as deltas: the first is complete, the others are relative to the previous."""
    previous: list[Publication | None] = [None, *publications]
    return [_delta_frame(*pair) for pair in zip(publications, previous, strict=False)]


def checked(line: bytes) -> bytes:
    """Return *line*, an encoded message to a client, after checking it.

    Raises:
        FatalError: *line* is not valid JSON, because it contains data from users that is not
            (protocol 6: client-frames).
    """
    try:
        check(line)
    except JSONError:
        raise FatalError(INAPPROPRIATE_PROTOCOL) from None
    return line


_INVALID = b""
"""Marks an encoding that is not valid JSON."""


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
    """Return a publication with its payload as a string, or with the delta from *previous* if it is shorter."""
    payload, is_delta = publication.data, False
    text = payload.decode("utf-8", "replace")
    if previous is not None and len(delta := create(previous.data, payload)) < len(payload):
        try:
            text, is_delta = delta.decode(), True
        except UnicodeDecodeError:
            # The delta splits a character, so it is not valid UTF-8. The real server corrupts such deltas.
            is_delta = False
    return parts.Publication(
        data=msgspec.Raw(msgspec.json.encode(text)),
        info=None if publication.info is None else client_info(publication.info),
        offset=publication.offset,
        tags=publication.tags,
        delta=is_delta,
    )
