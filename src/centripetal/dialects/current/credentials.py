"""The API key of a client, as headers (protocol 6: api-key, versions-server-api). No message contains the key."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from centripetal.errors import AuthenticationError, UsageError

__all__ = ["Credentials"]

_CONTENT_TYPE = ("Content-Type", "application/json")
_asking: ContextVar[bool] = ContextVar("centripetal_asking", default=False)


class Credentials:
    """The headers of requests, with the API key.

    Args:
        api_key: the server's `http_api.key`; a function that returns it; or None to send no key.

    Attributes:
        headers: all headers of a request; one tuple, so that threads see either the old key or the new key.
        given: whether there is a key.
        renewable: whether the key comes from a function, which can be asked again.

    Raises:
        UsageError: the key cannot be sent, or the function failed.
    """

    __slots__ = ("_ask", "given", "headers", "renewable")

    def __init__(self, api_key: str | Callable[[], str] | None) -> None:
        self._ask: Any = api_key if callable(api_key) else None
        self.given = api_key is not None
        self.renewable = self._ask is not None
        self.headers = _headers(self._asked() if self.renewable else api_key, self.renewable)

    def renew(self, refusal: AuthenticationError) -> None:
        """Ask the function for the key again, because the server has refused the last key with *refusal*.

        No lock is held while the function runs. Raises *refusal* with the reason if there is no new key.
        """
        if _asking.get():
            raise refusal  # the function itself made this call
        try:
            self.headers = _headers(self._asked(), True)
        except UsageError as error:
            refusal.args = (f"{refusal.args[0]}; asking for another key failed: {error.args[0]}",)
            raise refusal from error.__cause__

    def _asked(self) -> Any:
        token = _asking.set(True)
        try:
            return self._ask()
        except Exception as error:
            raise UsageError(f"the api_key function raised {type(error).__name__}") from error
        finally:
            _asking.reset(token)


def _headers(key: Any, asked: bool) -> tuple[tuple[str, str], ...]:
    if key is None and not asked:
        return (_CONTENT_TYPE,)
    problem = _problem(key)
    if problem:
        del key  # tools that show the variables of a traceback must not show the key
        raise UsageError(f"the api_key function returned an invalid key: {problem}" if asked else problem)
    # Servers before 5 read only the first header; later servers prefer the second one.
    return _CONTENT_TYPE, ("Authorization", f"apikey {key}"), ("X-API-Key", str(key))


def _problem(key: Any) -> str:
    if not isinstance(key, str):
        close = getattr(key, "close", None)
        if hasattr(key, "__await__") and close is not None:
            close()  # otherwise Python warns that the coroutine was never awaited
            return "it is a coroutine: pass a function that is not async"
        return f"api_key must be text, not {type(key).__name__}"
    if not key:
        return "the api_key is empty: pass the server's key, or leave it out for a server with `http_api.insecure`"
    if not key.isascii() or not key.isprintable() or key != key.strip():
        return "the api_key cannot be sent in an HTTP header: it must be printable ASCII without surrounding spaces"
    return ""
