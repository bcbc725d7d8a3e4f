"""The formats that `load` reads, and the options for each of them."""

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import BinaryIO, NamedTuple

from centripetal.cli.suggestions import did_you_mean
from centripetal.cli.tools.load.ndjson import Line, lines_of
from centripetal.cli.tools.load.publications import Columns, Templates, of_json_lines, of_table
from centripetal.cli.tools.load.templates import ChannelTemplate, DataTemplate
from centripetal.errors import UsageError, shown

__all__ = ["FORMATS", "Format", "chosen_format"]

_SEPARATORS = {"csv": ",", "tsv": "\t"}
FORMATS = (*_SEPARATORS, "ndjson")
"""Values of `--format`."""

_ENDINGS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv"}


class Format(NamedTuple):
    """How to read the input.

    Attributes:
        name: one of `FORMATS`.
        templates: the templates of publications; None for lines that are commands.
        columns: how to read some columns of a table.
    """

    name: str
    templates: Templates | None
    columns: Columns

    def lines(self, source: BinaryIO, start: int) -> Iterator[Line]:
        """Return the lines of *source* from line *start*, each with a record.

        Raises:
            UsageError: the columns of a table do not match the options. Iterating raises it for invalid input.
            SystemFailure: *source* cannot be read.
        """
        if self.templates is None:
            return lines_of(source, start)
        if self.name in _SEPARATORS:
            return of_table(source, _SEPARATORS[self.name], self.templates, self.columns, start)
        return of_json_lines(source, self.templates, start)


def chosen_format(
    file: str,
    given: str | None = None,
    channel: str | None = None,
    data: str | None = None,
    strings: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> Format:
    """Return the format of *file*, chosen by the options of `load` or by the ending of its name.

    Args:
        file: the name of the file.
        given: the value of `--format`.
        channel: the template of the channel.
        data: the template of the data.
        strings: the columns whose cells are text.
        numbers: the columns whose cells are numbers.

    Raises:
        UsageError: an option is invalid, is missing, or cannot be combined with the format.
    """
    if given is not None and given.lower() not in FORMATS:
        advice = did_you_mean(given, FORMATS)
        known = ", ".join(FORMATS)
        raise UsageError(" ".join(filter(None, (f"--format {shown(given, 60)} is invalid: give {known}.", advice))))
    name = given.lower() if given is not None else _ENDINGS.get(PurePath(file).suffix.lower(), "ndjson")
    is_table = name in _SEPARATORS
    if channel is None:
        if is_table:
            raise UsageError(
                f"{name.upper()} needs --channel, the channel for each row: a name, or a template such as "
                "--channel 'orders:{customer}', where customer is a column. For commands in JSON, give --format ndjson"
            )
        for option, value in (("--data", data), ("--string", strings), ("--number", numbers)):
            if value:
                raise UsageError(f"{option} needs --channel: without --channel, each line is a command")
    if not is_table and (strings or numbers):
        raise UsageError("--string and --number are for CSV and TSV: values in JSON have a type")
    both = next((column for column in strings if column in numbers), None)
    if both is not None:
        raise UsageError(f"--string and --number cannot both name the column {both!r:.60}")
    if channel is None:
        return Format(name, None, Columns())
    templates = Templates(ChannelTemplate(channel), None if data is None else DataTemplate(data))
    return Format(name, templates, Columns(strings, numbers))
