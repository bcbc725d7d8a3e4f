"""The CONNECT request and the reply to it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.errors import ConnectError
from centripetal.protocol.http1 import MAX_HEADER_BYTES
from centripetal.protocol.proxies import parse_proxy
from centripetal.protocol.targets import Origin
from centripetal.protocol.tunnels import ConnectReply, connect_request
from centripetal.version import __version__

PROXY = parse_proxy("http://proxy:3128")
LOGIN = parse_proxy("http://user:s3cret@proxy:3128", "HTTPS_PROXY")
PUSH = Origin(True, "push", 443)


@pytest.mark.parametrize(
    ("origin", "place"),
    [(PUSH, "push:443"), (Origin(True, "::1", 8443), "[::1]:8443"), (Origin(True, "fe80::1%eth0", 1), "[fe80::1]:1")],
)
def test_the_request_names_the_server(origin: Origin, place: str) -> None:
    """A request for a tunnel contains the host and port of the server, and the proxy's credentials."""
    assert (
        bytes(connect_request(origin, LOGIN))
        == (
            f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nUser-Agent: centripetal/{__version__}\r\n"
            "Proxy-Authorization: Basic dXNlcjpzM2NyZXQ=\r\n\r\n"
        ).encode()
    )
    assert b"Authorization" not in bytes(connect_request(origin, PROXY))
    assert "s3cret" not in repr(connect_request(origin, LOGIN))


OPENED = [
    b"HTTP/1.1 200 Connection established\r\n\r\n",
    b"HTTP/1.0 200\r\nVia: x\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 204 \n\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hint\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
]


@given(st.sampled_from(OPENED), st.data())
def test_a_tunnel_opens(reply: bytes, data: st.DataObject) -> None:
    """Any 2xx reply opens the tunnel, in whatever pieces it arrives."""
    parser, rest = ConnectReply(PUSH, PROXY), reply
    while len(rest) > (size := data.draw(st.integers(1, len(rest)))):
        assert not parser.feed(rest[:size])
        rest = rest[size:]
    assert parser.feed(rest)


TO = "the proxy proxy:3128 replied {} to CONNECT push:443: "
NO_HTTP = "the proxy proxy:3128 did not reply with HTTP: is http_proxy the address of an HTTP proxy?"
FORBIDDEN = TO + "it does not allow this connection: allow the server and its port in the proxy"
UNREACHABLE = TO + "it cannot reach the server. Is the address correct, and is Centrifugo running?"
OTHER = TO + "is http_proxy the address of an HTTP proxy that supports CONNECT?"


@pytest.mark.parametrize(
    ("reply", "message", "retryable"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", FORBIDDEN.format(403), False),
        (b"HTTP/1.1 400 Bad Request\r\nA: b\r\n\r\npage", FORBIDDEN.format(400), False),
        (b"HTTP/1.1 502 Bad Gateway\r\n\r\n", UNREACHABLE.format(502), True),
        (b"HTTP/1.1 503 x\r\n\r\n", UNREACHABLE.format(503), True),
        (b"HTTP/1.1 504 x\r\n\r\n", UNREACHABLE.format(504), True),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", OTHER.format(404), False),
        (b"HTTP/1.1 405 x\r\n\r\n", OTHER.format(405), False),
        (b"HTTP/1.1 429 x\r\n\r\n", OTHER.format(429), True),
        (b"HTTP/1.1 302 x\r\nLocation: http://s3cret/\r\n\r\n", OTHER.format(302), False),
        (b"HTTP/1.1 101 x\r\n\r\n", OTHER.format(101), False),
        (
            b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=s3cret\r\n\r\n",
            "the proxy proxy:3128 replied 407: it wants a login: write user name and password into the URL of "
            "http_proxy, as in 'http://user:password@proxy.example.com:3128'",
            False,
        ),
        (
            b"HTTP/1.1 407 x\r\nproxy-authenticate: Negotiate\r\nproxy-authenticate: NTLM\r\n\r\n",
            "the proxy proxy:3128 replied 407: it does not accept Basic, the only login that is supported: pass a "
            "transport of your own",
            False,
        ),
        (b"SSH-2.0-OpenSSH_9\r\n", NO_HTTP, False),
        (b"\x05\xff", NO_HTTP, False),
        (b"\r\n\r\n", NO_HTTP, False),
        (b"HTTP/2 200\r\n\r\n", NO_HTTP, False),
        (b"HTTP/1.1 2000 OK\r\n\r\n", NO_HTTP, False),
        (
            b"\x15\x03\x01\x00\x02\x02F",
            "the proxy proxy:3128 uses TLS on this port, which is not supported: use its port for plain HTTP",
            False,
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\nHTTP",
            "the proxy proxy:3128 sent data before the server could: this is not a tunnel",
            False,
        ),
        (
            b"HTTP/1.1 200 OK\r\nA: " + b"b" * MAX_HEADER_BYTES,
            f"the proxy proxy:3128 sent more than {MAX_HEADER_BYTES} bytes before it opened the tunnel",
            False,
        ),
        (
            b"HTTP/1.1 100 x\r\n\r\n" * 4000,
            f"the proxy proxy:3128 sent more than {MAX_HEADER_BYTES} bytes before it opened the tunnel",
            False,
        ),
        (
            b"",
            "the proxy proxy:3128 closed the connection instead of opening a tunnel to push:443. Does it allow "
            "connections to this port, and is http_proxy the address of an HTTP proxy?",
            True,
        ),
    ],
)
def test_a_refused_tunnel_is_explained(reply: bytes, message: str, retryable: bool) -> None:
    """The error names the proxy, the status, the server and the fix; nothing was executed."""
    with pytest.raises(ConnectError) as caught:
        ConnectReply(PUSH, PROXY).feed(reply)
    error = caught.value
    assert (str(error), error.executed, error.retryable) == (message, "no", retryable)


def test_a_refused_login_is_explained() -> None:
    """If the URL has credentials, a reply 407 refuses them; the error names the variable and not the credentials."""
    with pytest.raises(ConnectError) as caught:
        ConnectReply(PUSH, LOGIN).feed(b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic\r\n\r\n")
    assert str(caught.value) == (
        "the proxy proxy:3128 replied 407: it refuses the user name or the password in the URL of HTTPS_PROXY"
    )


@given(st.binary(min_size=1, max_size=60), st.booleans())
def test_garbage_raises_connect_error(data: bytes, status: bool) -> None:
    """Whatever a proxy sends, the parser either waits for more or raises ConnectError."""
    parser = ConnectReply(PUSH, PROXY)
    with suppress(ConnectError):
        assert not parser.feed(b"HTTP/1.1 200" * status + data) or status
