"""Rows of tables and lines of JSON as records of `publish` commands, with templates of the channel and the data."""

from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO, NamedTuple

import msgspec

from centripetal.cli.suggestions import did_you_mean
from centripetal.cli.tools.load.ndjson import ROW, Line, lines_of
from centripetal.cli.tools.load.tables import Row, Table
from centripetal.cli.tools.load.templates import ChannelTemplate, DataTemplate
from centripetal.cli.tools.load.values import ColumnType, json_of, json_text
from centripetal.errors import UsageError
from centripetal.protocol.gojson import JSONError, check, string
from centripetal.protocol.json_parts import object_parts

__all__ = ["Columns", "Templates", "of_json_lines", "of_table"]

_LISTED = 10


class Templates(NamedTuple):
    """The templates of the channel and of the data; without one for the data, the data is the whole row or line."""

    channel: ChannelTemplate
    data: DataTemplate | None = None

    @property
    def names(self) -> list[str]:
        """The names in all placeholders."""
        return [*self.channel.names, *(self.data.names if self.data is not None else ())]


class Columns(NamedTuple):
    """The columns whose cells are only read as text, and the columns whose cells must be numbers."""

    strings: Sequence[str] = ()
    numbers: Sequence[str] = ()


# ---- tables


class _Cells:
    """The cells of one row, as values for templates."""

    def __init__(self, kinds: Mapping[str, ColumnType], cells: Mapping[str, str]) -> None:
        self._kinds = kinds
        self._cells = cells

    def text(self, name: str) -> str:
        return self._cells[name]

    def json(self, name: str) -> bytes:
        try:
            return json_of(self._cells[name], self._kinds[name])
        except UsageError as error:
            raise UsageError(f"the column {name!r:.60}: {error}") from None


def of_table(file: BinaryIO, separator: str, templates: Templates, columns: Columns, start: int) -> Iterator[Line]:
    """Return an iterator over a record for each row of a table.

    Args:
        file: the table.
        separator: the character between cells.
        templates: the templates, which name columns.
        columns: how to read some columns.
        start: the number of the first line to use, after the names of the columns.

    Raises:
        UsageError: an option names a column that the table does not have. This function and the iterator raise it for
            a table that is not valid.
        SystemFailure: the file cannot be read.
    """
    table = Table(file, separator)
    _check_columns(table, templates, columns)
    return _of_rows(table, templates, columns, start)


def _check_columns(table: Table, templates: Templates, columns: Columns) -> None:
    for option, names in (("", templates.names), ("--string: ", columns.strings), ("--number: ", columns.numbers)):
        for name in names:
            _check_column(option, name, table.columns)


def _of_rows(table: Table, templates: Templates, columns: Columns, start: int) -> Iterator[Line]:
    kinds: dict[str, ColumnType] = dict.fromkeys(table.columns, "any")
    kinds |= dict.fromkeys(columns.strings, "string")
    kinds |= dict.fromkeys(columns.numbers, "number")
    names = [(name, json_text(name)) for name in table.columns]
    for row in table.rows():
        if row.number < start:
            continue
        try:
            values = _Cells(kinds, _cells(row, table.columns))
            channel = templates.channel.fill(values)
            if templates.data is None:
                data = b"{%b}" % b",".join([b"%b:%b" % (key, values.json(name)) for name, key in names])
            else:
                data = templates.data.fill(values)
        except UsageError as error:
            yield _failed(row.number, msgspec.json.encode(row.cells), row.position, error)
        else:
            yield Line(row.number, _record(channel, data), row.position)


def _check_column(option: str, name: str, columns: Sequence[str]) -> None:
    if name in columns:
        return
    listed = ", ".join(f"{each:.40}" for each in columns[:_LISTED]) + (", …" if len(columns) > _LISTED else "")
    advice = did_you_mean(name, columns)
    raise UsageError(
        " ".join(filter(None, (f"{option}the table has no column {name!r:.60}: its columns are {listed}.", advice)))
    )


def _cells(row: Row, columns: Sequence[str]) -> Mapping[str, str]:
    if len(row.cells) != len(columns):
        cells = f"{len(row.cells)} cell{'s' * (len(row.cells) != 1)}"
        raise UsageError(f"the row has {cells}, but the table has {len(columns)} columns")
    return dict(zip(columns, row.cells, strict=True))


# ---- lines of JSON


class _Members:
    """The members of one line of JSON, as values for templates. `user.id` is the member `id` of the member `user`."""

    def __init__(self, line: bytes) -> None:
        self._line = line
        self._objects: dict[str, Mapping[str, bytes]] = {}

    def text(self, name: str) -> str:
        value = self.json(name)
        if value.startswith(b'"'):
            return string(value)
        if value[:1] in b"-0123456789":
            return value.decode()
        raise UsageError(f"{name!r:.60} must be text or a number here, not {value[:30].decode(errors='replace')}")

    def json(self, name: str) -> bytes:
        place, value = "", self._line
        for part in name.split("."):
            members = self._members(place, value)
            if part not in members:
                advice = did_you_mean(part, members)
                raise UsageError(" ".join(filter(None, (f"there is no member {name!r:.60}.", advice))))
            place, value = f"{place}.{part}", members[part]
        return value

    def _members(self, place: str, value: bytes) -> Mapping[str, bytes]:
        if place not in self._objects:
            if not value.startswith(b"{"):
                what = repr(place[1:])[:60] if place else "the line"
                raise UsageError(f"{what} must be a JSON object, not {value[:30].decode(errors='replace')}")
            self._objects[place] = object_parts(value)
        return self._objects[place]


def of_json_lines(file: BinaryIO, templates: Templates, start: int) -> Iterator[Line]:
    """Yield a record for each line of *file*, which is the data or has the values for the templates.

    Raises:
        UsageError: the file is not UTF-8, or a line is too long.
        SystemFailure: the file cannot be read.
    """
    for line in lines_of(file, start):
        text = line.text.strip()
        try:
            _check_line(text)
        except UsageError as error:
            yield line._replace(problem=error)
            continue
        try:
            values = _Members(text)
            channel = templates.channel.fill(values)
            data = text if templates.data is None else templates.data.fill(values)
        except UsageError as error:
            yield _failed(line.number, text, line.position, error)
        else:
            yield Line(line.number, _record(channel, data), line.position)


def _check_line(text: bytes) -> None:
    try:
        text.decode()
        check(text)
    except UnicodeDecodeError as error:
        raise UsageError(f"the line is not UTF-8 at byte {error.start}") from None
    except JSONError as error:
        raise UsageError(f"the line is not JSON: {error}") from None
    if b'"executed"' in text and text.startswith(b"{") and {"executed", "error"} <= object_parts(text).keys():
        raise UsageError("the line is a failed command of an earlier load: load this file without --channel")


# ---- records


def _record(channel: str, data: bytes) -> bytes:
    return b'{"publish":{"channel":%b,"data":%b}}' % (json_text(channel), data)


def _failed(number: int, row: bytes, position: int, error: UsageError) -> Line:
    """Return the line for a row without a command; the failures file keeps it as `{"row": …}`."""
    return Line(number, b'{"%b":%b}' % (ROW.encode(), row), position, error)
