"""Messages of checks in the words of the command line."""

import pytest

from centripetal.cli.api.wording import in_options


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("pass the user's id, or anonymous=True to confirm", "give the user's id, or --anonymous to confirm"),
        (
            "info is missing: pass info= (None is JSON null) or b64info= (b'' for an empty payload)",
            "info is missing: give --info or --b64info",
        ),
        ("info without expire_at is ignored", "info without --expire-at is ignored"),
        ("the limit of --limit is 5", "the limit of --limit is 5"),
    ],
)
def test_arguments_become_options(message: str, expected: str) -> None:
    """Names of arguments become options, and hints about Python are removed; English words stay."""
    assert in_options(message, ["anonymous", "info", "b64info", "expire_at", "limit"]) == expected
