"""The table of advice of this dialect: each entry can be put into words."""

import re

import pytest

from centripetal.dialects.v1.advice import ADVICE
from centripetal.protocol.advice import Advice

ENTRIES = (*ADVICE.errors.values(), *ADVICE.closes.values(), *ADVICE.requests.values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.meaning[:40])
def test_each_entry_is_made_of_sentences(entry: Advice) -> None:
    """Meaning and fix begin with a capital letter or a quotation, end with a full stop, and have no name left open."""
    filled = entry.about(method="publish", channels=("a:b",), user="ann", reason="why")
    for text in filter(None, filled):
        assert re.match(r"[A-Z`“]", text)
        assert text.endswith(".")
        assert not re.search(r"\{\w+\}", text)


def test_only_what_was_asked_for_needs_no_fix() -> None:
    """The end of the server and a disconnect by the back end are no faults."""
    assert len([entry for entry in ENTRIES if not entry.fix]) == 2
