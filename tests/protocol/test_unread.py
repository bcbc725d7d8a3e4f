"""Tests of errors that are dropped before they were read."""

import pytest

from centripetal.errors import CentripetalError
from centripetal.protocol import unread
from centripetal.protocol.unread import Errors, Unread, set_notice


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """Return the reports: the place, and the texts of the errors."""
    monkeypatch.setattr(unread, "_notice", unread._notice)
    reports: list[tuple[str, list[str]]] = []

    def report(place: str, errors: Errors) -> None:
        reports.append((place, [str(make()) for make in errors.values()]))

    set_notice(lambda _: report)
    return reports


def two() -> Unread:
    return Unread("a batch", {1: lambda: CentripetalError("one"), 4: lambda: CentripetalError("four")})


@pytest.mark.parametrize(
    ("read", "texts"), [((), [["one", "four"]]), ((1,), [["four"]]), ((4, 4, 7), [["one"]]), ((1, 4), [])]
)
def test_errors_that_were_not_read_are_reported(
    reported: list[tuple[str, list[str]]], read: tuple[int, ...], texts: list[list[str]]
) -> None:
    """The errors that were not read are reported together when the object is dropped, and read errors are not."""
    errors = two()
    for key in read:
        errors.read(key)
    assert reported == []
    del errors
    assert reported == [("a batch", each) for each in texts]


def test_errors_are_reported_once(reported: list[tuple[str, list[str]]]) -> None:
    """An explicit report is not repeated when the object is dropped."""
    errors = two()
    errors.tell()
    del errors
    assert len(reported) == 1
