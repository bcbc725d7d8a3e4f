"""Guesses at what lies behind a fault: mistakes that people make with keys, times, users and copied text. PURE.

Each clue is two sentences: what is wrong, and what to do about it.
"""

import base64
import binascii
import contextlib
import datetime
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

from centripetal.protocol.checks import MILLISECONDS
from centripetal.protocol.gojson import fold
from centripetal.tokens.claims import CLAIMS
from centripetal.tokens.faults import Fault, Kind
from centripetal.tokens.signatures import ALGORITHMS, HMAC, check_hmac
from centripetal.tokens.verification import Token, TokenKeys

__all__ = ["Case", "Clue", "about_fault", "about_text", "moment", "repaired", "suspicions"]

LONG_AGO = 1e9  # September 2001: no token is as old, but a lifetime taken for a time looks like that
SKEW = 600  # seconds: clocks that differ by more are not what is wrong
_EVER = 1e19
_USER_CLAIMS = ("user", "user_id", "userId", "userid", "uid", "id", "username", "email")


class Clue(NamedTuple):
    """What is the matter, and what to do about it."""

    what: str
    fix: str


class Case(NamedTuple):
    """A token under examination.

    Attributes:
        kind: what it is presented as.
        token: the token.
        claims: its claims, read leniently.
        keys: what the server verifies with.
        now: Unix seconds.
    """

    kind: Kind
    token: Token
    claims: dict[str, Any]
    keys: TokenKeys
    now: float

    def value(self, claim: str) -> Any:
        """The claim of that name as the server finds it: in any letter case, the last of several; None if missing."""
        return next((value for name, value in reversed(self.claims.items()) if fold(name) == claim), None)


# ---- times


def _duration(seconds: float) -> str:
    """A duration in words."""
    for unit, size, upto in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800), ("days", 86_400, 730 * 86_400)):
        if abs(seconds) < upto:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds / (365.25 * 86_400)):,} years"


def moment(value: float, now: float) -> str:
    """A time in words: the date, and how far it is from now."""
    if not -_EVER < value < _EVER:
        return "at no time"
    try:
        date = f"{datetime.datetime.fromtimestamp(value, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC, "
    except (OverflowError, ValueError, OSError):
        date = ""
    return date + (f"in {_duration(value - now)}" if value > now else f"{_duration(now - value)} ago")


# ---- the text


_ALONE = "give the token alone, as it was made"
_MAKE = "make tokens with centripetal.tokens, or another JWT library"
_WHOLE = "see that it is copied whole"
_URL = "encode with base64url"
_TEXT_CLUES = {
    r"(?i)bearer\s": Clue("the token begins with the word Bearer, which belongs into HTTP headers only", _ALONE),
    r"(?s).*[\"'`]": Clue("there are quotation marks in the token", _ALONE),
    r"(?s).*=": Clue("the parts of the token are padded with =, which tokens are not", f"{_URL} and take the = away"),
    r"(?s).*[+/]": Clue("the token is in the usual base64, with + and /", f"{_URL}, which has - and _ instead"),
}


def about_text(text: str) -> Iterator[Clue]:
    """What is wrong with text that is not a token."""
    bare = text.strip()
    if not bare:
        yield Clue("the token is empty", "see where it gets lost between the one who makes it and the browser")
        return
    if re.fullmatch(r"[0-9a-f]{64}", bare):
        yield Clue(
            "this is a token of Centrifugo 1.x (an HMAC in hex), no JSON Web Token",
            "make one with centripetal.tokens.connection_token; `centripetal token USER` is for 1.x",
        )
        return
    if bare != text:
        what = "there is white space around the token, a line break perhaps"
        yield Clue(what, "strip() what was read from a file or a shell")
    yield from (clue for pattern, clue in _TEXT_CLUES.items() if re.match(pattern, bare))
    yield from _about_parts(_bare(text))


