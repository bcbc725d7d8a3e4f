"""Tests of the results of `publish` and `broadcast`."""

import pickle

import msgspec
import pytest

from centripetal.dialects.current.results.standard import BroadcastResult, PublishResponse, PublishResult, ReplyError
from centripetal.errors import BroadcastError, ServerError
from centripetal.testing import Recorder


def test_a_broadcast_reports_the_channels_that_failed() -> None:
    """Each channel has its own response, which returns its result or raises its error."""
    text = b'{"responses":[{"result":{"offset":1,"epoch":"e"}},{"error":{"code":102,"message":"unknown channel"}},{}]}'
    result = msgspec.json.decode(text, type=BroadcastResult)
    fine, refused, empty = result.responses
    assert fine.value() == PublishResult(1, "e")
    assert empty.value() == PublishResult()
    assert result.failed == {1: ReplyError(102, "unknown channel")}
    with pytest.raises(ServerError, match="102: unknown channel") as caught:
        refused.value()
    assert (caught.value.code, caught.value.executed, caught.value.retryable) == (102, "no", False)
    with pytest.raises(ServerError) as inside:
        PublishResponse(error=ReplyError(100, "internal server error")).value()
    assert (inside.value.executed, inside.value.retryable) == ("unknown", True)


def test_the_failures_of_a_broadcast_are_raised_together() -> None:
    """`raise_for_failed` names the failed channels, holds each error, and survives pickling of result and error."""
    client = Recorder().client()
    client.broadcast(["a", "b"], 1).raise_for_failed()
    result = client.broadcast(["none:x", "a", "none:y"], 1)
    with pytest.raises(BroadcastError) as caught:
        result.raise_for_failed()
    error = pickle.loads(pickle.dumps(caught.value))
    assert str(error) == (
        "broadcast: failed in 2 of 3 channels: “none:x”: 102: unknown channel; “none:y”: 102: unknown channel"
    )
    assert list(error.errors) == ["none:x", "none:y"]
    assert all(each.code == 102 and "is not configured" in str(each) for each in error.errors.values())
    assert (error.executed, error.retryable) == ("yes", False)
    with pytest.raises(BroadcastError, match="“number 0”: 102"):  # a result does not hold the names of its channels
        pickle.loads(pickle.dumps(result)).raise_for_failed()


@pytest.mark.parametrize(
    ("codes", "executed", "retryable"),
    [((102, 102), "no", False), ((100, 102), "unknown", False), ((100, 100), "unknown", True), ((100, 0), "yes", True)],
)
def test_a_broadcast_that_failed_says_whether_it_may_have_run(
    codes: tuple[int, int], executed: str, retryable: bool
) -> None:
    """The error combines the errors of the channels; the broadcast ran if a channel succeeded."""
    result = BroadcastResult([PublishResponse(error=ReplyError(code, "x") if code else None) for code in codes])
    with pytest.raises(BroadcastError) as caught:
        result.raise_for_failed()
    assert (caught.value.executed, caught.value.retryable) == (executed, retryable)
