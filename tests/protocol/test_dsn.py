"""Connection strings for the drivers."""

import re
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import psycopg.conninfo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from centripetal.protocol.dsn import for_driver, is_dsn, passwords_of, secrets_of

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=10)


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("postgres://host/db", True),
        ("postgresql://user:p%2Fw@host:5432,[::1]:1/db?sslmode=require", True),
        ("postgresql:///?host=/run/postgresql", True),
        ("host=h dbname='my db' password=a://b", True),
        ("postgres://user:pa/ss@host/db", False),
        ("postgres://host:port/db", False),
        ("postgres://[::1", False),
        ("postgres://u:p@[::1]x/db", False),
        ("postgres://u:p@/db", True),
        ("mysql://host/db", False),
        ("postgresql+psycopg://host/db", False),
        ("host=h db", False),
        ("host='h", False),
        ("nonsense", False),
        (" ", False),
        ("", False),
    ],
)
def test_strings_that_no_driver_could_read_are_found(text: str, valid: bool) -> None:
    """A string is a URL of PostgreSQL with numbers as ports, or a list of pairs."""
    assert is_dsn(text) == valid


@pytest.mark.parametrize(
    ("dsn", "libpq", "asyncpg_"),
    [
        ("postgres://h/d", "postgres://h/d?connect_timeout=10", "postgres://h/d"),
        ("postgres://h/d?connect_timeout=3", "postgres://h/d?connect_timeout=3", "postgres://h/d"),
        ("postgres://h/d?pool_max_conns=3&sslmode=disable", "postgres://h/d?sslmode=disable&connect_timeout=10", None),
        (
            "postgres://h/d?search_path=a,b&options=-c%20x%3D1",
            "postgres://h/d?options=-c%20x%3D1%20-c%20search_path%3Da%2Cb&connect_timeout=10",
            None,
        ),
        (
            "host=h password='a b\\'c' statement_cache_capacity=5",
            "host='h' password='a b\\'c' connect_timeout='10'",
            "postgresql://?host=h&password=a%20b%27c",
        ),
    ],
)
def test_parameters_are_those_of_the_driver(dsn: str, libpq: str, asyncpg_: str | None) -> None:
    """Parameters of the real server's pool are left out, and unknown ones become settings of the session."""
    assert for_driver(dsn, "psycopg", 10) == for_driver(dsn, "psycopg2", 10) == libpq
    assert asyncpg_ is None or for_driver(dsn, "asyncpg", 10) == asyncpg_


@given(password=TEXT, setting=TEXT)
def test_values_reach_the_driver_unchanged(password: str, setting: str) -> None:
    """Any password and any setting arrive at libpq and at asyncpg as they were written."""
    quoted = "'" + password.replace("\\", "\\\\").replace("'", "\\'") + "'"
    dsn = f"host=h user=u dbname=d password={quoted}"
    assert is_dsn(dsn)
    read = psycopg.conninfo.conninfo_to_dict(for_driver(dsn, "psycopg", 10))
    assert read == {"host": "h", "user": "u", "dbname": "d", "connect_timeout": "10", "password": password}
    url = urlsplit(for_driver(dsn, "asyncpg", 10))
    assert parse_qsl(url.query, keep_blank_values=True)[-1] == ("password", password)
    # libpq takes the settings of a session as text with backslashes before spaces.
    dsn = f"postgres://h/d?{urlencode({'app.name': setting})}"
    options = psycopg.conninfo.conninfo_to_dict(for_driver(dsn, "psycopg", 10))["options"]
    assert re.sub(r"\\(.)", r"\1", str(options), flags=re.DOTALL) == f"-c app.name={setting}"


@pytest.mark.parametrize(
    ("dsn", "secrets"),
    [
        ("postgres://u:p%2fw@h/d", {"p/w", "p%2fw", "p%2Fw"}),
        ("postgres://u:hush@h:5432,[::1]:1/d", {"hush"}),
        ("postgres://u:5432@h:5432/d", {"5432"}),
        ("postgres://u:[::1]@[::1]/d", {"[::1]", "%5B%3A%3A1%5D"}),
        ("postgres://postgres:postgres@h/postgres", set()),
        ("user=u password='a b'", {"a b", "a%20b"}),
        ("postgres://h/d?user=u&password=x&sslpassword=y", {"x", "y"}),
        ("postgres://h/d", set()),
    ],
)
def test_secrets_are_the_passwords(dsn: str, secrets: set[str]) -> None:
    """The passwords and the whole string are secret, unless the password is also a name."""
    assert secrets_of(dsn) == secrets | {dsn}
    assert secrets_of("") == set()


@given(password=TEXT, hosts=TEXT)
def test_any_text_is_read_for_passwords(password: str, hosts: str) -> None:
    """Passwords are found in whatever a user typed, and no text raises an error."""
    is_dsn(hosts)
    for dsn in (f"postgres://u:{quote(password, safe='')}@{hosts}", f"postgres://{hosts}/d?password={quote(password)}"):
        assert isinstance(is_dsn(dsn), bool)
        assert isinstance(secrets_of(dsn), set)
    assert {password, quote(password, safe="")} - {""} <= passwords_of(f"postgres://u:{quote(password, safe='')}@h/d")