def _about_parts(text: str) -> Iterator[Clue]:
    dots = text.count(".")
    if text.startswith("{"):
        yield Clue("this is JSON, which is inside of a token, not a token", _MAKE)
    elif dots == 4:
        fix = "sign the token, don't encrypt it: the server reads only signed ones"
        yield Clue("this is an encrypted token (five parts)", fix)
    elif dots == 1:
        yield Clue("the token has two parts: its signature is missing", _WHOLE)
    elif dots != 2:
        what = f"the token has {dots + 1} part{'s' if dots else ''}, it must have three with dots between them"
        yield Clue(what, _WHOLE)
    elif not text.startswith("eyJ"):
        what = 'the header must begin with {" and so the token with eyJ, but it does not'
        yield Clue(what, f"{_MAKE}; write no space after {{")


def repaired(text: str) -> str:
    """*text* without what is often around a token, and in the right base64."""
    return ".".join(part.rstrip("=") for part in _bare(text).translate(str.maketrans("+/", "-_")).split("."))


def _bare(text: str) -> str:
    return re.sub(r"(?i)^bearer\s+", "", re.sub(r"""["'`]""", "", text.strip())).strip()


# ---- the faults


_FIXES = {
    "channel claim": "give it to subscribe, and to connect one of connection_token(key, user)",
    "issuer": "make the token with issuer=…, as the server's configuration says",
    "audience": "make the token with audience=…, as the server's configuration says",
    "base64": "it is base64 with padding of the standard alphabet; b64info=… and b64data=… take bytes",
    "another channel": "make a token for each channel; letter case and namespace count",
    "another client": "leave `client` out",
}


def about_fault(case: Case, fault: Fault) -> Clue:
    """A fault in words, with its likely cause and what to do."""
    match fault.reason:
        case "algorithm" | "kid" | "key":
            return _about_algorithm(case, fault)
        case "signature":
            return _about_signature(case, fault)
        case "expired" | "not yet valid" | "ended":
            return _about_time(case, fault)
        case "claims":
            return _about_claim(case, fault)
        case "another user":
            if stray := _misplaced_user(case):
                return Clue(f"{fault}: `{stray}` is not where the server looks", "the user's id belongs into `sub`")
            return Clue(str(fault), "make it for the user who is connected")
        case "no channel claim" if case.claims.get("channels"):
            return Clue(f"{fault}, this one has `channels`", "one channel, one token")
        case "no channel claim":
            what = f"{fault}, this one has none: it looks like a connection token"
            return Clue(what, "make it with subscription_token(key, channel, user)")
        case _:
            return Clue(str(fault), _FIXES.get(fault.reason, "see the server's configuration"))


def _about_time(case: Case, fault: Fault) -> Clue:
    claim, value = fault.name, case.value(fault.name)
    if not _is_number(value):
        return Clue(str(fault), "make a new token")
    what = {"exp": "the token expired", "nbf": "the token counts only from", "expire_at": f"the {case.kind} was to end"}
    said = f"{what[claim]}: {moment(value, case.now)} (`{claim}`)"
    near = (value - case.now if claim == "nbf" else case.now - value) <= SKEW
    if claim == "nbf" and value > MILLISECONDS:
        return Clue(f"{said}: it looks like milliseconds", "`nbf` is in seconds")
    if claim == "nbf":
        fix = "set both clocks by NTP, they seem to differ" if near else "wait until then, or leave `nbf` out"
    elif value < LONG_AGO:
        return Clue(f"{said}: it looks like a lifetime", f"`{claim}` is a time: Unix seconds now, plus the lifetime")
    elif claim == "expire_at":
        fix = "0 means never; to make it end with the token, leave `expire_at` out"
    else:
        fix = "make a new token; the browser's getToken must fetch one when it is asked"
        fix += ". If it was just made: see that both clocks are right" if near else ""
    return Clue(said, fix)


_DATE_FIX = "`{}` is a number: int(time.time()) plus what it takes; no date as text"
_CLAIM_FIXES = {
    "": "the claims are one JSON object",
    **{name: _DATE_FIX.format(name) for name in ("exp", "nbf", "iat")},
    "expire_at": "`expire_at` is an integer, without fraction or quotation marks",
}


def _about_claim(case: Case, fault: Fault) -> Clue:
    claim, value = fault.name, case.value(fault.name)
    if claim == "sub" and isinstance(value, int):
        return Clue(f"`sub` is the number {value}: the server takes only text", f'write "{value}": str(user)')
    if claim == "aud" and value is None:
        return Clue("`aud` is null, which the server does not take", "leave it out")
    fix = f"see the table of claims for the type of `{claim.partition('.')[0]}`"
    return Clue(str(fault), _CLAIM_FIXES.get(claim, fix))


