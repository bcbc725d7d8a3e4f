"""Connection strings as the real server reads them, for drivers that read them in another way. PURE.

The real server passes parameters that it does not know to the database as settings (`search_path=app`), and has
parameters for its pool of connections. libpq, which psycopg and psycopg2 use, rejects both.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode

__all__ = ["DSN", "for_driver", "is_dsn", "passwords_of", "secrets_of"]

DSN = (
    "a URL like 'postgresql://user@host:5432/name', without the name of a driver and with any password "
    "percent-encoded, or a connection string like 'host=… dbname=…'"
)
"""What `is_dsn` accepts, for messages. The command line would hide a password in the example."""

Pairs = list[tuple[str, str]]

_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)")
_SCHEMES = ("postgres", "postgresql")
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::\d*)?")
_ONLY_OF_SERVER = re.compile(r"pool_\w+|default_query_exec_mode|(statement|description)_cache_capacity")
_OF_LIBPQ = frozenset(
    (
        *(
            "application_name",
            "channel_binding",
            "client_encoding",
            "connect_timeout",
            "dbname",
            "fallback_application_name",
        ),
        *("gssencmode", "gsslib", "host", "hostaddr", "keepalives", "keepalives_count", "keepalives_idle"),
        *("keepalives_interval", "krbsrvname", "load_balance_hosts", "options", "passfile", "password", "port"),
        *("require_auth", "requirepeer", "service", "ssl", "ssl_max_protocol_version", "ssl_min_protocol_version"),
        *("sslcert", "sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation"),
        *("sslpassword", "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user"),
    )
)


def is_dsn(text: str) -> bool:
    """Return whether *text* is a URL of PostgreSQL, or a list of `name=value`."""
    scheme, has_scheme, _ = text.partition("://")
    if has_scheme and "=" not in scheme:
        hosts = _authority(text.partition("?")[0]).hosts
        # A port is not a number if a password contains `/` or `@`, unencoded.
        return scheme in _SCHEMES and all(map(_HOST_AND_PORT.fullmatch, hosts))
    return bool(text.strip()) and _PAIR.sub("", text).strip() == ""


def for_driver(dsn: str, driver: str, timeout: int) -> str:
    """Return *dsn* for *driver*: "psycopg", "psycopg2" or "asyncpg".

    Args:
        dsn: the connection string; see `is_dsn`.
        driver: the driver.
        timeout: seconds that connecting may take, unless *dsn* says otherwise. asyncpg gets it as an argument.
    """
    base, pairs = _split(dsn)
    pairs = [(name, value) for name, value in pairs if not _ONLY_OF_SERVER.fullmatch(name)]
    if driver == "asyncpg":
        pairs = [(name, value) for name, value in pairs if name != "connect_timeout"]
        return _joined(base or "postgresql://", pairs)
    settings = [f"-c {name}={_escaped(value)}" for name, value in pairs if name not in _OF_LIBPQ]
    pairs = [(name, value) for name, value in pairs if name in _OF_LIBPQ]
    if settings:
        options = [value for name, value in pairs if name == "options"]
        pairs = [pair for pair in pairs if pair[0] != "options"] + [("options", " ".join(options + settings))]
    if "connect_timeout" not in dict(pairs):
        pairs.append(("connect_timeout", str(timeout)))
    return _joined(base, pairs)


def passwords_of(dsn: str) -> set[str]:
    """Return the passwords in *dsn*: as they are, and encoded for a URL."""
    base, pairs = _split(dsn)
    typed = _authority(base).password
    passwords = {unquote(typed), *(value for name, value in pairs if name in ("password", "sslpassword"))}
    return ({typed} | passwords | {quote(each, safe="") for each in passwords}) - {""}


def secrets_of(dsn: str) -> set[str]:
    """Return the texts in *dsn* that must not appear in messages: itself, and its passwords.

    A password that is also the name of the user or the database is not a secret, and messages contain these names.
    """
    base, pairs = _split(dsn)
    authority = _authority(base)
    names = {value for name, value in pairs if name in ("user", "dbname", "host")}
    names |= {unquote(authority.user), unquote(authority.database)}
    names |= {_HOST_AND_PORT.sub(r"\1", host).strip("[]") for host in authority.hosts}
    return ({dsn} | (passwords_of(dsn) - names)) - {""}


class _Authority(NamedTuple):
    """The parts of a URL before its parameters, still encoded."""

    user: str
    password: str
    hosts: list[str]
    database: str


def _authority(base: str) -> _Authority:
    # Not `urlsplit`: it knows only one host, and raises a ValueError for a bracket in the wrong place.
    before, _, database = base.partition("://")[2].partition("/")
    info, _, hosts = before.rpartition("@")
    user, _, password = info.partition(":")
    return _Authority(user, password, hosts.split(","), database)


def _split(dsn: str) -> tuple[str, Pairs]:
    """Return the part of a URL before its parameters, and the parameters; empty and all pairs for other strings."""
    if dsn.partition("://")[0] in _SCHEMES:
        base, _, query = dsn.partition("?")
        return base, parse_qsl(query, keep_blank_values=True)
    return "", [(name, _unquoted(value)) for name, value in _PAIR.findall(dsn)]


def _joined(base: str, pairs: Pairs) -> str:
    if base:
        return f"{base}?{urlencode(pairs, quote_via=quote)}" if pairs else base
    return " ".join("{}='{}'".format(name, re.sub(r"(['\\])", r"\\\1", value)) for name, value in pairs)


def _unquoted(value: str) -> str:
    inside = value[1:-1] if value.startswith("'") else value
    return re.sub(r"\\(.)", r"\1", inside)


def _escaped(value: str) -> str:
    return re.sub(r"([\s\\])", r"\\\1", value)
