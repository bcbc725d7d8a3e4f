"""Likely causes of faults: common mistakes with keys, times, users and copied text. PURE.

Each clue has two texts: what is wrong, and what to do about it.
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

LONG_AGO = 1e9  # September 2001: tokens are newer, so a smaller number is probably a lifetime instead of a time
SKEW = 600  # seconds. Clocks rarely differ by more, so a larger difference has another cause
_EVER = 1e19
_USER_CLAIMS = ("user", "user_id", "userId", "userid", "uid", "id", "username", "email")


class Clue(NamedTuple):
    """A likely mistake, and what to do about it."""

    what: str
    fix: str


class Case(NamedTuple):
    """A token to explain, with everything known about it.

    Attributes:
        kind: the kind of token that it is presented as.
        token: the token.
        claims: the token's claims, read leniently.
        keys: the server's keys and settings.
        now: time of the check in Unix seconds.
    """

    kind: Kind
    token: Token
    claims: dict[str, Any]
    keys: TokenKeys
    now: float

    def value(self, claim: str) -> Any:
        """Return a claim as the server finds it: in any letter case, the last of repeated claims; None if missing."""
        return next((value for name, value in reversed(self.claims.items()) if fold(name) == claim), None)


# ---- times


def _duration(seconds: float) -> str:
    """Format a duration with a unit."""
    for unit, size, upto in (("s", 1, 120), ("min", 60, 7200), ("h", 3600, 172_800), ("days", 86_400, 730 * 86_400)):
        if abs(seconds) < upto:
            return f"{round(seconds / size)} {unit}"
    return f"{round(seconds / (365.25 * 86_400)):,} years"


def moment(value: float, now: float) -> str:
    """Format a time as a date and the distance from now."""
    if not -_EVER < value < _EVER:
        return "at an impossible time"
    try:
        date = f"{datetime.datetime.fromtimestamp(value, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC, "
    except (OverflowError, ValueError, OSError):
        date = ""
    return date + (f"in {_duration(value - now)}" if value > now else f"{_duration(now - value)} ago")


# ---- the text


_ALONE = "pass only the token, exactly as it was created"
_MAKE = "create tokens with centripetal.tokens or another JWT library"
_WHOLE = "check that the token was copied whole"
_URL = "encode with base64url"
_TEXT_CLUES = {
    r"(?i)bearer\s": Clue("the token begins with the word Bearer, which belongs only in HTTP headers", _ALONE),
    r"(?s).*[\"'`]": Clue("the token contains quotation marks", _ALONE),
    r"(?s).*=": Clue(
        "the parts of the token are padded with =, but tokens have no padding", f"{_URL} and remove the ="
    ),
    r"(?s).*[+/]": Clue(
        "the token is encoded with standard base64, with + and /", f"{_URL}, which uses - and _ instead"
    ),
}


def about_text(text: str) -> Iterator[Clue]:
    """Yield likely mistakes in a text that is not a token."""
    bare = text.strip()
    if not bare:
        yield Clue("the token is empty", "check where the token gets lost between the back end and the browser")
        return
    if re.fullmatch(r"[0-9a-f]{64}", bare):
        yield Clue(
            "this is a token of Centrifugo 1.x (an HMAC in hex), not a JSON Web Token",
            "create the token with centripetal.tokens.connection_token; `centripetal token USER` is for 1.x",
        )
        return
    if bare != text:
        what = "there is white space around the token, such as a line break"
        yield Clue(what, "call strip() on text that was read from a file or a shell")
    yield from (clue for pattern, clue in _TEXT_CLUES.items() if re.match(pattern, bare))
    yield from _about_parts(_bare(text))


def _about_parts(text: str) -> Iterator[Clue]:
    dots = text.count(".")
    if text.startswith("{"):
        yield Clue("this is JSON, not a token; a token contains JSON in base64url", _MAKE)
    elif dots == 4:
        fix = "sign the token instead of encrypting it: the server reads only signed tokens"
        yield Clue("this is an encrypted token (five parts)", fix)
    elif dots == 1:
        yield Clue("the token has only two parts: its signature is missing", _WHOLE)
    elif dots != 2:
        what = f"the token has {dots + 1} part{'s' if dots else ''}, but it must have three, separated by dots"
        yield Clue(what, _WHOLE)
    elif not text.startswith("eyJ"):
        what = 'the header must begin with {" so that the token begins with eyJ, but it does not'
        yield Clue(what, f"{_MAKE}; write the header without a space after {{")


def repaired(text: str) -> str:
    """Return *text* as base64url, without quotation marks, Bearer and white space around the token."""
    return ".".join(part.rstrip("=") for part in _bare(text).translate(str.maketrans("+/", "-_")).split("."))


def _bare(text: str) -> str:
    return re.sub(r"(?i)^bearer\s+", "", re.sub(r"""["'`]""", "", text.strip())).strip()


# ---- the faults


