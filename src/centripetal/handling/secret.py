"""The secret that a server sends with its events. It is compared in constant time and shown nowhere."""

from collections.abc import Sequence
from hmac import compare_digest
from typing import Any

from centripetal.errors import UsageError
from centripetal.handling.headers import Headers

__all__ = ["Secrets"]


class Secrets:
    """The accepted secrets. A repr does not show them, and there is no `__dict__` that a report could dump.

    Args:
        secret: a secret, several while it is being changed, or None to trust every request.
        header: name of the header that has it.

    Attributes:
        header: name of the header, in lower case.
        trusts_anyone: whether there is no secret.

    Raises:
        UsageError: a secret is empty, or is not printable ASCII, as headers are.
    """

    __slots__ = ("_accepted", "_name", "header", "trusts_anyone")

    def __init__(self, secret: str | Sequence[str] | None, header: str) -> None:
        self.header = header.lower()
        self.trusts_anyone = secret is None
        self._name = self.header.encode()
        self._accepted: tuple[bytes, ...] = ()
        if secret is not None:
            given = [secret] if isinstance(secret, str) else list(secret) if isinstance(secret, Sequence) else []
            if not given or not all(isinstance(each, str) and each == each.strip() and each for each in given):
                raise UsageError("secret must be text that is not empty, a list of such texts, or None to trust anyone")
            if not all(each.isascii() and each.isprintable() for each in given):
                raise UsageError("secret must be printable ASCII, because it is sent in a header")
            self._accepted = tuple(each.encode() for each in given)

    def take(self, headers: Headers) -> tuple[bool, dict[str, str]]:
        """Return whether *headers* have an accepted secret, and the headers by lower-case name without it.

        This is a separate call, so that the secret is in no variable of a frame when a handler runs.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        given = lowered.pop(self.header, None)
        return given is not None and self._accepts(given.encode("utf-8", "surrogatepass")), lowered

    def strip(self, scope: Any) -> bool:
        """Return whether an ASGI *scope* has an accepted secret, and remove it.

        It is removed from the list of headers itself, because servers and frameworks hold that list in variables.
        """
        headers, name = scope["headers"], self._name
        if type(headers) is not list:
            scope["headers"] = headers = list(headers)
        found = [pair for pair in headers if pair[0] == name]
        for pair in found:
            headers.remove(pair)
        return bool(found) and self._accepts(found[-1][1])  # the last one counts

    def _accepts(self, given: bytes) -> bool:
        found = False
        for each in self._accepted:  # all of them, so the time does not tell which one is equal
            found |= compare_digest(given, each)
        return found

    def __repr__(self) -> str:
        return f"<Secrets in {self.header}>"
