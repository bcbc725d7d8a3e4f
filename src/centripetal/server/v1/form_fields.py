"""The form fields of a request (protocol 1: request-modes), parsed like the real server parses them: PURE."""

import re
from urllib.parse import unquote_to_bytes

from centripetal.server.listening.http1 import Request

__all__ = ["form_fields"]

_MAX_FORM = 10 << 20
_BAD_PERCENT = re.compile(rb"%(?![0-9a-fA-F]{2})")
_PARAMETER = re.compile(r';\s*([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


def form_fields(request: Request) -> dict[bytes, bytes]:
    """Return the fields of the query and the body of *request*; the first value of a repeated field counts.

    If a field is in both, the body of an urlencoded form wins, but the query wins over a multipart body, as in the
    real server. Multipart bodies are read for any method.
    """
    query = _urlencoded(request.target.partition("?")[2].encode("latin-1"))
    content_type = request.header("content-type")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded" and request.method in ("POST", "PUT", "PATCH"):
        # The real server ignores the fields of a larger body.
        return query | (_urlencoded(request.body) if len(request.body) <= _MAX_FORM else {})
    if kind == "multipart/form-data":
        parameters = {found[1].lower(): found[2] or found[3] for found in _PARAMETER.finditer(content_type)}
        if parameters.get("boundary"):
            return _multipart(request.body, parameters["boundary"].encode("latin-1")) | query
    return query


def _urlencoded(text: bytes) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    for pair in text.split(b"&"):
        # Skip a malformed pair; the other pairs count.
        if not pair or b";" in pair or _BAD_PERCENT.search(pair):
            continue
        name, _, value = (unquote_to_bytes(part) for part in pair.replace(b"+", b" ").partition(b"="))
        fields.setdefault(name, value)
    return fields


def _multipart(body: bytes, boundary: bytes) -> dict[bytes, bytes]:
    fields: dict[bytes, bytes] = {}
    # Every part starts after a boundary line; the text after the last boundary must be the end mark.
    parts = re.split(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?=--|[ \t]*\r?\n)", body)
    if len(parts) < 2 or not parts[-1].startswith(b"--"):
        return fields
    for part in parts[1:-1]:
        head, _, value = re.sub(rb"\A[ \t]*\r?\n", b"", part).replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
        names = _disposition(head)
        if "name" in names and "filename" not in names:
            fields.setdefault(names["name"].encode("latin-1"), value)
    return fields


def _disposition(head: bytes) -> dict[str, str]:
    for line in head.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition" and value.strip().lower().startswith("form-data"):
            return {found[1].lower(): found[2] or found[3] or "" for found in _PARAMETER.finditer(value)}
    return {}
