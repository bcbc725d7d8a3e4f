"""A key that signs tokens, with all that belongs to it: algorithm, key id, and the public half for the server."""

from typing import TYPE_CHECKING, Any

from centripetal.errors import UsageError
from centripetal.protocol.checks import check_name, check_text
from centripetal.tokens.signatures import (
    ALGORITHMS,
    HMAC,
    Algorithm,
    algorithms_of,
    is_pem,
    jwk_of,
    load_private,
    pem_of,
    sign_hmac,
    sign_private,
)

if TYPE_CHECKING:
    from centripetal.tokens.signatures import PrivateKey

__all__ = ["SigningKey"]


class SigningKey:
    """A key for tokens. Make it once: reading a PEM takes longer than signing.

    To change a secret without disconnecting anybody, give the server the new one as `hmac_secret_key` and the old one
    as `hmac_previous_secret_key`, then sign with the new one. With a key set (`jwks_public_endpoint`) add the `jwk` of
    the new key to the set, then sign with it; remove the old one when its last token has expired.

    Args:
        key: a secret (HMAC), or a private key in PEM: RSA, ECDSA or Ed25519.
        algorithm: HS256, HS384 or HS512 for a secret; RS256, RS384 or RS512 for RSA; the first of these if not given.
            An ECDSA key has the one of its curve, Ed25519 has EdDSA.
        kid: the key's id in the key set of the server; needed there, and for EdDSA, which the server takes only so.
        password: opens an encrypted PEM.

    Raises:
        UsageError: the key is empty, damaged, too short, public, not one for *algorithm*, or needs the extra `tokens`.
    """

    __slots__ = ("_algorithm", "_kid", "_private", "_secret")

    def __init__(
        self,
        key: str | bytes,
        *,
        algorithm: Algorithm | None = None,
        kid: str | None = None,
        password: str | bytes | None = None,
    ) -> None:
        if algorithm is not None and algorithm not in ALGORITHMS:
            raise UsageError(f"the algorithm {algorithm!r} is not one that the server takes: {', '.join(ALGORITHMS)}")
        if kid is not None:
            check_name("kid", kid)
        text = _key_bytes(key)
        self._private: PrivateKey | None = None
        self._secret = b""
        if is_pem(text):
            if algorithm in HMAC:
                raise UsageError(
                    f"a key in PEM is no secret for {algorithm}: its public half is known, and would make tokens"
                )
            self._private = load_private(text, password.encode() if isinstance(password, str) else password)
            possible: tuple[str, ...] = algorithms_of(self._private)
        else:
            if password is not None:
                raise UsageError("password opens a private key in PEM; a secret has none")
            if isinstance(key, str) and key.strip() != key:
                raise UsageError(
                    "the secret begins or ends with white space, as when it is read from a file: strip() it; "
                    "if it belongs to the secret, give bytes"
                )
            self._secret = text
            possible = HMAC
        if algorithm is not None and algorithm not in possible:
            what = "a secret" if possible == HMAC else "this key"
            raise UsageError(f"{what} signs by {' or '.join(possible)}, not {algorithm}: {_advice(algorithm)}")
        self._algorithm = algorithm or possible[0]
        self._kid = kid

    @property
    def algorithm(self) -> str:
        """The algorithm, as tokens name it."""
        return self._algorithm

    @property
    def kid(self) -> str | None:
        """The key's id, which goes into the header of its tokens."""
        return self._kid

    @property
    def secret(self) -> bytes:
        """The secret of an HMAC key; empty for others."""
        return self._secret

    def public_key(self) -> str:
        """The public half in PEM: the server's `rsa_public_key` or `ecdsa_public_key`.

        Raises:
            UsageError: the key is a secret, which has no public half.
        """
        return pem_of(self._public("public_key"))

    def jwk(self) -> dict[str, str]:
        """The public half for a key set: serve `{"keys": [key.jwk()]}` where the server's `jwks_public_endpoint` is.

        Raises:
            UsageError: the key is a secret, or has no `kid`.
        """
        public = self._public("jwk")
        if self._kid is None:
            raise UsageError("a key of a set needs an id: SigningKey(pem, kid=…)")
        return jwk_of(public, self._kid, self._algorithm)

    def sign(self, message: bytes) -> bytes:
        """The signature of *message*."""
        if self._private is None:
            return sign_hmac(self._algorithm, self._secret, message)
        return sign_private(self._algorithm, self._private, message)

    def __repr__(self) -> str:
        return f"<SigningKey {self._algorithm}{f' {self._kid}' if self._kid else ''}>"

    def _public(self, what: str) -> Any:
        if self._private is None:
            raise UsageError(f"{what} is for keys with a public half: a secret must not leave its two owners")
        return self._private.public_key()


def _key_bytes(key: Any) -> bytes:
    if not isinstance(key, str | bytes):
        raise UsageError(f"the key must be text, bytes or a SigningKey, not {type(key).__name__}")
    if isinstance(key, str):
        check_text("the key", key)
    if not key:
        raise UsageError("the key is empty: give the server's `hmac_secret_key`, or a private key in PEM")
    if isinstance(key, str):
        return key.encode()
    try:
        key.decode()
    except UnicodeDecodeError:
        raise UsageError(
            "the key is no text in UTF-8, so that no configuration of a server can hold it: "
            "give the text of `hmac_secret_key`, or a private key in PEM"
        ) from None
    return key


def _advice(algorithm: str) -> str:
    if algorithm in HMAC:
        return "that needs a secret"
    kind = {"RS": "an RSA key", "Ed": "an Ed25519 key"}.get(algorithm[:2])
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    return f"that needs {kind or f'an ECDSA key on the curve {curves[algorithm]}'} in PEM"
