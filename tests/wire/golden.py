"""Recorded conversations of real servers, and the comparison with them (format 1).

`load` reads a transcript. A `Replay` runs one: `outgoing` returns the data to send, and `check` compares the received
data with the recording after masking the values that differ between runs. HTTP steps and WebSocket frames are
compared in the same way.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\r\n]*")

Step = Mapping[str, Any]
Span = tuple[int, int]


def load(dialect: str, name: str) -> dict[str, Any]:
    """Return the transcript called *name*."""
    value: dict[str, Any] = json.loads((HERE / dialect / f"{name}.json").read_text())
    assert value["format"] == 1
    return value


def names(dialect: str, kind: str, *patterns: str) -> list[str]:
    """Return the names of the transcripts of this kind that match one of the patterns."""
    files = sorted({file for pattern in patterns for file in (HERE / dialect).glob(f"{pattern}.json")})
    return [file.stem for file in files if json.loads(file.read_text())["kind"] == kind]


def payload(step: Step, member: str) -> bytes:
    """Return the bytes of a member, which may be recorded as base64."""
    if f"{member}_b64" in step:
        return base64.b64decode(step[f"{member}_b64"])
    return str(step[member]).encode()


class Replay:
    """One run of a transcript, which maps recorded values to the values of this run.

    Args:
        secret: key of the signs that a step of 1.x computes.
        compare: "json" compares values, if the transcript asks for it; otherwise text is compared.
    """

    def __init__(self, secret: str, compare: str = "") -> None:
        self._secret = secret.encode()
        self._compare = compare
        self._recorded: dict[str, str] = {}
        self._actual: dict[str, str] = {}

    def outgoing(self, step: Step, member: str) -> bytes:
        """Return the data to send for a step: the recorded data with the values of this run."""
        values = dict(self._actual)
        for name, recipe in step.get("let", {}).items():
            values[name] = self._compute(recipe, values)
        if f"{member}_template" in step:
            return _filled(step[f"{member}_template"], values).encode()
        if member == "data" and "template" in step:
            return _filled(step["template"], values).encode()
        sent = payload(step, member)
        if self._compare == "json":
            # In these transcripts, later payloads repeat the recorded value.
            for name, value in self._recorded.items():
                sent = sent.replace(value.encode(), self._actual[name].encode())
        return sent

    def check(self, step: Step, recorded: bytes, actual: bytes) -> None:
        """Check that *actual* equals the recorded data; *step* has the options of the comparison."""
        texts = [text.decode("utf-8", "surrogateescape") for text in (recorded, actual)]
        if self._compare == "json":
            self._check_values(step, *texts)
            return
        for name, place in step.get("bind", {}).items():
            self._recorded[name], self._actual[name] = (_value(text, place) for text in texts)
        for place in step.get("unordered", ()):
            texts = [_sorted(text, place) for text in texts]
        texts = [_masked(text, step.get("volatile", ())) for text in texts]
        for name, value in self._recorded.items():
            texts[0] = texts[0].replace(value, f"{{{{{name}}}}}")
        for name, value in self._actual.items():
            texts[1] = texts[1].replace(value, f"{{{{{name}}}}}")
        if step.get("compare") == "json":
            assert json.loads(texts[1]) == json.loads(texts[0])
        else:
            assert texts[1] == texts[0]

    def _check_values(self, step: Step, recorded: str, actual: str) -> None:
        """Compare the JSON values of two texts, one value per line; other texts are compared as text.

        A pointer may contain a bound name, which is the recorded name.
        """
        ours, theirs = _json_values(recorded), _json_values(actual)
        if ours is None or theirs is None:
            assert actual == self._translated(recorded)
            return
        for name, place in step.get("bind", {}).items():
            values = _member(ours, place.split("/")[1:]), _member(theirs, self._path(place))
            self._recorded[name], self._actual[name] = map(str, values)
        for place in step.get("volatile", ()):
            _mask(ours, place.split("/")[1:])
            _mask(theirs, self._path(place))
        # Bound member names differ between runs, and so does their order.
        assert _canonical(theirs) == _canonical(json.loads(self._translated(_canonical(ours))))

    def _path(self, place: str) -> list[str]:
        return [self._translated(part) for part in place.split("/")[1:]]

    def _translated(self, text: str) -> str:
        for name, value in self._recorded.items():
            text = text.replace(value, self._actual[name])
        return text

    def _compute(self, recipe: Mapping[str, Any], values: Mapping[str, str]) -> str:
        if "unix_time" in recipe or "unix" in recipe:
            return str(int(time.time()) + recipe.get("unix_time", recipe.get("unix", 0)))
        if "jwt_hs256" in recipe:
            return _token(recipe["jwt_hs256"], values)
        parts = "".join(_filled(part, values) for part in recipe["hmac_sha256_hex"])
        return hmac.new(self._secret, parts.encode(), hashlib.sha256).hexdigest()


def _token(recipe: Mapping[str, Any], values: Mapping[str, str]) -> str:
    claims = json.loads(_filled(json.dumps(recipe["claims"]), values))
    if "exp_in" in recipe:
        claims["exp"] = int(time.time()) + recipe["exp_in"]
    parts = [{"typ": "JWT", "alg": "HS256"}, claims]
    signed = ".".join(_base64(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{_base64(hmac.digest(recipe['secret'].encode(), signed.encode(), 'sha256'))}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _json_values(text: str) -> Any:
    """Return the JSON value in *text*, or a list if there are several lines; None if *text* is empty or not JSON."""
    try:
        # Keep the spelling of each number.
        found = [json.loads(line, parse_float=lambda digits: ["a number", digits]) for line in text.splitlines()]
    except ValueError:
        return None
    return (found[0] if len(found) == 1 else found) if found else None


def _member(value: Any, path: Sequence[str]) -> Any:
    for part in path:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def _mask(value: Any, path: Sequence[str]) -> None:
    container, last = _member(value, path[:-1]), path[-1]
    _member(container, [last])  # raises if the member is missing
    container[int(last) if isinstance(container, list) else last.replace("~1", "/").replace("~0", "~")] = "*"


def _canonical(value: Any) -> str:
    """Return *value* as text that does not depend on the order of members."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _filled(template: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        template = template.replace(f"{{{{{name}}}}}", value)
    return template


