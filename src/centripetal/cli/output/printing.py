"""Printing of results: for people with Rich; with `--json` as JSON that keeps published data exactly."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TextIO

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from centripetal.cli.output.text import one_line, printable
from centripetal.errors import MalformedResponseError

__all__ = ["as_json_value", "as_text", "console", "escaped_for", "json_line", "show", "show_fields", "show_json"]
__all__ += ["show_nothing", "show_rows", "show_table"]


_NARROWEST = 20  # characters


_DEEPEST_STRUCT = 20


def console(stderr: bool = False) -> Console:
    """Return a Rich console for the current stream. In a pipe, it neither wraps nor truncates lines."""
    stream = sys.stderr if stderr else sys.stdout
    # A terminal may report a width of 0, or COLUMNS may be 0: Rich would then print nothing, or never end.
    width = max(Console(file=stream).width, _NARROWEST) if stream.isatty() else 10_000
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(result: Any) -> None:
    """Print the result of a command for people."""
    if result is True:
        console().print("ok")
    elif not result:
        show_nothing()
    elif isinstance(result, msgspec.Struct):
        _show_struct(result)
    elif isinstance(result, Mapping):
        show_table(list(result.values()), list(result))
    elif isinstance(result[0], msgspec.Struct):
        show_table(result)
    else:
        for item in result:
            console().print(as_text(item), soft_wrap=True)


def show_json(value: Any) -> None:
    """Print *value* as one line of JSON."""
    sys.stdout.write(json_line(value, sys.stdout))


def json_line(value: Any, stream: TextIO) -> str:
    """Return *value* as one line of JSON for *stream*."""
    try:
        line = msgspec.json.encode(as_json_value(value)).decode("utf-8", "replace")
    except RecursionError:
        raise MalformedResponseError("the result is nested too deeply to be printed", executed="yes") from None
    return escaped_for(stream, line) + "\n"


def escaped_for(stream: TextIO, line: str) -> str:
    """Replace characters of *line*, which is JSON, that *stream* cannot show by escapes.

    These are the characters that the stream's encoding lacks, and in a terminal those that could control it. The
    escapes are equivalent, because such characters occur only inside strings.
    """
    shown: Callable[[str], bool] = str.isprintable if stream.isatty() else _always
    try:
        line.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        shown = str.isascii
    return line if shown(line) else "".join(c if shown(c) else _escaped(c) for c in line)


def _always(_: str) -> bool:
    return True


def _escaped(character: str) -> str:
    # DEL is the only ASCII character that `json.dumps` does not escape although it controls terminals.
    return "\\u007f" if character == "\x7f" else json.dumps(character)[1:-1]


def show_nothing() -> None:
    """Print `(none)` for an empty result to standard error, so that scripts get no output."""
    console(stderr=True).print("(none)")


def show_fields(fields: Mapping[str, Any]) -> None:
    """Print one line for each name and its value."""
    grid = Table.grid(padding=(0, 2))
    for name, value in fields.items():
        grid.add_row(Text(one_line(name), style="cyan"), as_text(value))
    console().print(grid)


def as_json_value(value: Any, levels: int = _DEEPEST_STRUCT) -> Any:
    """Convert *value* to JSON types; published JSON keeps the exact text that the server sent.

    Args:
        value: the result of a command.
        levels: levels of *value* that may contain structs; deeper levels are JSON already.
    """
    if not levels:
        return value
    if isinstance(value, msgspec.Struct):
        return {name: as_json_value(member, levels - 1) for name, member in _members(value)}
    if isinstance(value, Mapping):
        return {_encodable(name): as_json_value(member, levels - 1) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json_value(member, levels - 1) for member in value]
    if isinstance(value, str) and value != _encodable(value):
        return msgspec.Raw(json.dumps(value).encode())
    return value


def _encodable(text: Any) -> Any:
    """Return *text* with escapes for lone surrogates, with which Python represents undecodable bytes of file names."""
    return text.encode("utf-8", "backslashreplace").decode() if isinstance(text, str) else text


_MISSING = object()


def _members(value: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """Yield the members of a result under the server's names, published data as raw JSON."""
    shown: Sequence[str] = getattr(value, "shown", ())
    for name in shown:
        raw: Any = getattr(value, f"{name}_json", _MISSING)
        if raw is _MISSING:
            yield name, getattr(value, name)
        else:
            yield name, None if raw is None else msgspec.Raw(raw)
    if not shown:
        for field in msgspec.structs.fields(value):
            yield field.encode_name, getattr(value, field.name)


def _show_struct(value: msgspec.Struct) -> None:
    fields: dict[str, Any] = {}
    tables: list[list[msgspec.Struct]] = []
    for name, member in _members(value):
        if isinstance(member, Mapping):
            fields |= {f"{name}.{key}": member[key] for key in sorted(member)}
        elif isinstance(member, list) and member and isinstance(member[0], msgspec.Struct):
            tables.append(member)
        else:
            fields[name] = member
    show_fields(fields)
    for rows in tables:
        for row in rows:
            console().print()
            _show_struct(row)


def show_table(rows: Sequence[msgspec.Struct], keys: Sequence[str] = ()) -> None:
    """Print *rows* as a table, without columns that are empty in every row or that repeat the key."""
    cells = [dict(_members(row)) for row in rows]
    columns = list(dict.fromkeys(name for row in cells for name in row))
    names = [name for name in columns if any(row.get(name) not in (None, "", {}) for row in cells)]
    if keys:
        names = [name for name in names if any(row.get(name) != key for row, key in zip(cells, keys, strict=True))]
    titles = (["connection"] if keys else []) + names
    shown = [[row.get(name) for name in names] for row in cells]
    show_rows(titles, [[key, *row] for key, row in zip(keys, shown, strict=True)] if keys else shown)


def show_rows(titles: Sequence[str], rows: Sequence[Sequence[Any]], align_numbers: bool = False) -> None:
    """Print a table; *align_numbers* right-aligns columns of numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    for index, title in enumerate(titles):
        on_the_right = align_numbers and all(isinstance(row[index], int | float | None) for row in rows)
        table.add_column(Text(one_line(title)), overflow="fold", justify="right" if on_the_right else "left")
    for row in rows:
        table.add_row(*map(as_text, row))
    console().print(table)


def as_text(value: Any) -> Text:
    """Format *value* on one line, for a table cell or within a line."""
    if value is None or value == {}:
        return Text("")
    if isinstance(value, msgspec.Raw):
        return Text(printable(bytes(value).decode("utf-8", "replace")).replace("\n", " "))  # between tokens
    if isinstance(value, msgspec.Struct):
        return Text(printable(msgspec.json.encode(as_json_value(value)).decode()))
    if not isinstance(value, str):
        return Text(json.dumps(value))
    return Text(printable(value).replace("\n", "\\n"))
