"""Refusals can only hold codes and texts that a server passes on to clients."""

import copy
import pickle
from typing import Any

import pytest

from centripetal.dialects.current.proxy.refusals import Close, Refuse
from centripetal.errors import UsageError


@pytest.mark.parametrize(
    ("refusal", "body", "text"),
    [
        (Refuse(403, "not a member"), b'{"error":{"code":403,"message":"not a member"}}', "403: not a member"),
        (Refuse(101), b'{"error":{"code":101,"message":"refused"}}', "101: refused"),
        (
            Refuse(1999, "é", temporary=True),
            '{"error":{"code":1999,"message":"é","temporary":true}}'.encode(),
            "1999: é",
        ),
        (Close(4000), b'{"disconnect":{"code":4000,"reason":""}}', "4000: "),
        (Close(4999, "x" * 123), b'{"disconnect":{"code":4999,"reason":"' + b"x" * 123 + b'"}}', "4999: " + "x" * 123),
    ],
)
def test_refusals_have_the_form_of_the_server(refusal: Refuse | Close, body: bytes, text: str) -> None:
    """A refusal is written as the server reads it; its text starts with the code; copies are equal."""
    assert (refusal.body(), str(refusal)) == (body, text)
    for copied in (copy.copy(refusal), pickle.loads(pickle.dumps(refusal))):
        assert copied.body() == body


@pytest.mark.parametrize(
    "code", [0, -1, 100, 102, 105, 109, 110, 112, 399, 2000, 4501, 2**32, True, "403", 403.0, None]
)
def test_codes_that_clients_misread_are_rejected(code: Any) -> None:
    """`Refuse` accepts 400 to 1999 and the server's codes that fit; the error names both and `Close`."""
    with pytest.raises(UsageError, match=r"the code of Refuse must be from 400 to 1999, .* use Close"):
        Refuse(code)


@pytest.mark.parametrize("code", [0, 1, 999, 2999, 3000, 3005, 3999, 5000, 65535, 70000, True, "4501", None])
def test_close_codes_without_a_close_frame_are_rejected(code: Any) -> None:
    """`Close` accepts 4000 to 4999: with others, servers send no close frame or another meaning."""
    with pytest.raises(UsageError, match="the code of Close must be from 4000 to 4999"):
        Close(code)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Close(4501, "é" * 62), "at most 123 bytes of UTF-8, not 124"),
        (lambda: Close(4501, None), "reason must be text"),  # type: ignore[arg-type]
        (lambda: Close(4501, "\ud800"), "reason contains a lone surrogate"),
        (lambda: Refuse(403, b"x"), "message must be text"),  # type: ignore[arg-type]
        (lambda: Refuse(403, temporary=1), "temporary must be True or False"),  # type: ignore[arg-type]
    ],
)
def test_wrong_texts_are_rejected(make: Any, message: str) -> None:
    """Texts that clients would not see are errors of the line that creates the refusal."""
    with pytest.raises(UsageError, match=message):
        make()
