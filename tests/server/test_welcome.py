"""The lines that a server prints when it starts."""

import pytest

from centripetal.server.welcome import Shown, welcome

URL = "http://127.0.0.1:8000"
KEY = "k" * 32


def lines(generation: str, generated: tuple[str, ...], environment: dict[str, str]) -> list[str]:
    keys = {"secret": "given", "api_key": KEY, "token_secret": KEY}
    return list(welcome(Shown(generation, URL, f"{URL}/console/", keys, generated), environment))


def test_all_lines_of_a_generated_server() -> None:
    """The lines name the server, its console and purpose, and then what to paste; none has more than 80 columns."""
    found = lines("6", ("api_key", "token_secret"), {})
    assert found == [
        f"serving the API and clients of Centrifugo 6 at {URL}",
        f"its console: {URL}/console/",
        "Everything is in memory: for development and tests, not in production.",
        "Its keys are generated at each start, unless you give them.",
        "In another terminal, paste:",
        f"export CENTRIFUGO_HTTP_API_URL={URL}",
        f"export CENTRIFUGO_HTTP_API_KEY={KEY}",
        f"export CENTRIFUGO_CLIENT_TOKEN_HMAC_SECRET_KEY={KEY}",
        """centripetal publish news '{"text": "hello"}'""",
        "centripetal token connection 42",
    ]
    assert max(map(len, found)) <= 80


def test_given_keys_are_not_printed() -> None:
    """A key that was given is mentioned, and never printed."""
    found = lines("1.x", (), {})
    assert "# and set CENTRIFUGO_SECRET to your key" in found
    assert "given" not in " ".join(found)
    assert "centripetal token 42" in found


@pytest.mark.parametrize(
    ("generation", "environment", "expected"),
    [
        ("6", {"CENTRIFUGO_SECRET": "s", "CENTRIFUGO_API_URL": "u"}, "unset CENTRIFUGO_API_URL CENTRIFUGO_SECRET"),
        ("1.x", {"CENTRIFUGO_HTTP_API_KEY": "k"}, "unset CENTRIFUGO_HTTP_API_KEY"),
        ("6", {"CENTRIFUGO_HTTP_API_KEY_FILE": "f"}, "unset CENTRIFUGO_HTTP_API_KEY_FILE"),
        ("6", {"CENTRIFUGO_HTTP_API_KEY": "k"}, None),
    ],
)
def test_contradicting_variables_are_unset(generation: str, environment: dict[str, str], expected: str | None) -> None:
    """Variables of this terminal that would contradict the exported ones are removed first."""
    assert next((line for line in lines(generation, (), environment) if line.startswith("unset")), None) == expected
