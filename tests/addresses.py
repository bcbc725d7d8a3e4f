"""What each address of a server must become, or the words of the error that refuses it."""

from typing import NamedTuple

__all__ = ["ACCEPTED", "REFUSED", "REFUSED_HOSTS", "Accepted"]


class Accepted(NamedTuple):
    """A URL that clients accept.

    Attributes:
        url: the URL that a user writes.
        host: the name that is looked up, or the address that is connected to (with the number of its zone).
        port: the port.
        header: the `Host` header.
        certificate: the name that the certificate must contain.
        path: the path before the API's own path.
    """

    url: str
    host: str
    port: int
    header: str
    certificate: str
    path: str = ""


def same(url: str, host: str, port: int, header: str = "") -> Accepted:
    """Return a row whose certificate names *host*, and whose `Host` header is *host* too unless it is given."""
    return Accepted(url, host, port, header or host, host)


ACCEPTED = (
    # Scheme, case and port
    same("http://localhost", "localhost", 80),
    same("http://localhost:8000", "localhost", 8000, "localhost:8000"),
    same("HTTP://LOCALHOST:8000", "localhost", 8000, "localhost:8000"),
    same("https://Example.COM", "example.com", 443),
    same("https://example.com:443", "example.com", 443),
    same("https://example.com:80", "example.com", 80, "example.com:80"),
    same("http://example.com:443", "example.com", 443, "example.com:443"),
    same("http://example.com:0080", "example.com", 80),
    same("http://example.com:", "example.com", 80),
    same("http://example.com:1", "example.com", 1, "example.com:1"),
    same("http://example.com:65535", "example.com", 65535, "example.com:65535"),
    # Paths
    Accepted("http://localhost/", "localhost", 80, "localhost", "localhost"),
    Accepted("http://localhost/push/", "localhost", 80, "localhost", "localhost", "/push"),
    Accepted("http://localhost/a%20b", "localhost", 80, "localhost", "localhost", "/a%20b"),
    Accepted("http://localhost/ä/ß", "localhost", 80, "localhost", "localhost", "/%C3%A4/%C3%9F"),
    Accepted("http://localhost/a@b:c", "localhost", 80, "localhost", "localhost", "/a@b:c"),
    # Trailing dots
    Accepted("https://example.com.", "example.com.", 443, "example.com.", "example.com"),
    Accepted("https://example.com.:8443", "example.com.", 8443, "example.com.:8443", "example.com"),
    # Names of machines and services
    same("http://my_service-1:8000", "my_service-1", 8000, "my_service-1:8000"),
    same("http://host1", "host1", 80),
    same("http://-x-.example", "-x-.example", 80),
    same("http://1password.example", "1password.example", 80),
    same("http://123.example", "123.example", 80),
    same("http://0x7f.example", "0x7f.example", 80),
    same("http://127.0.0.1.example", "127.0.0.1.example", 80),
    same("http://7f", "7f", 80),
    same(f"http://{'a' * 63}.example", f"{'a' * 63}.example", 80),
    # International names
    same("https://faß.de", "xn--fa-hia.de", 443),
    same("https://xn--fa-hia.de", "xn--fa-hia.de", 443),
    same("https://XN--FA-HIA.de", "xn--fa-hia.de", 443),
    same("http://βόλος.com", "xn--nxasmm1c.com", 80),
    same("http://\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.com", "xn--mgba3gch31f060k.com", 80),
    same("http://bücher.example:8000", "xn--bcher-kva.example", 8000, "xn--bcher-kva.example:8000"),
    same("http://Bücher.Example", "xn--bcher-kva.example", 80),
    Accepted("https://bücher.de.", "xn--bcher-kva.de.", 443, "xn--bcher-kva.de.", "xn--bcher-kva.de"),
    same("http://例え.テスト", "xn--r8jz45g.xn--zckzah", 80),
    same("http://пример.a_b.example", "xn--e1afmkfd.a_b.example", 80),
    # IPv4
    same("http://127.0.0.1:8000", "127.0.0.1", 8000, "127.0.0.1:8000"),
    same("https://10.0.0.255", "10.0.0.255", 443),
    same("http://0.0.0.0:8000", "0.0.0.0", 8000, "0.0.0.0:8000"),
    # IPv6
    same("http://[::1]", "::1", 80, "[::1]"),
    same("http://[::1]:65535", "::1", 65535, "[::1]:65535"),
    same("https://[2001:DB8::A]", "2001:db8::a", 443, "[2001:db8::a]"),
    same("http://[::ffff:127.0.0.1]:8000", "::ffff:127.0.0.1", 8000, "[::ffff:127.0.0.1]:8000"),
    same("http://[::]:8000", "::", 8000, "[::]:8000"),
    Accepted("https://[fe80::1%1]:8443", "fe80::1%1", 8443, "[fe80::1]:8443", "fe80::1"),
    Accepted("http://[fe80::1%251]", "fe80::1%1", 80, "[fe80::1]", "fe80::1"),
)

