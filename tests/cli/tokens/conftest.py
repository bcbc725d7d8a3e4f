"""The command line with the secret of the recorded signatures."""

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def signing(cli: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`cli` with the secret of the test vectors."""
    monkeypatch.setenv("CENTRIFUGO_SECRET", "secret")
    return cli
