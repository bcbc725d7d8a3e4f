"""Tests of the templates of channels and data."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from centripetal.cli.tools.load.templates import ChannelTemplate, DataTemplate
from centripetal.cli.tools.load.values import json_of
from centripetal.errors import UsageError


class Cells:
    """Values for templates from a dict."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self._cells = cells

    def text(self, name: str) -> str:
        return self._cells[name]

    def json(self, name: str) -> bytes:
        return json_of(self._cells[name])


@pytest.mark.parametrize(
    ("template", "cells", "channel"),
    [
        ("news", {}, "news"),
        ("orders:{customer}", {"customer": "ann"}, "orders:ann"),
        ("orders:{ customer }", {"customer": "ann"}, "orders:ann"),
        ("{a}-{b}", {"a": "1", "b": "2"}, "1-2"),
        ("a{{b}", {}, "a{b}"),
        ("{{{a}}", {"a": "x"}, "{x}"),
        ("p:{pair}", {"pair": "EUR/USD"}, "p:EUR/USD"),
        ("p:{pair}", {"pair": "$5"}, "p:$5"),
        ("room#{users}", {"users": "42"}, "room#42"),
    ],
)
def test_channels(template: str, cells: Mapping[str, str], channel: str) -> None:
    """A placeholder becomes the text of the column, and two braces are one brace."""
    assert ChannelTemplate(template).fill(Cells(cells)) == channel


@pytest.mark.parametrize(
    ("template", "cell", "reason"),
    [
        ("o:{a}", "x:y", "it contains ':'"),
        ("{a}", "x:y", "it contains ':'"),
        ("o:{a}", "x#42", "it contains '#'"),
        ("o:{a}", "x&y", "it contains '&'"),
        ("room#{a}", "42,43", "it contains ','"),
        ("/users/{a}", "42/posts", "it contains '/'"),
        ("{a}", "$private", r"it starts with '\$'"),
        ("o:{a}", "", "it is empty"),
        ("o:{a}", "a\nb", "it contains control characters"),
        ("o:{a}", " a", "it contains control characters, or starts or ends with white space"),
        ("o:{a}", "a\u202eb", "it contains control characters"),
    ],
)
def test_a_value_cannot_change_the_kind_of_a_channel(template: str, cell: str, reason: str) -> None:
    """A value with a character that has a meaning in channel names is refused with the reason."""
    with pytest.raises(UsageError, match=f"'a' is .* cannot be a part of a channel, because {reason}"):
        ChannelTemplate(template).fill(Cells({"a": cell}))


@pytest.mark.parametrize("template", ["o:{a", "o:{", "o:{}", "o:{ }", "o:{{{a", "{a{b}}"])
def test_incomplete_placeholders_of_channels(template: str) -> None:
    """A placeholder that is not closed or empty is an error that says how to write a brace."""
    with pytest.raises(UsageError, match=r"--channel: a placeholder is (not closed|empty) at .* and {{ for a brace"):
        ChannelTemplate(template)


def test_an_empty_channel() -> None:
    """An empty template is refused."""
    with pytest.raises(UsageError, match="--channel must not be empty"):
        ChannelTemplate("")


# What the data must parse to, given the cells (a, b) and their values in JSON (x, y).
TEMPLATES: dict[str, Callable[[str, str, Any, Any], Any]] = {
    '{"id": {a}}': lambda a, b, x, y: {"id": x},
    '{"a":{a},"b":[{b},{a}]}': lambda a, b, x, y: {"a": x, "b": [y, x]},
    "{a}": lambda a, b, x, y: x,
    '[{a},{}, { }, { "x" : {b} }]': lambda a, b, x, y: [x, {}, {}, {"x": y}],
    '"{a} and {b}"': lambda a, b, x, y: f"{a} and {b}",
    r'{"t": "{{{a}} \" {b}", "n": {{}}': lambda a, b, x, y: {"t": f'{{{a}}} " {b}', "n": {}},
    '{"{{x": "é😀", "y": {a}}': lambda a, b, x, y: {"{x": "é😀", "y": x},
}
SPECIAL = st.sampled_from(['"', "\\", "{", "}", "{a}", '", "admin": true, "x": "', "\n", "\0", "\u2028", "1", "-"])
CELLS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.lists(SPECIAL, max_size=4).map("".join),
    st.integers().map(str),
    st.floats().map(str),
)


@pytest.mark.parametrize("template", TEMPLATES)
@given(a=CELLS, b=CELLS)
@settings(max_examples=40)
def test_no_value_can_break_out(template: str, a: str, b: str) -> None:
    """Whatever the cells contain, the data parses to the template with the values in their places."""
    made = DataTemplate(template).fill(Cells({"a": a, "b": b}))
    assert json.loads(made) == TEMPLATES[template](a, b, json.loads(json_of(a)), json.loads(json_of(b)))


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("", "is not JSON"),
        ('{"id": {a}', "is not JSON"),
        ('{"id": a}', "is not JSON"),
        ('{"id": 1{a}}', "is not JSON"),
        ('{"id": {a}{b}}', "is not JSON"),
        ('{"id": "x}', "is not JSON"),
        ('{"id": {a}} x', "is not JSON"),
        ('{"id": "\udcff"}', "is not JSON"),
        ("{'id': {a}}", "a placeholder is not closed at .* {{ for a brace"),
        ('{"id": "{"}', "a placeholder is not closed at .* {{ for a brace"),
        ('{"id": "{ }"}', "a placeholder is empty at .* {{ for a brace"),
        ('{"{a}": 1}', "the name of a member must not contain a placeholder"),
        ('{"{a}" : 1}', "the name of a member must not contain a placeholder"),
        ('{"x": 1, "x": {a}}', "the member 'x' occurs twice"),
    ],
)
def test_invalid_data_templates(template: str, words: str) -> None:
    """A template that is not JSON around its placeholders is an error before anything is sent."""
    with pytest.raises(UsageError, match=words):
        DataTemplate(template)


@given(st.text(alphabet='{}"\\:,ab 1[]', max_size=12))
def test_any_template_is_valid_or_refused(template: str) -> None:
    """Any template either raises a UsageError or makes JSON of any values."""
    try:
        made = DataTemplate(template)
    except UsageError:
        return
    json.loads(made.fill(Cells(dict.fromkeys(made.names, '"}'))))
