"""Advice about arguments that should be JSON."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.cli.json_advice import is_json, json_advice


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("{id:1}", """The shell removes double quotes that are not inside single quotes. Type '{"id":1}'"""),
        ("[a, true]", """The shell removes double quotes that are not inside single quotes. Type '["a", true]'"""),
        ("{text: hello you}", """Type '{"text": "hello you"}'"""),
        ("{'id':1}", """JSON has double quotes. Type '{"id":1}'"""),
        ("{x:", """Type '{"text": "hello"}'"""),
        ("""'{"a": 1}'""", r"""Type double quotes outside and \" inside: "{\"a\": 1}" """.strip()),
        ('"hello', "The shell splits words at spaces."),
        ("hello", """For plain text, add --text; otherwise type JSON such as '"hello"'"""),
        ("it's", """otherwise type JSON such as '{"text": "hello"}'"""),
    ],
)
def test_the_advice_repairs_the_argument(text: str, advice: str) -> None:
    """The advice names the reason, and the argument in the form that a shell passes on as JSON."""
    assert advice in json_advice("data", text, takes_text=True)


@given(st.text(max_size=80) | st.from_regex(r"[{\[][\w'\", :]{0,20}[}\]]", fullmatch=True))
def test_suggestions_are_json_and_short(text: str) -> None:
    """Every suggestion in single quotes is one word for a shell and JSON, and the advice is short."""
    advice = json_advice("--info", text, takes_text=False)
    assert len(advice) < 250
    start = advice.find("'")
    if start >= 0 and "inside: " not in advice and "inside single" not in advice[start:]:
        words = shlex.split(advice[start:].replace(" or ", " "))
        assert all(is_json(word) for word in words), advice