_HOSTS = {
    # Numbers that some programs read as an IPv4 address
    "127.1": "nor an IPv4 address",
    "0x7f.1": "nor an IPv4 address",
    "0x7f000001": "nor an IPv4 address",
    "0X7F.0.0.1": "nor an IPv4 address",
    "2130706433": "nor an IPv4 address",
    "017700000001": "nor an IPv4 address",
    "0177.0.0.1": "nor an IPv4 address",
    "127.0.0.01": "nor an IPv4 address",
    "127.0.0.1.": "nor an IPv4 address",
    "127.0.0.256": "nor an IPv4 address",
    "127.0.0": "nor an IPv4 address",
    "1.2.3.4.5": "nor an IPv4 address",
    "example.123": "nor an IPv4 address",
    "example.0x10": "nor an IPv4 address",
    "0": "nor an IPv4 address",
    # Names that other rules than IDNA 2008 turn into another name or address
    "\uff11\uff12\uff17.0.0.1": "IDNA 2008",  # full-width digits
    "127。0。0。1": "IDNA 2008",
    "example。com": "IDNA 2008",
    "example\uff0ecom": "IDNA 2008",  # a full-width full stop
    "①.example": "IDNA 2008",
    "b\u00adad.example": "IDNA 2008",
    "\u212a.example": "IDNA 2008",  # the Kelvin sign, whose lower case is k
    "\u017f.example": "IDNA 2008",  # a long s
    "\ufb01.example": "IDNA 2008",  # a ligature of f and i
    "\uff45xample.com": "IDNA 2008",  # a full-width e
    "BÜCHER.example": "IDNA 2008",
    "bu\u0308cher.example": "IDNA 2008",
    "☃.example": "IDNA 2008",
    "a\u200b.example": "IDNA 2008",
    "a\u200d.example": "IDNA 2008",
    "\u202eelpmaxe.com": "IDNA 2008",
    "ä..example": "invalid host name",
    f"{'ä' * 60}.example": "IDNA 2008",
    # Percent-encoding
    "%6cocalhost": "contains '%'",
    "example%2ecom": "contains '%'",
    "localhost%": "contains '%'",
    "%31%32%37.0.0.1": "nor an IPv4 address",
    # Other characters and lengths
    "a..b": "invalid host name",
    ".a": "invalid host name",
    "..": "invalid host name",
    "a!b": "invalid host name",
    "a\\b": "invalid host name",
    'a"b': "invalid host name",
    "a,b": "invalid host name",
    "a" * 64: "invalid host name",
    f"{'a.' * 127}a": "invalid host name",
}

REFUSED = {
    **{f"http://{host}:8000": words for host, words in _HOSTS.items()},
    # Ports
    "http://localhost:0": "no valid host and port",
    "http://localhost:00": "no valid host and port",
    "http://localhost:65536": "from 1 to 65535",
    "http://localhost:99999999999999999999": "from 1 to 65535",
    "http://localhost:+80": "host or port is invalid",
    "http://localhost:-1": "host or port is invalid",
    "http://localhost:8_0": "host or port is invalid",
    "http://localhost: 80": "whitespace",
    "http://localhost:80 ": "whitespace",
    "http://localhost:\uff18\uff10": "host or port is invalid",  # full-width digits
    "http://localhost:\u0668\u0660": "host or port is invalid",  # Arabic digits
    "http://localhost:0x50": "host or port is invalid",
    "http://localhost:80:80": "host or port is invalid",
    # Users
    "http://user:hunter2@localhost": "user name or password",
    "http://user@localhost": "user name or password",
    "http://@localhost": "user name or password",
    "http://hunter2@[::1]:8000": "user name or password",
    "http://localhost\\@hunter2": "user name or password",
    # Brackets
    "http://[127.0.0.1]": "only IPv6 addresses",
    "http://[localhost]": "only IPv6 addresses",
    "http://[]": "no valid host and port",
    "http://[::1": "host or port is invalid",
    "http://::1": "host or port is invalid",
    "http://2001:db8::1": "host or port is invalid",
    "http://[::1]x": "host or port is invalid",
    "http://[[::1]]": "host or port is invalid",
    "http://[v1.x:1]": "is not an IPv6 address",
    "http://[::g]": "is not an IPv6 address",
    "http://[::\uff11]": "is not an IPv6 address",
    "http://[::127.1]": "is not an IPv6 address",
    "http://[::1%]": "network interface",
    "http://[::1%25]": "network interface",
    "http://[::1%a%b]": "network interface",
    "http://[::1%ä]": "network interface",
    # The rest of a URL
    "http://": "no valid host and port",
    "http://:8000": "no valid host and port",
    "http:///api": "no valid host and port",
    "http:localhost": "did you mean",
    "localhost:8000": "did you mean 'http://localhost:8000'?",
    "unix:///run/centrifugo.sock": "only http and https",
    "http+unix://localhost": "only http and https",
    "http://localhost?api_key=hunter2": "query",
    "http://localhost/#hunter2": "fragment",
    "localhost/?api_key=@hunter2": "query",
    "http://local\nhost": "whitespace",
    "http://localhost/\ud800": "lone surrogate",
    "http://\udcff.example": "lone surrogate",
}

REFUSED_HOSTS = {
    **_HOSTS,
    "localhost:8000": "is not an IPv6 address",
    "http://localhost": "is not an IPv6 address",
    "::g": "is not an IPv6 address",
    "[::1]": "must not have brackets",
    "local host": "invalid host name",
    "localhost\0": "invalid host name",
    "\udcff": "IDNA 2008",
}