_FIXES = {
    "channel claim": "pass it to subscribe; to connect, create a token with connection_token(key, user)",
    "issuer": "create the token with issuer=… as in the server's configuration",
    "audience": "create the token with audience=… as in the server's configuration",
    "base64": "use padded standard base64, or pass bytes to b64info=… and b64data=…",
    "another channel": "create a token for each channel; letter case and namespace matter",
    "another client": "leave `client` out",
}


def about_fault(case: Case, fault: Fault) -> Clue:
    """Return a clue for *fault*, with its likely cause and what to do."""
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
                return Clue(
                    f"{fault}: the server does not read the user from `{stray}`", "put the user's id into `sub`"
                )
            return Clue(str(fault), "create the token for the user of the connection")
        case "no channel claim" if case.claims.get("channels"):
            return Clue(f"{fault}, but this token has `channels`", "create one token for each channel")
        case "no channel claim":
            what = f"{fault}, but this token looks like a connection token"
            return Clue(what, "create it with subscription_token(key, channel, user)")
        case _:
            return Clue(str(fault), _FIXES.get(fault.reason, "check the server's configuration"))


def _about_time(case: Case, fault: Fault) -> Clue:
    claim, value = fault.name, case.value(fault.name)
    if not _is_number(value):
        return Clue(str(fault), "create a new token")
    what = {"exp": "the token expired", "nbf": "the token is not valid until", "expire_at": f"the {case.kind} expired"}
    said = f"{what[claim]}: {moment(value, case.now)} (`{claim}`)"
    near = (value - case.now if claim == "nbf" else case.now - value) <= SKEW
    if claim == "nbf" and value > MILLISECONDS:
        return Clue(f"{said}: it looks like milliseconds", "`nbf` must be in seconds")
    if claim == "nbf":
        fix = "synchronize both clocks with NTP: they seem to differ" if near else "wait until then, or leave `nbf` out"
    elif value < LONG_AGO:
        return Clue(
            f"{said}: it looks like a lifetime",
            f"`{claim}` is a time: set it to the current Unix time plus the lifetime",
        )
    elif claim == "expire_at":
        fix = "use a time in the future, or 0 for never; without `expire_at` it expires with the token"
    else:
        fix = "create a new token; getToken in the browser must fetch a new token each time it is called"
        fix += ". If the token is new, check that both clocks are right" if near else ""
    return Clue(said, fix)


_DATE_FIX = "`{}` must be a number in Unix seconds, such as int(time.time()) + 3600, not a date as text"
_CLAIM_FIXES = {
    "": "the claims must be one JSON object",
    **{name: _DATE_FIX.format(name) for name in ("exp", "nbf", "iat")},
    "expire_at": "`expire_at` must be an integer, without fraction or quotation marks",
}


def _about_claim(case: Case, fault: Fault) -> Clue:
    claim, value = fault.name, case.value(fault.name)
    if claim == "sub" and isinstance(value, int):
        return Clue(f"`sub` is the number {value}, but the server accepts only strings", f'write "{value}": str(user)')
    if claim == "aud" and value is None:
        return Clue("`aud` is null, which the server does not accept", "leave it out")
    fix = f"see the table of claims for the type of `{claim.partition('.')[0]}`"
    return Clue(str(fault), _CLAIM_FIXES.get(claim, fix))


def _about_algorithm(case: Case, fault: Fault) -> Clue:
    algorithm, keys = case.token.header.alg, case.keys
    name = "rsa_public_key" if algorithm.startswith("RS") else "ecdsa_public_key"
    if keys.jwks is not None and algorithm in HMAC:
        what = f"the token is signed with {algorithm}, but the server uses a key set and accepts no secret"
        fix = "sign with a private key that belongs to the set, or configure the server without jwks_public_endpoint"
    elif fault.reason == "kid":
        what = str(fault)
        fix = "create the token with SigningKey(pem, kid=…), and check that the set contains key.jwk()"
    elif fault.reason == "key":
        what, fix = str(fault), "configure the server with the public key in PEM: SigningKey(pem).public_key()"
    elif algorithm not in ALGORITHMS:
        return _about_unknown(algorithm)
    elif algorithm in HMAC and (setting := _public_key_as_secret(case)):
        what = f"the token is signed with {algorithm} and the public key as the secret, so anyone could forge it"
        fix = f"sign with the private key that belongs to the server's {setting}"
    elif algorithm in HMAC:
        what = f"the token is signed with a secret ({algorithm}), but the server has no hmac_secret_key"
        fix = "sign with the private key, or configure the secret on the server"
    elif algorithm == "EdDSA":
        what = "the server accepts EdDSA only with a key set"
        fix = "serve {'keys': [key.jwk()]} and set jwks_public_endpoint to its URL"
    elif keys.ecdsa_public_key and algorithm.startswith("ES"):
        what = f"the curve of the server's key cannot be used with {algorithm}"
        fix = "use the algorithm of the curve (P-256: ES256, P-384: ES384, P-521: ES512)"
    elif keys.hmac_secret_key:
        what = f"the token is signed with {algorithm}, but the server's key is a secret"
        fix = f"sign with the secret, or configure the public key on the server ({name})"
    else:
        what, fix = f"the server has no key for {algorithm}", f"configure the public key as {name}"
    return Clue(what, fix)


