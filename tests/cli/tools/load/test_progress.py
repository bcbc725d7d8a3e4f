"""Tests of the progress of a load: a bar in a terminal, occasional lines elsewhere."""

import sys

import pytest

from centripetal.cli.tools.load.progress import progress


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The bar shows the completed share, the rate and the number of failures."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with progress(100) as bar:
        bar.advance(50, 1234, 5)
    err = capsys.readouterr().err
    assert "50%" in err
    assert "5 failed" in err
    assert "/s" in err


def test_a_file_gets_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    """Outside a terminal, a progress line is printed every ten seconds."""
    now = iter([0.0, 5.0, 11.0, 12.0, 30.0])
    with progress(200, clock=lambda: next(now)) as bar:
        for position in (50, 100, 150, 200):
            bar.advance(position, position * 10, 1)
    assert capsys.readouterr().err.splitlines() == [
        "50%, 1,000 commands, 91 per second, 1 failed",
        "100%, 2,000 commands, 67 per second, 1 failed",
    ]
