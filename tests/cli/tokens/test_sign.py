"""Tests of `sign`, against signatures that a real server accepted (protocol 1: test-vectors)."""

import json

import pytest

from tests.cli.conftest import Run


def test_channel_sign(signing: Run) -> None:
    """`sign channel` prints only the signature, and with --json the members of the browser's subscribe."""
    connection, sign = (
        "3f8878ac-6887-45ff-9418-1316153469a3",
        "735ee23af90b60e6931e92d32891f846f514a2507075276c551f6b449b407e70",
    )
    arguments = ("sign", "channel", connection, "$public:x")
    assert signing(*arguments) == (0, f"{sign}\n", "")
    expected = {"client": connection, "channel": "$public:x", "info": "", "sign": sign}
    assert json.loads(signing(*arguments, "--json").out) == expected


def test_channel_sign_with_info(signing: Run) -> None:
    """--info is signed exactly as given."""
    connection, sign = (
        "3f8878ac-6887-45ff-9418-1316153469a3",
        "93c3b668de5c1bdf5a4831df40565bd2205a728e12f8a90c28f5e3fc3b7d58f8",
    )
    assert signing("sign", "channel", connection, "$public:к", "--info", '{"role":"é"}').out == f"{sign}\n"


def test_api_signature_of_argument_and_stdin(signing: Run) -> None:
    """`sign api` signs the exact bytes of its argument or of standard input."""
    body, sign = '{"method":"channels","params":{}}', "d2991eaba132edd87be08bf1c2c11e35177727a6c30ab45aa99a44bc53a95d1b"
    assert signing("sign", "api", body).out == f"{sign}\n"
    assert signing("sign", "api", stdin=body.encode()).out == f"{sign}\n"
    assert signing("sign", "api", "-", stdin=body.encode() + b"\n").out != f"{sign}\n"
    assert json.loads(signing("--json", "sign", "api", body).out) == {"sign": sign}


@pytest.mark.parametrize("arguments", [("token", "42", "--info", "Zoë"), ("sign", "channel", "c", "$x", "--info", "-")])
def test_info_must_be_json(signing: Run, arguments: tuple[str, ...]) -> None:
    """Info that is not JSON is rejected, because the server would accept it and fail later."""
    ran = signing(*arguments)
    assert ran.code == 2
    assert "--info" in ran.err


def test_signing_needs_a_secret(cli: Run) -> None:
    """Without a secret, `sign` fails, and --insecure does not change that."""
    assert cli("token", "42").code == 2
    assert cli("--insecure", "sign", "api", "[]").code == 2
