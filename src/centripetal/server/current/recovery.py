"""Recovery of missed publications when a client subscribes again (protocol 6: client-recovery): PURE."""

from typing import NamedTuple

from centripetal.dialects.current import error_codes
from centripetal.dialects.current.client_protocol.commands import Subscribe
from centripetal.dialects.current.client_protocol.tags_filter import matches
from centripetal.dialects.current.objects import FilterNode
from centripetal.server.current.refusals import refused
from centripetal.server.current.subscribe_options import SubscribeOptions
from centripetal.server.engine.engine import Engine, Position, Publication

__all__ = ["Recovery", "recover"]

_REJECT_UNRECOVERED = 2


class Recovery(NamedTuple):
    """The result of a recovery.

    Attributes:
        top: the position of the stream.
        recovered: whether the client has all publications after it receives `publications`.
        publications: the missed publications, oldest first; empty if `recovered` is False.
    """

    top: Position
    recovered: bool = False
    publications: tuple[Publication, ...] = ()


def recover(
    engine: Engine,
    params: Subscribe,
    options: SubscribeOptions,
    filter_: FilterNode | None,
    *,
    limit: int,
    now: float,
) -> Recovery:
    """Find the publications that a client missed in *params.channel* since the position in *params*.

    Args:
        engine: the engine that stores the channel's stream.
        params: the subscribe request.
        options: the options of the subscription.
        filter_: the client's filter by tags; None for all publications.
        limit: maximum number of recovered publications; 0 for no limit.
        now: the time in Unix seconds.

    Raises:
        ServerError: 112, the recovery is incomplete, and the client asked for an error in that case.
    """
    wanted = options.recovery and (params.recover or (options.auto_cache and options.cache))
    if not wanted:
        _, top = engine.history(params.channel, options.stream, now, limit=0)
        return Recovery(top)
    if options.cache:
        return _recover_latest(engine, params, options, filter_, limit=limit, now=now)
    since = params.offset
    found, top = engine.history(params.channel, options.stream, now, since=since, limit=limit or -1)
    complete = (found[0].offset, found[-1].offset) == (since + 1, top.offset) if found else top.offset == since
    if not complete or params.epoch not in ("", top.epoch):
        if params.flag & _REJECT_UNRECOVERED:
            raise refused(error_codes.UNRECOVERABLE_POSITION)
        return Recovery(top)
    return Recovery(top, True, tuple(each for each in found if filter_ is None or matches(filter_, each.tags)))


def _recover_latest(
    engine: Engine,
    params: Subscribe,
    options: SubscribeOptions,
    filter_: FilterNode | None,
    *,
    limit: int,
    now: float,
) -> Recovery:
    """Recover the latest publication that passes the filter, unless the client already has the latest position."""
    count = 1 if filter_ is None else limit or -1
    found, top = engine.history(params.channel, options.stream, now, limit=count, reverse=True)
    latest = [each for each in found if filter_ is None or matches(filter_, each.tags)][:1]
    if params.offset > 0 and (params.offset, params.epoch) == (top.offset, top.epoch):
        return Recovery(top, True)
    return Recovery(top, bool(latest), tuple(latest))
