"""Search for the secret in everything that people, logs and crash reporters can see."""

import base64
import traceback
from collections.abc import Iterator
from pathlib import Path

import centripetal

__all__ = ["leaks", "reveals"]

_OURS = str(Path(centripetal.__file__).parent)


def reveals(text: str, secret: str) -> bool:
    """Return whether *text* contains *secret* or its longest plain part: as text or bytes, escaped or encoded."""
    raw = secret.encode()
    plain = max("".join(c if c.isascii() and c.isalnum() else " " for c in secret).split(), key=len)
    forms = (plain, raw.hex(), base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode()[:-4])
    return any(form in text for form in forms)


def leaks(error: BaseException, secret: str) -> Iterator[str]:
    """Yield each place where *error* shows *secret*: in its texts, or in local variables of our functions."""
    shown = {"repr": repr(error), "str": str(error), "attributes": repr(vars(error))}
    shown["traceback"] = "".join(traceback.format_exception(error))
    for where, text in shown.items():
        if reveals(text, secret):
            yield f"the {where} of the error shows the secret: {text}"
    seen: set[int] = set()
    chain: list[BaseException | None] = [error]
    while chain:
        link = chain.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        chain += [link.__cause__, link.__context__]
        for frame in traceback.TracebackException.from_exception(link, capture_locals=True).stack:
            if frame.filename.startswith(_OURS):
                for name, value in (frame.locals or {}).items():
                    if reveals(value, secret):
                        yield f"{name} in {frame.name} shows the secret next to a traceback: {value}"
