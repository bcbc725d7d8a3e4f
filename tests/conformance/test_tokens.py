"""A real Centrifugo 6 and this library agree about tokens: its checker and its live connections against `explain`."""

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from centripetal.tokens import Override, SigningKey, SubscribeOptions, connection_token, explain, subscription_token
from centripetal.tokens.explanation import Explanation
from tests.conformance.servers_v6 import checks, serving
from tests.needs import needs
from tests.tokens.keys import SECRET, hs256, key_for, pair, raw_token
from tests.tokens.test_claims import ACCEPTED, REFUSED
from tests.tokens.test_guesses import MISTAKES

pytestmark = needs("centrifugo-v6")

CHANNEL = {"channel": {"namespaces": [{"name": "tok", "presence": True}]}}
SIGNERS = [
    *(key_for(algorithm) for algorithm in ("HS256", "HS384", "HS512", "RS256", "RS384", "RS512")),
    *(key_for(algorithm) for algorithm in ("ES256", "ES384", "ES512")),
    *(key_for(algorithm, f"k{algorithm}") for algorithm in ("RS256", "RS512", "ES256", "ES384", "ES512", "EdDSA")),
]
HMAC_KEY = {"hmac_secret_key": SECRET}


@pytest.fixture(scope="module")
def key_set() -> Iterator[str]:
    """Serve a key set with all keys that have an id, and return its URL."""
    body = json.dumps({"keys": [key.jwk() for key in SIGNERS if key.kid]}).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/keys"
        server.shutdown()