def _about_algorithm(case: Case, fault: Fault) -> Clue:
    algorithm, keys = case.token.header.alg, case.keys
    name = "rsa_public_key" if algorithm.startswith("RS") else "ecdsa_public_key"
    if keys.jwks is not None and algorithm in HMAC:
        what = f"the token is signed by {algorithm}, but the server has a key set, with which it takes no secret"
        fix = "sign with the private key that belongs to the set, or configure the server without jwks_public_endpoint"
    elif fault.reason == "kid":
        what = str(fault)
        fix = "make the token with SigningKey(pem, kid=…), and see that the set has that key: key.jwk()"
    elif fault.reason == "key":
        what, fix = str(fault), "give the server the public key in PEM: SigningKey(pem).public_key()"
    elif algorithm not in ALGORITHMS:
        return _about_unknown(algorithm)
    elif algorithm in HMAC and (setting := _public_key_as_secret(case)):
        what = f"the token is signed by {algorithm} with the public key's text as secret, which anybody could do"
        fix = f"sign with the private key to which the server's {setting} belongs"
    elif algorithm in HMAC:
        what = f"the token is signed with a secret ({algorithm}), but the server has no hmac_secret_key"
        fix = "sign with the private key, or give the server the secret"
    elif algorithm == "EdDSA":
        what = "the server takes EdDSA only by a key set"
        fix = "serve {'keys': [key.jwk()]} and name its URL in jwks_public_endpoint"
    elif keys.ecdsa_public_key and algorithm.startswith("ES"):
        what = f"the curve of the server's key is not that of {algorithm}"
        fix = "P-256: ES256, P-384: ES384, P-521: ES512"
    elif keys.hmac_secret_key:
        what = f"the token is signed by {algorithm}, but the server's key is a secret"
        fix = f"sign with the secret, or give the server the public key ({name})"
    else:
        what, fix = f"the server has no key for {algorithm}", f"give it the public key as {name}"
    return Clue(what, fix)


def _public_key_as_secret(case: Case) -> str:
    """The setting whose public key the token is signed with as if it were a secret; empty if there is none."""
    for name in ("rsa_public_key", "ecdsa_public_key"):
        pem: str = getattr(case.keys, name)
        if pem and any(_fits(case, text.encode()) for text in (pem, pem.strip(), pem.strip() + "\n")):
            return name
    return ""


def _about_unknown(algorithm: str) -> Clue:
    if algorithm.upper() in ALGORITHMS:
        return Clue(f"the algorithm is written {algorithm!r}", f"write {algorithm.upper()!r}: letter case counts")
    if not algorithm or algorithm.lower() == "none":
        return Clue("the token is not signed", "sign it with the server's key")
    rsa = f"RS{algorithm[2:]} with the same key"
    names = f"one of {', '.join(ALGORITHMS)}"
    fix = f"sign by {rsa if algorithm.startswith('PS') else names}"
    return Clue(f"the server does not take {algorithm}", fix)


def _about_signature(case: Case, fault: Fault) -> Clue:
    token = case.token
    if not token.signature:
        return Clue("the signature is empty", "see that the token is copied whole")
    if token.header.alg in HMAC:
        return _about_secret(case)
    if token.header.alg.startswith("ES") and token.signature.startswith(b"\x30"):
        what = "the signature is in DER, as OpenSSL writes it"
        return Clue(what, "tokens have r and s, of fixed length, one after the other")
    fix = "see that the server has the public half of the very key that signs, and that the token is copied whole"
    return Clue(str(fault), fix + (" (or that the key set is fresh)" if case.keys.jwks is not None else ""))


