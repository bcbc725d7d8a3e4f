"""Handlers as a WSGI application: the body, and coroutine functions, which it cannot await."""

import io
from typing import Any

import pytest

from centripetal.errors import UsageError
from centripetal.handling.wsgi import strip_environ
from centripetal.proxy import ConnectEvent, ConnectReply, Handlers, RPCEvent
from tests.handling.served import SECRET, Request, handlers, wsgi


def environ(**values: Any) -> dict[str, Any]:
    given = {"REQUEST_METHOD": "POST", "PATH_INFO": "/connect", "HTTP_X_API_KEY": SECRET}
    return {**given, "wsgi.input": io.BytesIO(b'{"name":"n"} and more'), **values}


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"CONTENT_LENGTH": "12"}, "200 OK"),
        ({"CONTENT_LENGTH": "13"}, "200 OK"),
        ({"CONTENT_LENGTH": "15"}, "400 Bad Request"),
        ({"CONTENT_LENGTH": ""}, "400 Bad Request"),
        ({}, "400 Bad Request"),
        ({"CONTENT_LENGTH": "-1"}, "400 Bad Request"),
        ({"CONTENT_LENGTH": "x"}, "400 Bad Request"),
        ({"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b"{}")}, "200 OK"),
        ({"wsgi.input_terminated": True, "wsgi.input": io.BytesIO(b" " * 10_001)}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "10001"}, "413 Content Too Large"),
        ({"CONTENT_LENGTH": "9" * 20}, "413 Content Too Large"),
        ({"PATH_INFO": ""}, "404 Not Found"),
        ({"HTTP_X_API_KEY": "x"}, "403 Forbidden"),
    ],
)
def test_the_length_of_the_body_counts(values: dict[str, Any], status: str) -> None:
    """The body has the announced length, or is in chunks that the server ends; the limit counts before it is read."""
    found: list[str] = []
    list(handlers().wsgi(environ(**values), lambda status, _: found.append(status)))
    assert found == [status]


def test_the_secret_is_removed_from_the_environment() -> None:
    """Servers hold the environment in variables, so the secret is removed from the environment itself."""
    given = environ()
    list(handlers().wsgi(given, lambda *_: None))
    assert SECRET not in str(given)
    other = {"HTTP_X_SOME_HEADER": "1", "HTTP_X": "2"}
    strip_environ(other, "x-some-header")
    assert other == {"HTTP_X": "2"}


def test_coroutine_functions_are_errors_that_name_them() -> None:
    """`wsgi` names the coroutine functions that are registered, and a later one is an error at registration."""
    proxy = handlers(awaiting=True)
    with pytest.raises(UsageError, match=r"wsgi cannot await .*connect, .*refresh, .*enter.*Make them plain functions"):
        proxy.wsgi  # noqa: B018
    proxy = handlers()
    assert wsgi(proxy.wsgi, Request("refresh", b"{}")).status == 200

    async def late(event: RPCEvent) -> int:
        return 1

    with pytest.raises(UsageError, match=r"wsgi cannot await these coroutine functions: .*late"):
        proxy.rpc("late")(late)
    other = Handlers(secret=None)
    other.rpc("late")(late)
    with pytest.raises(UsageError, match="late"):
        proxy.include(other)
    assert wsgi(proxy.wsgi, Request("rpc", b'{"method":"late"}')).body.startswith(b'{"error":{"code":104')


def test_a_coroutine_of_a_plain_function_is_a_bug() -> None:
    """A plain function that returns a coroutine fails with status 500, without a warning about the coroutine."""
    proxy = Handlers(secret=None)

    async def later() -> ConnectReply:
        return ConnectReply("7")

    @proxy.connect
    def connect(event: ConnectEvent) -> Any:
        return later()

    assert wsgi(proxy.wsgi, Request("connect")).status == 500
