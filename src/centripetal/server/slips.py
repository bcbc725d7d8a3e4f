"""Keys of a configuration that are slips: which key of Centrifugo 6 was probably meant: PURE."""

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import get_origin

import msgspec

__all__ = ["fields_of", "meant"]

_PLAIN = "channel.without_namespace"
_INDEX = re.compile(r"\[\d+\]")

# What Centrifugo 3 to 5 called otherwise; what only has another place now is found by its name.
_RENAMED = {
    "api_key": "http_api.key",
    "api_insecure": "http_api.insecure",
    "client_insecure": "client.insecure",
    "namespaces": "channel.namespaces",
    "token_audience": "client.token.audience",
    "token_ecdsa_public_key": "client.token.ecdsa_public_key",
    "token_hmac_secret_key": "client.token.hmac_secret_key",
    "token_issuer": "client.token.issuer",
    "token_rsa_public_key": "client.token.rsa_public_key",
}


def fields_of(shape: type[msgspec.Struct], place: str) -> Iterator[str]:
    """The keys of a section, and of those in it, by their places."""
    for field in msgspec.structs.fields(shape):
        path = f"{place}.{field.name}"
        yield path
        if get_origin(field.type) is None and issubclass(field.type, msgspec.Struct):
            yield from fields_of(field.type, path)


def meant(key: str, known: Iterable[str]) -> str:
    """The key that was probably meant by *key*, which has no effect; empty if none comes to mind.

    Args:
        key: the place where it stands, such as "channel.namespaces[0].histroy_size".
        known: the places of all keys that have an effect; those of a namespace stand in "channel.namespaces[]".
    """
    parent, _, name = key.rpartition(".")
    if not parent:
        if name in _RENAMED:
            return _RENAMED[name]
        places = [place for place in known if place.rpartition(".")[2] == name]
        if places:  # several: an option of channels is meant, or nobody knows
            return f"{_PLAIN}.{name}" if f"{_PLAIN}.{name}" in places else places[0] if len(places) == 1 else ""
    section = _INDEX.sub("[]", parent)
    siblings = {place.rpartition(".")[2] for place in known if place.rpartition(".")[0] == section}
    found = difflib.get_close_matches(name, siblings, 1, 0.8)
    return f"{parent}.{found[0]}".removeprefix(".") if found else ""