def _about_secret(case: Case) -> Clue:
    keys = case.keys
    for what, secret in _variants(keys.hmac_secret_key.encode()):
        if _fits(case, secret):
            return Clue(f"the token is signed with {what}", "give both sides the same secret, byte for byte")
    if keys.hmac_previous_secret_key and _fits(case, keys.hmac_previous_secret_key.encode()):
        until = moment(keys.hmac_previous_secret_key_valid_until, case.now)
        return Clue(f"the token is signed with the previous secret, which counted until {until}", "make a new token")
    for other in HMAC:
        if check_hmac(other, keys.hmac_secret_key.encode(), case.token.signed, case.token.signature):
            what = f"the token says {case.token.header.alg} but is signed by {other}"
            return Clue(what, "write the algorithm that signs")
    what = "the signature does not fit: the token is signed with another secret, or was changed afterwards"
    fix = "compare the secret with the server's hmac_secret_key (of this environment?), and copy the token whole"
    return Clue(what, fix)


def _variants(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the secret and a line break after it, as when it is read from a file", raw + b"\n"
    yield "the secret and a line break (CR LF) after it", raw + b"\r\n"
    yield "the secret and a space after it", raw + b" "
    yield "the secret without the white space around it", raw.strip()
    yield "the secret without the quotation marks around it", raw.strip(b"\"' \r\n")
    yield "the secret in quotation marks", b'"%s"' % raw
    yield "an empty secret", b""
    padded = raw + b"=" * (-len(raw) % 4)
    decoders = {"base64": base64.b64decode, "base64url": base64.urlsafe_b64decode, "hex": binascii.unhexlify}
    for what, decode in decoders.items():
        with contextlib.suppress(ValueError):
            yield f"what the secret is when it is decoded from {what}", decode(raw if what == "hex" else padded)
    yield "the base64 of the secret", base64.b64encode(raw)
    yield "the hex of the secret", raw.hex().encode()


def _fits(case: Case, secret: bytes) -> bool:
    return check_hmac(case.token.header.alg, secret, case.token.signed, case.token.signature)


# ---- what is no fault, but looks like a mistake


def suspicions(case: Case) -> Iterator[Clue]:
    """What the server accepts and the author can hardly have meant."""
    claims = case.claims
    exp = case.value("exp")
    if exp is None:
        yield Clue("the token never expires: only another key takes it back", "give it an `exp`")
    elif _is_number(exp) and exp > MILLISECONDS:
        yield Clue("`exp` looks like milliseconds: the token lives for thousands of years", "`exp` is in seconds")
    issued = case.value("iat")
    if _is_number(issued) and not issued > MILLISECONDS and issued > case.now:
        yield Clue(f"the token was issued {moment(issued, case.now)} (`iat`): clocks differ", "set both clocks by NTP")
    if found := _misplaced_user(case):
        what = f"the user is the anonymous one: the server takes it from `{_user_claim(case)}`, not from `{found}`"
        yield Clue(what, "rename it")
    if case.kind == "connection" and claims.get("channels") and claims.get("subs"):
        yield Clue("`channels` is ignored, because there is `subs`", "put the channels into `subs`")
    for name in ("info", "data"):
        if claims.get(name) is not None and claims.get(f"b64{name}"):
            yield Clue(f"`{name}` is ignored, because there is `b64{name}`", "leave one of them out")
    secret = case.keys.hmac_secret_key
    if secret and len(secret.encode()) < 32:
        what = "the secret is shorter than 32 bytes: it can be guessed from a token"
        yield Clue(what, "take secrets.token_urlsafe(32)")
    yield from _lookalikes(case)


def _misplaced_user(case: Case) -> str:
    """The claim that holds the user by mistake, where the right one holds none; empty if there is none."""
    right = _user_claim(case)
    if "." in right or case.claims.get(right):
        return ""
    names = (name for name in ("sub", *_USER_CLAIMS) if name != right and case.claims.get(name) not in (None, ""))
    return next(names, "")


def _user_claim(case: Case) -> str:
    return case.keys.user_id_claim or "sub"


def _lookalikes(case: Case) -> Iterator[Clue]:
    known = CLAIMS[case.kind]
    plain = {name.replace("_", ""): name for name in known}
    plain.update({"expires": "exp", "expiry": "exp", "expiresat": "exp", "expiration": "exp", "ttl": "exp"})
    plain.update({"audience": "aud", "issuer": "iss", "subject": "sub", "notbefore": "nbf"})
    for name in case.claims:
        meant = plain.get(fold(name).replace("_", "").replace("-", ""))
        if fold(name) not in known and meant is not None:
            yield Clue(f"the server does not look at `{name}`", f"`{meant}` may be meant")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