def _value(text: str, place: str) -> str:
    if place.startswith("re:"):
        found = re.search(place[3:], text)
        assert found is not None, f"{place} is not in {text}"
        return found[0]
    start, end = _span(text, place)
    value = json.loads(text[start:end])
    return value if isinstance(value, str) else text[start:end]


def _masked(text: str, places: Sequence[str]) -> str:
    spans = sorted((_span(text, place) for place in places if not place.startswith("re:")), reverse=True)
    for start, end in spans:
        text = f'{text[:start]}"*"{text[end:]}'
    for place in places:
        if place.startswith("re:"):
            text = re.sub(place[3:], "*", text)
    return text


def _sorted(text: str, place: str) -> str:
    start, end = _span(text, place)
    elements = [text[first:last] for _, first, last in _items(text, start)]
    return f"{text[:start]}[{','.join(sorted(elements))}]{text[end:]}"


def _span(text: str, pointer: str) -> Span:
    """Return the position of the value at a JSON pointer (RFC 6901)."""
    start = _skip(text, 0)
    end = _DECODER.raw_decode(text, start)[1]
    for part in pointer.split("/")[1:]:
        wanted = part.replace("~1", "/").replace("~0", "~")
        places = {key: (first, last) for key, first, last in _items(text, start)}
        assert wanted in places, f"{pointer} is not in {text}"
        start, end = places[wanted]
    return start, end


def _items(text: str, start: int) -> list[tuple[str, int, int]]:
    """Return the members or elements of the container at *start*: name or index, and start and end of the value."""
    items: list[tuple[str, int, int]] = []
    position = _skip(text, start + 1)
    while text[position] not in "]}":
        key = str(len(items))
        if text[start] == "{":
            key, position = _DECODER.raw_decode(text, position)
            position = _skip(text, _skip(text, position) + 1)
        end = _DECODER.raw_decode(text, position)[1]
        items.append((key, position, end))
        position = _skip(text, end)
        if text[position] == ",":
            position = _skip(text, position + 1)
    return items


def _skip(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()
