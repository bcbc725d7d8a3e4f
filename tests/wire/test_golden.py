"""The comparison with recordings is correct, which every replay relies on."""

import base64
import json

import pytest

from tests.wire.deviations import NOT_EMULATED_TRANSCRIPTS
from tests.wire.golden import HERE, Replay, load, names


@pytest.fixture
def replay() -> Replay:
    return Replay("secret")


def test_equal_texts_pass_and_others_fail(replay: Replay) -> None:
    """Without a mask every byte is compared, including white space."""
    replay.check({}, b'{"a": 1}', b'{"a": 1}')
    with pytest.raises(AssertionError):
        replay.check({}, b'{"a": 1}', b'{"a":1}')


def test_only_volatile_values_are_masked(replay: Replay) -> None:
    """A pointer masks exactly the value that it names."""
    step = {"volatile": ["/0/b~1c", "/1"]}
    replay.check(step, b'[{"a":1,"b/c":[2]},3]', b'[{"a":1,"b/c":{"x":"y"}},"z"]')
    with pytest.raises(AssertionError):
        replay.check(step, b'[{"a":1,"b/c":[2]},3]', b'[{"a":2,"b/c":[2]},3]')


def test_a_pointer_to_a_missing_value_fails(replay: Replay) -> None:
    """A pointer to a missing value fails the comparison."""
    with pytest.raises(AssertionError, match="is not in"):
        replay.check({"volatile": ["/a"]}, b'{"a":1}', b'{"b":1}')


def test_regular_expressions_mask_other_payloads(replay: Replay) -> None:
    """A regular expression masks values in payloads that are not JSON."""
    replay.check({"volatile": ["re:id=[0-9]+"]}, b"o id=1;", b"o id=22;")


def test_bound_values_are_replaced_later(replay: Replay) -> None:
    """A bound value is replaced in all later payloads, sent and received."""
    replay.check({"bind": {"client": "/id"}}, b'{"id":"AAA"}', b'{"id":"BBB"}')
    replay.check({}, b"AAA!", b"BBB!")
    assert replay.outgoing({"data": "AAA", "template": "<{{client}}>"}, "data") == b"<BBB>"
    assert replay.outgoing({"body": "AAA", "body_template": "<{{client}}>"}, "body") == b"<BBB>"


def test_let_computes_signs_of_bound_values(replay: Replay) -> None:
    """A sign over values of this run is computed with the recording's secret."""
    step = {
        "data": "x",
        "template": "{{sign}}",
        "let": {"sign": {"hmac_sha256_hex": ['{"method":"channels",', '"params":{}}']}},
    }
    assert replay.outgoing(step, "data") == b"d2991eaba132edd87be08bf1c2c11e35177727a6c30ab45aa99a44bc53a95d1b"


def test_let_computes_the_time(replay: Replay) -> None:
    """A step may use the current Unix time."""
    step = {"data": "x", "template": "{{now}}", "let": {"now": {"unix_time": 0}}}
    assert replay.outgoing(step, "data").isdigit()


def test_relaxations_hold_only_where_a_step_asks_for_them(replay: Replay) -> None:
    """`compare: json` ignores the order of members, and `unordered` ignores the order of elements."""
    replay.check({"compare": "json"}, b'{"a":1,"b":2}', b'{"b":2,"a":1}')
    replay.check({"unordered": ["/d"]}, b'{"d":["a","b"]}', b'{"d":["b","a"]}')
    with pytest.raises(AssertionError):
        replay.check({}, b'{"d":["a","b"]}', b'{"d":["b","a"]}')


def test_binary_payloads_come_from_base64(replay: Replay) -> None:
    """Payloads that are not UTF-8 are recorded as base64 and sent as the original bytes."""
    assert replay.outgoing({"data_b64": "/w=="}, "data") == b"\xff"


