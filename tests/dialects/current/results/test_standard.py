"""Results have every field of the published API, and payloads are decoded on access."""

from typing import Any

import msgspec
import pytest

from centripetal.dialects.current.results.maps import MapEntry
from centripetal.dialects.current.results.standard import (
    ClientInfo,
    HistoryResult,
    Publication,
    RPCResult,
)
from centripetal.errors import MalformedResponseError
from tests.dialects.current.commands.definition import METHODS, Listed, field_types, message_class, names_of, sample

every_method = pytest.mark.parametrize("listed", METHODS, ids=lambda listed: listed.name)


def plain(value: Any) -> Any:
    """Return a result in its JSON form."""
    if isinstance(value, msgspec.Struct):
        fields = {field.encode_name: field.name for field in msgspec.structs.fields(value)}
        members = {wire: plain(getattr(value, wire if hasattr(value, wire) else own)) for wire, own in fields.items()}
        return {name: member for name, member in members.items() if member not in (None, [], {})}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


@every_method
def test_a_result_has_every_field_of_the_definition(listed: Listed) -> None:
    """A result has exactly the fields of the server, with the same names."""
    assert names_of(message_class(listed.result)) == field_types(listed.result).keys()


@every_method
def test_every_field_of_a_reply_is_decoded(listed: Listed) -> None:
    """A reply with a value in each field, at every level, becomes a result with the same values."""
    whole = {name: sample(kind, name) for name, kind in field_types(listed.result).items()}
    result = msgspec.json.decode(msgspec.json.encode(whole), type=message_class(listed.result))
    assert plain(result) == whole
    assert repr(result)


@every_method
def test_an_empty_reply_is_decoded_to_defaults(listed: Listed) -> None:
    """Fields that the server leaves out are zero, and unknown fields are ignored."""
    kind = message_class(listed.result)
    assert msgspec.json.decode(b"{}", type=kind) == kind()
    assert msgspec.json.decode(b'{"invented":[1]}', type=kind) == kind()


def test_payloads_are_kept_as_sent_and_decoded_on_access() -> None:
    """A payload keeps every digit, and JSON null differs from an absent payload."""
    text = b'{"publications":[{"data":{"n":1.10},"offset":1},{"data":null,"offset":2},{"offset":3}]}'
    one, null, none = msgspec.json.decode(text, type=HistoryResult).publications
    assert (one.data_json, one.data) == (b'{"n":1.10}', {"n": 1.1})
    assert (null.data_json, null.data) == (b"null", None)
    assert (none.data_json, none.data) == (None, None)
    assert repr(one) == "Publication(data={'n': 1.1}, offset=1, tags={})"


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (Publication, ["data"]),
        (MapEntry, ["data"]),
        (RPCResult, ["data"]),
        (ClientInfo, ["conn_info", "chan_info"]),
        (message_class("ConnectionState"), ["meta"]),
    ],
)
def test_every_payload_has_two_forms(kind: Any, names: list[str]) -> None:
    """A payload is available decoded and as bytes; the repr does not fail on undecodable bytes."""
    for name in names:
        value = kind(**{f"raw_{name}": msgspec.Raw(b"[1]")})
        assert (getattr(value, name), getattr(value, f"{name}_json")) == ([1], b"[1]")
        broken = kind(**{f"raw_{name}": msgspec.Raw(b"[1")})
        with pytest.raises(MalformedResponseError):
            getattr(broken, name)
        assert "b'[1'" in repr(broken)
        assert getattr(kind(), name) is getattr(kind(), f"{name}_json") is None


def test_the_repr_of_a_device_hides_its_token() -> None:
    """The token of a device is a secret, so its repr does not show it."""
    assert "secret" not in repr(message_class("Device")(id="d", token="secret"))
