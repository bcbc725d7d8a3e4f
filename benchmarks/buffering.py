"""A thousand publishes in one request to a Centrifugo 1.x server."""

from benchmarks.measure import Turn, timed
from benchmarks.publishing import CHANNEL, DATA, BareSocket, check
from centripetal import v1
from centripetal.dialects.v1.codec import Codec
from centripetal.dialects.v1.commands import Publish

__all__ = ["SIZE", "AddAndSend", "Batched", "ReadyMade", "Send"]

SIZE = 1_000


class ReadyMade(BareSocket):
    """A bare socket that sends a request made before, signature included, and decodes the reply."""

    name = "bare socket, ready-made"

    def __init__(self, url: str, secret: str) -> None:
        super().__init__(url, secret)
        codec = Codec(url, secret)
        self._request = self.request(codec.request([codec.prepare(Publish(CHANNEL, DATA))] * SIZE).body)

    def turn(self, times: int) -> Turn:
        return timed(times, lambda: check(self.post(self._request), SIZE))


class Send:
    """`Client.send` of a full buffer; filling it is not measured."""

    name = "Client.send"

    def __init__(self, url: str, secret: str) -> None:
        self._client = v1.Client(url, secret)

    def turn(self, times: int) -> Turn:
        wall = busy = 0
        for _ in range(times):
            for _ in range(SIZE):
                self._client.add_publish(CHANNEL, DATA)
            turn = timed(1, self._send)
            wall, busy = wall + turn.wall_ns, busy + (turn.cpu_ns or 0)
        return Turn(times, wall, busy)

    def _send(self) -> None:
        responses = self._client.send()
        if len(responses) != SIZE or any(response.error for response in responses):
            raise RuntimeError("the server refused a publish")

    def close(self) -> None:
        self._client.close()


class AddAndSend(Send):
    """A thousand times `Client.add_publish`, then `Client.send`."""

    name = "Client.add_publish and send"

    def turn(self, times: int) -> Turn:
        return timed(times, self._fill_and_send)

    def _fill_and_send(self) -> None:
        for _ in range(SIZE):
            self._client.add_publish(CHANNEL, DATA)
        self._send()


class Batched(Send):
    """`with client.batch()` around a thousand publishes, and all of their results."""

    name = "Client.batch"

    def turn(self, times: int) -> Turn:
        return timed(times, self._batch)

    def _batch(self) -> None:
        with self._client.batch() as batch:
            slots = [batch.publish(CHANNEL, DATA) for _ in range(SIZE)]
        if not all(slot.result() for slot in slots):
            raise RuntimeError("the server refused a publish")
