"""Tests of choosing the format of a load."""

import io
from typing import Any

import pytest

from centripetal.cli.tools.load.formats import chosen_format
from centripetal.errors import UsageError


@pytest.mark.parametrize(
    ("file", "given", "name"),
    [
        ("orders.csv", None, "csv"),
        ("ORDERS.CSV", None, "csv"),
        ("a.b/orders.tsv", None, "tsv"),
        ("orders.tab", None, "tsv"),
        ("orders.csv.failed.ndjson", None, "ndjson"),
        ("orders.jsonl", None, "ndjson"),
        ("orders.csv", "ndjson", "ndjson"),
        ("-", None, "ndjson"),
        ("-", "CSV", "csv"),
        ("/dev/fd/63", "tsv", "tsv"),
    ],
)
def test_the_format(file: str, given: str | None, name: str) -> None:
    """`--format` selects the format, otherwise the ending of the file does; other files have commands or data."""
    assert chosen_format(file, given, channel="c").name == name


def test_the_separator() -> None:
    """CSV has commas, TSV has tabs, and without --channel a line is taken as it is."""
    for name, text in (("csv", b"a,b\n1,2"), ("tsv", b"a\tb\n1\t2")):
        (line,) = chosen_format("-", name, "c:{a}").lines(io.BytesIO(text), 1)
        assert line.text == b'{"publish":{"channel":"c:1","data":{"a":1,"b":2}}}'
    (line,) = chosen_format("-", None, "c").lines(io.BytesIO(b"[1]"), 1)
    assert line.text == b'{"publish":{"channel":"c","data":[1]}}'
    (line,) = chosen_format("-").lines(io.BytesIO(b"[1]"), 1)
    assert line.text == b"[1]"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x.csv",), r"CSV needs --channel, .*--channel 'orders:\{customer\}'"),
        (("-", "tsv"), "TSV needs --channel"),
        (("-", "cvs"), r"--format 'cvs' is invalid: give csv, tsv, ndjson. Did you mean 'csv'\?"),
        (("-", None, None, "{}"), "--data needs --channel"),
        (("-", None, None, None, ["a"]), "--string needs --channel"),
        (("-", None, None, None, [], ["a"]), "--number needs --channel"),
        (("-", None, "c", None, ["a"]), "--string and --number are for CSV and TSV"),
        (("-", "csv", "c", None, ["a"], ["a"]), "cannot both name the column 'a'"),
        (("-", "csv", "c:{"), "--channel: a placeholder is not closed"),
        (("-", "csv", "c", "{"), "--data: a placeholder is not closed"),
    ],
)
def test_invalid_options(arguments: tuple[Any, ...], words: str) -> None:
    """Options that are missing, invalid or do not go together are errors that say what to type."""
    with pytest.raises(UsageError, match=words):
        chosen_format(*arguments)