def test_every_transcript_can_be_loaded() -> None:
    """All recordings have the format that this loader reads."""
    every = [name for kind in ("http", "websocket", "signatures") for name in names("v1", kind, "*")]
    assert len(every) == len(list((HERE / "v1").glob("*.json")))
    assert all(load("v1", name)["name"] == name for name in every)


def test_every_transcript_of_a_current_server_is_replayed_or_listed() -> None:
    """Each recording of 6.9.1 is replayed, checked as a table of tokens, or listed with a reason."""
    replayed = {*names("current", "http", "*"), *names("current", "websocket", "*"), *names("current", "jwt", "*")}
    every = {file.stem for file in (HERE / "current").glob("*.json")}
    assert every == replayed | NOT_EMULATED_TRANSCRIPTS.keys()


# ---- transcripts that compare values


@pytest.fixture
def values() -> Replay:
    return Replay("", "json")


def test_values_are_compared_without_order_and_white_space(values: Replay) -> None:
    """The types of values and the digits of numbers count; order and white space do not."""
    values.check({}, b'{"a":1,"b":[1.0]}', b'{ "b":[1.0], "a":1 }')
    for other in (b'{"a":1,"b":[1]}', b'{"a":true,"b":[1.0]}', b'{"a":1,"b":[1.0],"c":0}', b"a"):
        with pytest.raises(AssertionError):
            values.check({}, b'{"a":1,"b":[1.0]}', other)


def test_other_payloads_are_compared_as_text(values: Replay) -> None:
    """Payloads that are not JSON, such as error texts and empty bodies, are compared as text."""
    values.check({}, b"Bad Request\n", b"Bad Request\n")
    values.check({}, b"", b"")
    with pytest.raises(AssertionError):
        values.check({}, b"Bad Request\n", b"Not Found\n")


def test_pointers_start_with_the_line_if_there_are_several(values: Replay) -> None:
    """A pointer starts with the index of the line only if there are several lines."""
    values.check({"volatile": ["/1/a"]}, b'{"a":1}\n{"a":2}', b'{"a":1}\n{"a":3}')
    values.check({"volatile": ["/a"]}, b'{"a":1}', b'{"a":2}')
    with pytest.raises(AssertionError):
        values.check({"volatile": ["/1/a"]}, b'{"a":1}\n{"a":2}', b'{"a":2}\n{"a":2}')


def test_a_bound_value_is_replaced_everywhere(values: Replay) -> None:
    """A bound value is replaced in sent and received data, member names and pointers."""
    values.check({"bind": {"one": "/id"}}, b'{"id":"AAA"}', b'{"id":"ZZZ"}')
    values.check({}, b'{"AAA":1,"MMM":2}', b'{"MMM":2,"ZZZ":1}')
    step = {"bind": {"two": "/AAA/epoch"}, "volatile": ["/AAA/time"]}
    values.check(step, b'{"AAA":{"epoch":"e1","time":1}}', b'{"ZZZ":{"epoch":"e2","time":2}}')
    assert values.outgoing({"body": '{"since":"AAA/e1"}'}, "body") == b'{"since":"ZZZ/e2"}'
    with pytest.raises(AssertionError):
        values.check({}, b'"AAA"', b'"BBB"')


def test_let_computes_times_and_tokens(values: Replay) -> None:
    """A computed token has the given claims, and an expiry if the step asks for one."""
    recipe = {"jwt_hs256": {"secret": "golden-hmac-secret", "claims": {"sub": "42"}}}
    sent = values.outgoing(
        {"data": "x", "template": "{{now}} {{token}}", "let": {"now": {"unix": 5}, "token": recipe}}, "data"
    )
    now, token = sent.decode().split()
    assert now.isdigit()
    assert token.count(".") == 2
    assert json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")) == {"sub": "42"}
    expiring = {"jwt_hs256": {**recipe["jwt_hs256"], "exp_in": 2}}
    token = values.outgoing({"data": "x", "template": "{{token}}", "let": {"token": expiring}}, "data").decode()
    assert set(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))) == {"sub", "exp"}
