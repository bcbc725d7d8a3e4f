"""Printing of results of the current API for people: tables and lines for known results, a general form otherwise."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import typer

from centripetal.cli.output.exit_code import ExitCode
from centripetal.cli.output.printing import (
    as_text,
    console,
    show,
    show_fields,
    show_json,
    show_nothing,
    show_rows,
)
from centripetal.cli.output.text import one_line
from centripetal.dialects.current.commands import Broadcast
from centripetal.dialects.current.results import standard as results
from centripetal.protocol.command import Command
from centripetal.protocol.records import shortened

__all__ = ["duration", "show_result"]


def show_result(command: Command[Any], result: Any, as_json: bool) -> None:
    """Print the result of *command*.

    Raises:
        typer.Exit: if a broadcast failed in some channels.
    """
    printer = _PRINTERS.get(type(result))
    if as_json:
        show_json(result)
    elif isinstance(result, msgspec.Struct) and not result.__struct_fields__:
        console().print("ok")
    elif printer is not None:
        printer(command, result)
    else:
        show(result)
    if isinstance(result, results.BroadcastResult) and result.failed:
        raise typer.Exit(ExitCode.REFUSED)


def duration(seconds: int) -> str:
    """Format *seconds* in the two largest units that are not zero, for example `2 h 5 min`."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{n} {unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")) if n]
    return " ".join(parts[:2]) or "0 s"


def _published(_: Command[Any], result: results.PublishResult) -> None:
    if result.offset or result.epoch:
        show_fields({"offset": str(result.offset), "epoch": result.epoch})
    else:
        console().print("ok")


def _broadcast(command: Command[Any], result: results.BroadcastResult) -> None:
    channels = command.channels if isinstance(command, Broadcast) else []
    rows = []
    for channel, response in zip(channels, result.responses, strict=True):
        where, error = response.result or results.PublishResult(), response.error
        said = "ok" if error is None else f"error {error.code}: {shortened(error.message)}"
        rows.append((channel, said, where.offset or None, where.epoch or None))
    with_places = any(row[2] for row in rows)
    names = ("channel", "", "offset", "epoch") if with_places else ("channel", "")
    show_rows(names, [row[: len(names)] for row in rows], align_numbers=True)


def _presence(_: Command[Any], result: results.PresenceResult) -> None:
    show(result.presence)


def _history(_: Command[Any], result: results.HistoryResult) -> None:
    show(result.publications)
    # The position describes the table, so it is printed to standard error and does not disturb pipes.
    console(stderr=True).print(f"current position: {result.offset}:{one_line(result.epoch)}", soft_wrap=True)


def _channels(_: Command[Any], result: results.ChannelsResult) -> None:
    rows = [(name, info.num_clients) for name, info in sorted(result.channels.items())]
    show_rows(("channel", "clients"), rows, align_numbers=True) if rows else show_nothing()


_COUNTS = ("num_clients", "num_users", "num_channels", "num_subs")


def _info(_: Command[Any], result: results.InfoResult) -> None:
    names = ["node", "version", *(name.removeprefix("num_") for name in _COUNTS), "uptime"]
    has_process = any(node.process is not None for node in result.nodes)
    rows = [_node(node, has_process) for node in sorted(result.nodes, key=lambda node: node.name)]
    show_rows(names + ["cpu %", "memory"] * has_process, rows, align_numbers=True)
    metrics = {name: node.metrics.items for node in result.nodes if node.metrics for name in [node.name]}
    if metrics:
        console().print()
        _metrics(metrics)


def _node(node: results.NodeResult, has_process: bool) -> list[Any]:
    row = [node.name, node.version, *(getattr(node, name) for name in _COUNTS), duration(node.uptime)]
    if has_process:
        row += [node.process.cpu, f"{node.process.rss / 2**20:.0f} MiB"] if node.process else [None, None]
    return row


# Metrics left out of the table for brevity; `--json` prints all of them.
_DULL = (".quantile.", "duration", ".num_", ".build.")


def _metrics(metrics: Mapping[str, Mapping[str, float]]) -> None:
    """Print a selection of metrics, one column per node. Metrics that are 0 on every node are left out."""
    names = sorted({name for items in metrics.values() for name, value in items.items() if value})
    names = [name for name in names if not any(word in name for word in _DULL)]
    if names:
        rows = [(name.removeprefix("centrifugo."), *(_number(m.get(name)) for m in metrics.values())) for name in names]
        show_rows(("metric", *metrics), rows, align_numbers=True)


def _number(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


def _rpc(_: Command[Any], result: results.RPCResult) -> None:
    if result.data_json is not None:
        console().print(as_text(msgspec.Raw(result.data_json)), soft_wrap=True)
    else:
        console().print("ok")


_PRINTERS: Mapping[type[Any], Callable[[Any, Any], None]] = {
    results.PublishResult: _published,
    results.BroadcastResult: _broadcast,
    results.PresenceResult: _presence,
    results.HistoryResult: _history,
    results.ChannelsResult: _channels,
    results.InfoResult: _info,
    results.RPCResult: _rpc,
}
