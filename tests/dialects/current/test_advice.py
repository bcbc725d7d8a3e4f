"""The advice table of the current Centrifugo is complete and well formed."""

import re

import pytest

from centripetal.dialects.current.advice import ADVICE
from centripetal.protocol.advice import Advice

ENTRIES = (*ADVICE.errors.values(), *ADVICE.closes.values(), *ADVICE.requests.values())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.meaning[:40])
def test_each_entry_consists_of_sentences(entry: Advice) -> None:
    """Meaning and fix start with a capital or a quotation, end with a full stop, and have no unfilled placeholder."""
    filled = entry.about(method="publish", channels=("a:b",), user="ann", reason="why")
    for text in filter(None, filled):
        assert re.match(r"[A-Z`“]", text)
        assert text.endswith(".")
        assert not re.search(r"\{\w+\}", text)


def test_only_intended_disconnects_need_no_fix() -> None:
    """Only the server's shutdown and a disconnect by the back end need no fix."""
    assert len([entry for entry in ENTRIES if not entry.fix]) == 2
