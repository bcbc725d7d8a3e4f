"""Messages to many clients."""

from centripetal.server.current.connection import OutgoingJoinLeave
from centripetal.server.engine.engine import ClientInfo


def test_each_encoding_is_computed_once() -> None:
    """A message is encoded once per encoding, and all clients with that encoding share the bytes object."""
    outgoing, made = OutgoingJoinLeave("c", ClientInfo("u", "1"), joined=True), list[str]()

    def encode_plain(outgoing: OutgoingJoinLeave) -> bytes:
        made.append(outgoing.channel)
        return b"x" * len(made)

    def encode_otherwise(outgoing: OutgoingJoinLeave) -> bytes:
        return encode_plain(outgoing)

    assert outgoing.encoded(encode_plain) is outgoing.encoded(encode_plain)
    assert outgoing.encoded(encode_otherwise) == b"xx"
    assert made == ["c", "c"]
