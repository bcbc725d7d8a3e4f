"""The lines that a server prints when it starts: how to call it from another terminal. PURE."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from centripetal.protocol.environment import API_KEY, API_URL, SECRET, TOKEN_KEY

__all__ = ["Shown", "welcome"]


class Shown(NamedTuple):
    """A running server: its addresses and keys.

    Attributes:
        generation: "1.x" or "6".
        url: the address of the API.
        console: the address of the console, and how to sign in; empty without a console.
        keys: the keys of the server by their arguments, such as `api_key`; empty for a key that it does not have.
        generated: the arguments whose keys were generated; only these keys are printed.
        note: a sentence about the address, or empty.
    """

    generation: str
    url: str
    console: str
    keys: Mapping[str, str]
    generated: Collection[str]
    note: str = ""


_VARIABLES = {"secret": SECRET, "api_key": API_KEY, "token_secret": TOKEN_KEY}
_USED = {"1.x": ("secret",), "6": ("api_key", "token_secret")}
_TOKEN = {"1.x": "centripetal token 42", "6": "centripetal token connection 42"}


def welcome(server: Shown, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines about *server*, at most 80 columns wide if its addresses are short.

    Args:
        server: the running server.
        environment: the variables of this process; the next terminal probably has the same ones.
    """
    yield f"serving the API and clients of Centrifugo {server.generation} at {server.url}"
    if server.console:
        yield f"its console: {server.console}"
    if server.note:
        yield server.note
    yield "Everything is in memory: for development and tests, not in production."
    if server.generated:
        yield "Its keys are generated at each start, unless you give them."
    yield "In another terminal, paste:"
    used = _USED[server.generation]
    yield from _unset([API_URL, *(_VARIABLES[name] for name in used)], environment)
    yield f"export {API_URL[0]}={server.url}"
    for name in used:
        variable = _VARIABLES[name][0]
        if name in server.generated:
            yield f"export {variable}={server.keys[name]}"
        elif server.keys[name]:
            yield f"# and set {variable} to your key"
    yield """centripetal publish news '{"text": "hello"}'"""
    if server.keys[used[-1]]:
        yield _TOKEN[server.generation]


def _unset(used: list[tuple[str, ...]], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield a line that removes the variables that would contradict the first names of *used*."""
    first = {names[0] for names in used}
    known = [name for names in (API_URL, API_KEY, SECRET, TOKEN_KEY) for name in names]
    contradicting = [name for plain in known for name in (plain, f"{plain}_FILE") if name not in first]
    found = [name for name in contradicting if environment.get(name)]
    if found:
        yield f"unset {' '.join(found)}"