def _public_key_as_secret(case: Case) -> str:
    """Return the setting whose public key was used as the token's secret; empty if neither was."""
    for name in ("rsa_public_key", "ecdsa_public_key"):
        pem: str = getattr(case.keys, name)
        if pem and any(_fits(case, text.encode()) for text in (pem, pem.strip(), pem.strip() + "\n")):
            return name
    return ""


def _about_unknown(algorithm: str) -> Clue:
    if algorithm.upper() in ALGORITHMS:
        return Clue(f"the algorithm is written {algorithm!r}", f"write {algorithm.upper()!r}: letter case matters")
    if not algorithm or algorithm.lower() == "none":
        return Clue("the token is not signed", "sign it with the server's key")
    rsa = f"RS{algorithm[2:]} with the same key"
    names = f"one of {', '.join(ALGORITHMS)}"
    fix = f"sign with {rsa if algorithm.startswith('PS') else names}"
    return Clue(f"the server does not accept {algorithm}", fix)


def _about_signature(case: Case, fault: Fault) -> Clue:
    token = case.token
    if not token.signature:
        return Clue("the signature is empty", _WHOLE)
    if token.header.alg in HMAC:
        return _about_secret(case)
    if token.header.alg.startswith("ES") and token.signature.startswith(b"\x30"):
        what = "the signature is in DER, the format of OpenSSL"
        return Clue(what, "write r and s as integers of fixed length, one after the other")
    fix = "check that the server has the public half of the key that signs, and that the token was copied whole"
    return Clue(str(fault), fix + (", and that the key set is up to date" if case.keys.jwks is not None else ""))


def _about_secret(case: Case) -> Clue:
    keys = case.keys
    for what, secret in _variants(keys.hmac_secret_key.encode()):
        if _fits(case, secret):
            return Clue(f"the token is signed with {what}", "use the same secret on both sides, byte for byte")
    if keys.hmac_previous_secret_key and _fits(case, keys.hmac_previous_secret_key.encode()):
        until = moment(keys.hmac_previous_secret_key_valid_until, case.now)
        return Clue(
            f"the token is signed with the previous secret, which was valid until {until}", "create a new token"
        )
    for other in HMAC:
        if check_hmac(other, keys.hmac_secret_key.encode(), case.token.signed, case.token.signature):
            what = f"the header has {case.token.header.alg}, but the token is signed with {other}"
            return Clue(what, "write the algorithm that is used for signing into the header")
    what = "the signature does not match: the token is signed with another secret, or was changed afterwards"
    fix = "compare the secret with hmac_secret_key of the server in this environment, and copy the token whole"
    return Clue(what, fix)


def _variants(raw: bytes) -> Iterator[tuple[str, bytes]]:
    yield "the secret and a line break after it, which happens when it is read from a file", raw + b"\n"
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
            yield f"the secret decoded from {what}", decode(raw if what == "hex" else padded)
    yield "the base64 of the secret", base64.b64encode(raw)
    yield "the hex of the secret", raw.hex().encode()


def _fits(case: Case, secret: bytes) -> bool:
    return check_hmac(case.token.header.alg, secret, case.token.signed, case.token.signature)


# ---- accepted, but probably a mistake


def suspicions(case: Case) -> Iterator[Clue]:
    """Yield clues about details that the server accepts but that are probably mistakes."""
    claims = case.claims
    exp = case.value("exp")
    if exp is None:
        yield Clue("the token never expires and can be revoked only by changing the key", "add `exp`")
    elif _is_number(exp) and exp > MILLISECONDS:
        yield Clue(
            "`exp` looks like milliseconds, so the token is valid for thousands of years", "`exp` must be in seconds"
        )
    issued = case.value("iat")
    if _is_number(issued) and not issued > MILLISECONDS and issued > case.now:
        yield Clue(
            f"the token was issued {moment(issued, case.now)} (`iat`): clocks differ",
            "synchronize both clocks with NTP",
        )
    if found := _misplaced_user(case):
        what = f"the user is anonymous, because the server reads the id from `{_user_claim(case)}`, not from `{found}`"
        yield Clue(what, "rename the claim")
    if case.kind == "connection" and claims.get("channels") and claims.get("subs"):
        yield Clue("`channels` is ignored because the token has `subs`", "put the channels into `subs`")
    for name in ("info", "data"):
        if claims.get(name) is not None and claims.get(f"b64{name}"):
            yield Clue(f"`{name}` is ignored because the token has `b64{name}`", "leave one of them out")
    secret = case.keys.hmac_secret_key
    if secret and len(secret.encode()) < 32:
        what = "the secret is shorter than 32 bytes, so it can be guessed from a token"
        yield Clue(what, "create a secret with secrets.token_urlsafe(32)")
    yield from _lookalikes(case)


def _misplaced_user(case: Case) -> str:
    """Return the claim that contains the user by mistake; empty if the right claim does, or no claim."""
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
            yield Clue(f"the server ignores `{name}`", f"did you mean `{meant}`?")


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
