"""Tables: files in CSV or TSV, read row by row. The first row names the columns."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple

from centripetal.cli.tools.load.ndjson import Line, all_lines_of
from centripetal.errors import UsageError, shown

__all__ = ["MAX_ROW_BYTES", "Row", "Table"]

MAX_ROW_BYTES = 4 << 20
"""Maximum length of a row. The limit ends a table in which a closing quotation mark is missing."""


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        number: the number of the row's first line in the file, starting at 1.
        cells: the cells as text.
        position: the position in the file after the row, in bytes.
    """

    number: int
    cells: list[str]
    position: int


class Table:
    """A table that is read row by row, in UTF-8 with or without a byte order mark, with LF or CR LF.

    Quotation marks around a cell protect separators, line breaks and doubled quotation marks in it, in CSV and in TSV.

    Args:
        file: the file.
        separator: the character between cells.

    Attributes:
        columns: the names of the columns, without white space around them.

    Raises:
        UsageError: the names of the columns are missing, empty or repeated, or the file is not valid.
        SystemFailure: the file cannot be read.
    """

    def __init__(self, file: BinaryIO, separator: str) -> None:
        import csv  # imported here, so that other verbs start faster

        csv.field_size_limit(MAX_ROW_BYTES)
        self._invalid = csv.Error
        self._number = self._row_bytes = self._position = 0
        self._reader = csv.reader(self._texts(all_lines_of(file)), delimiter=separator, strict=True)
        header = next(self.rows(), None)
        if header is None:
            raise UsageError("the table is empty: its first row must name the columns")
        self.columns = [name.strip() for name in header.cells]
        _check_columns(self.columns, header.number)

    def rows(self) -> Iterator[Row]:
        """Yield the rows after the names of the columns, except blank lines."""
        while True:
            start = self._number + 1
            self._row_bytes = 0
            try:
                cells = next(self._reader, None)
            except self._invalid as error:
                raise UsageError(
                    f"line {start}: the row is not valid ({error}). Put quotation marks around a cell that contains "
                    "separators or line breaks, and double the quotation marks in it"
                ) from None
            if cells is None:
                return
            if cells:
                yield Row(start, cells, self._position)

    def _texts(self, lines: Iterator[Line]) -> Iterator[str]:
        for line in lines:
            self._row_bytes += len(line.text)
            if self._row_bytes > MAX_ROW_BYTES:
                raise UsageError(
                    f"the row that ends with line {line.number} is longer than {MAX_ROW_BYTES >> 20} MiB: "
                    "a closing quotation mark may be missing before this line"
                )
            self._number, self._position = line.number, line.position
            try:
                yield line.text.decode()
            except UnicodeDecodeError as error:
                raise UsageError(
                    f"line {line.number} is not UTF-8 at byte {error.start}: convert the file, for example with "
                    "`iconv -f WINDOWS-1252 -t UTF-8`"
                ) from None


def _check_columns(columns: Sequence[str], number: int) -> None:
    if "" in columns:
        raise UsageError(
            f"line {number}: column {columns.index('') + 1} has no name: the first row must name the columns"
        )
    known: set[str] = set()
    for name in columns:
        if name in known:
            raise UsageError(f"line {number}: two columns have the name {shown(name, 60)}: rename one of them")
        known.add(name)
