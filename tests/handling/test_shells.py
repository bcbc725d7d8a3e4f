"""The kind of an event is the last segment of the path of a POST."""

import pytest

from centripetal.handling.flow import NoAnswer
from centripetal.handling.shells import kind_of


@pytest.mark.parametrize("path", ["/connect", "/a/b/connect", "connect", "/centrifugo/connect/"])
def test_the_last_segment_is_the_kind(path: str) -> None:
    """Any path works, with and without a last slash."""
    assert kind_of("POST", path) == "connect"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "post", ""])
def test_other_methods_are_refused(method: str) -> None:
    """A request that is not a POST gets 405."""
    with pytest.raises(NoAnswer) as caught:
        kind_of(method, "/connect")
    assert caught.value.status == 405
