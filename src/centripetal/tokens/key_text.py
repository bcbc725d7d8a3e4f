"""Keys as they arrive from environment variables, files and secret stores: PURE.

Such values often have quotation marks around them, line breaks written as a backslash and an n, or lost line breaks.
`read_key` restores a key in PEM. It rejects every other text that holds a key of another kind, because that text would
otherwise become the secret of HMAC: tokens would be signed, but rejected by the server. No error contains the key.
"""

import base64
import binascii
import json
import re
from typing import Any

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_text
from centripetal.tokens.signatures import BadKey

__all__ = ["read_key"]

_QUOTES = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019", "\u00ab": "\u00bb"}
_MOST_LAYERS = 10  # of quotation marks, white space and line breaks
_BYTE_ORDER_MARK = "\ufeff"
_BEGIN = re.compile(r"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_ESCAPED_BREAK = re.compile(r"\\+(?:r\\+n|n|r)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-\s]{40,}={0,2}\s*")
_FILE = re.compile(r"(?:[\w.:~ -]*[/\\])*[\w.~ -]+\.(?:pem|p8|pk8|jwk|der|crt|cer)", re.IGNORECASE)
_OTHER_FORMATS = ("ssh-rsa ", "ssh-ed25519 ", "ecdsa-sha2-", "PuTTY-User-Key-File", "---- BEGIN SSH2")

_PASS_PEM = "pass the private key in PEM, with the lines -----BEGIN … and -----END …"  # noqa: S105


def read_key(key: Any) -> bytes:
    """Return a secret unchanged, or a key in PEM with its line breaks and without the text around it.

    Raises:
        UsageError: the key is empty or not text, is a key in another format, or is a secret with quotation marks, line
            breaks or white space around it.
    """
    text = _text(key)
    bare = _unquoted(text)
    if (pem := _pem(bare) or _pem(_decoded(bare))) is not None:
        return pem.encode()
    _refuse_other_kinds(bare)
    if isinstance(key, str) and bare != text:
        raise UsageError(
            "the secret begins or ends with white space, quotation marks or a line break, as after reading a file or "
            "an environment variable: call strip() on it; if these characters belong to the secret, pass bytes"
        )
    return text.encode()


def _text(key: Any) -> str:
    if not isinstance(key, str | bytes):
        raise UsageError(f"the key must be text, bytes or a SigningKey, not {type(key).__name__}")
    if not key:
        raise UsageError("the key is empty: pass the server's `hmac_secret_key`, or a private key in PEM")
    if isinstance(key, str):
        check_text("the key", key)
        return str.__str__(key)
    try:
        return bytes(key).decode()
    except UnicodeDecodeError:
        raise UsageError(
            "the key is not valid UTF-8, so it cannot be in a server's configuration: "
            "pass the text of `hmac_secret_key`, or a private key in PEM"
        ) from None


def _unquoted(text: str) -> str:
    """Return *text* without white space, escaped line breaks and pairs of quotation marks around it."""
    for _ in range(_MOST_LAYERS):
        bare = text.strip().removeprefix(_BYTE_ORDER_MARK)
        for mark in (r"\n", r"\r"):
            bare = bare.removesuffix(mark).removeprefix(mark)
        if len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1]:
            bare = bare[1:-1]
        if len(bare) > 3 and bare[:2] in (r"\"", r"\'") and bare[-2:] == bare[:2]:
            bare = bare[2:-2]
        if bare == text:
            break
        text = bare
    return text


def _pem(text: str) -> str | None:
    """Return the blocks of PEM in *text*, each with its line breaks; None if it has no block."""
    if "-----BEGIN" not in text:
        return None
    text = _ESCAPED_BREAK.sub("\n", text).replace("\r\n", "\n").replace("\r", "\n")
    blocks = []
    for begin in _BEGIN.finditer(text):
        label = begin[1]
        last = f"-----END {label}-----"
        end = text.find(last, begin.end())
        body = text[begin.end() : end]
        if end < 0 or "-----BEGIN" in body:
            raise BadKey("the private key cannot be read: its last line is missing, so the key was cut off")
        lines = [line.strip().strip("\"'\\") for line in body.strip("\n\\ ").split("\n")]
        if len(lines) == 1:
            # The line breaks were lost, or became spaces.
            whole = "".join(lines[0].split())
            lines = [whole[start : start + 64] for start in range(0, len(whole), 64)]
        blocks.append("\n".join((begin[0], *lines, last, "")))
    if not blocks:
        raise BadKey(f"the private key cannot be read: its first line is damaged; {_PASS_PEM}")
    return "".join(blocks)


def _decoded(text: str) -> str:
    """Return the text that *text* encodes as base64; empty if it does not encode text."""
    return _from_base64(text).decode("utf-8", "replace")


def _from_base64(text: str) -> bytes:
    if not _BASE64.fullmatch(text):
        return b""
    plain = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_" if {"-", "_"} & set(plain) else None)
    except (binascii.Error, ValueError):
        return b""


def _refuse_other_kinds(text: str) -> None:
    """Raise a `UsageError` if *text* holds a key that is not a secret."""
    if _is_jwk(text) or _is_jwk(_decoded(text)):
        raise BadKey(f"the key is a JSON Web Key, which cannot be used as a secret: {_PASS_PEM}")
    if _is_der(_from_base64(text)):
        raise BadKey(f"the key is in PEM, but without its first and last lines: {_PASS_PEM}")
    if text.startswith(_OTHER_FORMATS):
        raise BadKey(f"the key is in a format of SSH: {_PASS_PEM}")
    if _FILE.fullmatch(text):
        raise BadKey("the key looks like the name of a file: pass the content of the file")


def _is_jwk(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    for candidate in (text, text.replace('\\"', '"')):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        return isinstance(value, dict) and bool({"kty", "keys"} & value.keys())
    return False


def _is_der(data: bytes) -> bool:
    """Return whether *data* is exactly one ASN.1 sequence, as in the body of a PEM."""
    if len(data) < 40 or data[0] != 0x30:
        return False
    size = data[1]
    if size < 0x80:
        return len(data) == 2 + size
    count = size & 0x7F
    return len(data) == 2 + count + int.from_bytes(data[2 : 2 + count], "big")
