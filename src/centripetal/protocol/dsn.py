"""Connection strings as the real server reads them, for drivers that read them in another way. PURE.

The real server passes parameters that it does not know to the database as settings (`search_path=app`), and has
parameters for its pool of connections. libpq, which psycopg and psycopg2 use, rejects both.
"""

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

__all__ = ["for_driver", "is_dsn", "secrets_of"]

Pairs = list[tuple[str, str]]

_PAIR = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)(?=\s|$)")
_SCHEMES = ("postgres", "postgresql")
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
        return scheme in _SCHEMES and _has_valid_ports(text)
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


def secrets_of(dsn: str) -> set[str]:
    """Return the texts in *dsn* that must not appear in messages: itself, and its passwords.

    A password that is also the name of the user or the database is not a secret, and messages contain these names.
    """
    base, pairs = _split(dsn)
    parts = urlsplit(base)
    passwords = {value for name, value in pairs if name in ("password", "sslpassword")} | {
        unquote(parts.password or "")
    }
    names = {value for name, value in pairs if name in ("user", "dbname", "host")}
    names |= {unquote(parts.username or ""), unquote(parts.path[1:]), parts.hostname or ""}
    return ({dsn} | passwords - names) - {""}


def _has_valid_ports(url: str) -> bool:
    """Return whether the ports in *url* are numbers. They are not if a password contains `/` or `@`, unencoded."""
    hosts = urlsplit(url).netloc.rpartition("@")[2].split(",")
    return all(re.fullmatch(r"(\[[^\]]*\]|[^:\[\]]*)(:\d*)?", host) for host in hosts)


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