@pytest.fixture(scope="module")
def live(key_set: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a function that gives the URL of a server for a key; each configuration is started on first use."""
    running: dict[str, str] = {}
    with contextlib.ExitStack() as stack:

        def get(settings: dict[str, Any]) -> str:
            name = json.dumps(settings)
            if name not in running:
                folder = tmp_path_factory.mktemp("server")
                running[name] = stack.enter_context(serving(config(settings), folder))
            return running[name]

        yield get


def config(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {"client": {"token": dict(settings)}, **CHANNEL}


def settings_for(key: SigningKey, key_set: str) -> dict[str, Any]:
    """Return the server's settings for verifying tokens of *key*."""
    if key.kid:
        return {"jwks_public_endpoint": key_set}
    if key.secret:
        return {"hmac_secret_key": key.secret.decode()}
    return {"rsa_public_key" if key.algorithm.startswith("RS") else "ecdsa_public_key": key.public_key()}


def said(url: str, connecting: str, channel: str = "", subscribing: str = "") -> list[dict[str, Any]]:
    """Return the server's replies to connect and, if *channel* is given, to subscribe, or the close."""
    answers: list[dict[str, Any]] = []
    with connect(url) as connection:
        try:
            connection.send(json.dumps({"id": 1, "connect": {"token": connecting}}))
            answers.append(json.loads(connection.recv(timeout=20)))
            if channel:
                connection.send(json.dumps({"id": 2, "subscribe": {"channel": channel, "token": subscribing}}))
                answers.append(json.loads(connection.recv(timeout=20)))
        except ConnectionClosed as closed:
            frame = closed.rcvd
            answers.append({"close": frame.code, "reason": frame.reason} if frame else {})
    return answers


@pytest.mark.parametrize("key", SIGNERS, ids=repr)
def test_every_algorithm_is_accepted(key: SigningKey, key_set: str, live: Any, tmp_path: Path) -> None:
    """The checker accepts tokens of each algorithm, and a client can connect and subscribe with them."""
    settings = settings_for(key, key_set)
    override = Override(force_positioning=False)
    subs = {"tok:1": SubscribeOptions(data={"from": "token"}, info=1, override=override)}
    connecting = connection_token(key, 42, info={"name": "Ann"}, meta=1, subs=subs)
    subscribing = subscription_token(key, "tok:2", 42, data=[1], info=None, expire_at=0, override=override)
    assert checks("connection", connecting, config(settings), tmp_path)
    assert checks("subscription", subscribing, config(settings), tmp_path)
    first, second = said(live(settings), connecting, "tok:2", subscribing)
    assert first["connect"]["subs"] == {"tok:1": {"data": {"from": "token"}}}
    assert 3000 < first["connect"]["ttl"] <= 3601
    assert second == {"id": 2, "subscribe": {"data": [1]}}
    assert explain(connecting, key, user=42).accepted
    assert explain(subscribing, key, channel="tok:2", user=42).accepted


NOW = int(time.time())
CONNECTING: list[tuple[str, str]] = [
    ("expired", connection_token(SECRET, 42, now=NOW - 7200)),
    ("not yet", connection_token(SECRET, 42, not_before=NOW + 1000)),
    ("ended", connection_token(SECRET, 42, expires_in=9000, expire_at=NOW - 100, now=NOW - 7200)),
    ("integer sub", hs256({"sub": 42})),
    ("bad b64info", hs256({"sub": "42", "b64info": "?"})),
    ("bad b64info in subs", hs256({"sub": "42", "subs": {"tok:1": {"b64info": "?"}}})),
    ("another secret", connection_token("another secret of thirty-two bytes", 42)),
    ("another algorithm", raw_token({"alg": "none"}, {"sub": "42"})),
    ("a subscription token", subscription_token(SECRET, "tok:1", 42)),
    ("no token", "x"),
    ("fine", connection_token(SECRET, 42)),
]
SUBSCRIBING: list[tuple[str, str]] = [
    ("expired", subscription_token(SECRET, "tok:1", 42, now=NOW - 7200)),
    ("ended", subscription_token(SECRET, "tok:1", 42, expires_in=9000, expire_at=NOW - 100, now=NOW - 7200)),
    ("another channel", subscription_token(SECRET, "tok:2", 42)),
    ("another user", subscription_token(SECRET, "tok:1", 43)),
    ("another connection", subscription_token(SECRET, "tok:1", 42, client="x")),
    ("a user elsewhere", hs256({"user_id": "42", "channel": "tok:1"})),
    ("bad b64data", hs256({"sub": "42", "channel": "tok:1", "b64data": "?"})),
    ("another secret", subscription_token("another secret of thirty-two bytes", "tok:1", 42)),
    ("a connection token", connection_token(SECRET, 42)),
    ("fine", subscription_token(SECRET, "tok:1", 42)),
]


def agrees(answer: dict[str, Any], explanation: Explanation) -> None:
    assert answer.get("close") == explanation.close
    assert answer.get("error", {}).get("code") == explanation.error
    assert explanation.accepted == ("connect" in answer or "subscribe" in answer)
    words = answer.get("reason") or answer.get("error", {}).get("message") or "the client is"
    assert words in explanation.server_says


@pytest.mark.parametrize(("what", "token"), CONNECTING, ids=[what for what, _ in CONNECTING])
def test_the_explanation_matches_the_server_at_connect(what: str, token: str, live: Any) -> None:
    """`explain` predicts the error or close of a live server for a connection token."""
    (answer,) = said(live(HMAC_KEY), token)
    agrees(answer, explain(token, SECRET, kind="connection"))


@pytest.mark.parametrize(("what", "token"), SUBSCRIBING, ids=[what for what, _ in SUBSCRIBING])
def test_the_explanation_matches_the_server_at_subscribe(what: str, token: str, live: Any) -> None:
    """`explain` predicts the error or close of a live server for a subscription token."""
    _, answer = said(live(HMAC_KEY), connection_token(SECRET, 42), "tok:1", token)
    agrees(answer, explain(token, SECRET, channel="tok:1", user=42, client="the connection's"))


def test_keys_can_change_without_disconnects(live: Any) -> None:
    """During a change of keys, the server accepts tokens of the new and the previous secret."""
    url = live({"hmac_secret_key": "the new secret of this server, long enough", "hmac_previous_secret_key": SECRET})
    for secret in ("the new secret of this server, long enough", SECRET):
        (answer,) = said(url, connection_token(secret, 42))
        assert "connect" in answer


def test_audience_issuer_and_user_claim(live: Any) -> None:
    """A server that requires an audience, an issuer and another user claim accepts a token with all three."""
    url = live({**HMAC_KEY, "audience": "a", "issuer_regex": "^i\\d$", "user_id_claim": "uid"})
    token = connection_token(SECRET, 42, audience=["b", "a"], issuer="i1", user_id_claim="uid")
    assert "connect" in said(url, token)[0]
    assert said(url, connection_token(SECRET, 42)) == [{"close": 3500, "reason": "invalid token"}]


CLAIMS = [claims for _, claims in ACCEPTED] + [claims for _, claims, _, _ in REFUSED]


@pytest.mark.parametrize("kind", ["connection", "subscription"])
@pytest.mark.parametrize("claims", CLAIMS, ids=range(len(CLAIMS)))
def test_the_verdicts_on_claims_agree(kind: Any, claims: Any, tmp_path: Path) -> None:
    """The server and this library agree about unusual claims."""
    token = hs256(claims)
    if kind == "subscription" and isinstance(claims, dict):
        token = hs256({"channel": "a", **claims})
    ours = explain(token, SECRET, kind=kind)
    assert checks(kind, token, config(HMAC_KEY), tmp_path) == (ours.accepted or ours.error == 110)


TEXTS = [(row[0], row[1]) for row in MISTAKES if row[2] == SECRET and isinstance(row[1], str) and row[1]]


@pytest.mark.parametrize(("what", "token"), TEXTS, ids=[what for what, _ in TEXTS])
def test_the_verdicts_on_invalid_tokens_agree(what: str, token: str, tmp_path: Path) -> None:
    """The server's checker rejects every token that `explain` rejects."""
    ours = explain(token, SECRET, kind="connection")
    assert checks("connection", token, config(HMAC_KEY), tmp_path) == (ours.accepted or ours.error == 110)


def test_a_public_key_is_not_a_secret(tmp_path: Path) -> None:
    """A token signed by HMAC with a public key's text is refused by a server with that key."""
    token = hs256({"sub": "42"}, pair("rsa").public)
    assert not checks("connection", token, config({"rsa_public_key": pair("rsa").public}), tmp_path)
