"""Tests of the counts and the progress of `publish_many`."""

import io
import sys
from typing import Any

import pytest

from centripetal import PublishSummary
from centripetal.testing import Recorder
from tests.client.bulk.ways import WAYS, Kit, publish_many


@pytest.mark.parametrize("way", WAYS)
def test_only_the_first_errors_are_kept(kit: Kit, way: str) -> None:
    """A million failures need no more memory than ten."""
    summary = publish_many(kit, way, (("none:x", number) for number in range(2500)))
    assert (summary.sent, summary.failed, len(summary.errors)) == (0, 2500, 10)


@pytest.mark.parametrize("way", WAYS)
def test_the_progress_ends_with_the_final_counts(kit: Kit, way: str) -> None:
    """The function is called at least at the end, with the summary."""
    reports: list[PublishSummary] = []
    summary = publish_many(kit, way, [("a", 1), ("", 2)], progress=reports.append)
    assert [(each.sent, each.failed) for each in reports][-1] == (summary.sent, summary.failed) == (1, 1)


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "items", "shown"),
    [
        (Terminal(), [("a", 1), ("", 2)], "2 of 2 published"),
        (Terminal(), iter([("a", 1), ("", 2)]), "2 published"),
        (io.StringIO(), [("a", 1)], ""),
        (None, [("a", 1)], None),
    ],
    ids=["terminal", "unknown length", "file", "closed"],
)
def test_the_line_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO | None, items: Any, shown: str | None
) -> None:
    """`progress=True` draws one line on a terminal, and writes nothing elsewhere."""
    monkeypatch.setattr(sys, "stderr", stream)
    publish_many(Recorder(), "blocking", items, progress=True)
    if stream is not None:
        text = stream.getvalue()
        assert (shown in text and text.endswith("\n") and "1 failed" in text) if shown else text == ""
