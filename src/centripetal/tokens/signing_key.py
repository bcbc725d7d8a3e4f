"""A key for signing tokens, with its algorithm, key id, and public half for the server."""

from typing import TYPE_CHECKING, Any, Final

from centripetal.errors import UsageError
from centripetal.protocol.caller import warn_caller
from centripetal.protocol.checks import check_name
from centripetal.protocol.discreet import discreet
from centripetal.tokens.key_text import read_key
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

__all__ = ["SigningKey", "WeakKeyWarning"]

SHORTEST: Final = 32
"""Least number of bytes of a secret for HS256 (RFC 7518, section 3.2)."""


class WeakKeyWarning(UserWarning):
    """A token was signed with a secret of fewer than 32 bytes, which others may find by trying."""


class SigningKey:
    """A key for signing tokens. Create it once and reuse it: loading a PEM takes longer than signing.

    To change a secret without disconnecting users, set the server's `hmac_secret_key` to the new secret and
    `hmac_previous_secret_key` to the old secret, then sign with the new secret. With a key set
    (`jwks_public_endpoint`), add the `jwk` of the new key to the set, then sign with the new key; remove the old key
    when its last token has expired.

    Args:
        key: a secret (HMAC), or a private key in PEM: RSA, ECDSA or Ed25519.
        algorithm: HS256 (default), HS384 or HS512 for a secret; RS256 (default), RS384 or RS512 for an RSA key. The
            algorithm of an ECDSA key depends on its curve; Ed25519 keys use EdDSA.
        kid: id of the key in the server's key set. Required with a key set, and so for EdDSA, which the server accepts
            only with a key set.
        password: password of an encrypted PEM.
        allow_weak_key: whether to accept a secret of fewer than 32 bytes without a `WeakKeyWarning`.

    Raises:
        UsageError: the key is empty, damaged, too short or public, does not support *algorithm*, or needs the extra
            `tokens`.
    """

    __slots__ = ("_algorithm", "_kid", "_private", "_secret")

    @discreet
    def __init__(
        self,
        key: str | bytes,
        *,
        algorithm: Algorithm | None = None,
        kid: str | None = None,
        password: str | bytes | None = None,
        allow_weak_key: bool = False,
    ) -> None:
        if algorithm is not None and not (isinstance(algorithm, str) and algorithm in ALGORITHMS):
            raise UsageError(
                f"the server does not accept the algorithm {algorithm!r:.100}: use one of {', '.join(ALGORITHMS)}"
            )
        if kid is not None:
            check_name("kid", kid)
            kid = str.__str__(kid)
        text = read_key(key)
        self._private: PrivateKey | None = None
        self._secret = b""
        if is_pem(text):
            if algorithm in HMAC:
                raise UsageError(
                    f"a key in PEM cannot be the secret for {algorithm}: its public half is known and could sign tokens"
                )
            self._private = load_private(text, _password(password))
            possible: tuple[str, ...] = algorithms_of(self._private)
        else:
            if password is not None:
                raise UsageError("password is only for a private key in PEM; a secret has no password")
            self._secret = text
            possible = HMAC
            if len(text) < SHORTEST and not allow_weak_key:
                warn_caller(
                    f"the token secret is shorter than {SHORTEST} bytes, so others may find it by trying: use a longer"
                    " secret, for example from secrets.token_hex(), or pass allow_weak_key=True",
                    WeakKeyWarning,
                )
        if algorithm is not None and algorithm not in possible:
            what = "a secret" if possible == HMAC else "this key"
            raise UsageError(f"{what} supports {' or '.join(possible)}, not {algorithm}: {_advice(algorithm)}")
        self._algorithm = possible[0] if algorithm is None else str.__str__(algorithm)
        self._kid = kid

    @property
    def algorithm(self) -> str:
        """The algorithm, with its name in tokens."""
        return self._algorithm

    @property
    def kid(self) -> str | None:
        """The key's id, which is in the header of its tokens; None if not given."""
        return self._kid

    @property
    def secret(self) -> bytes:
        """The secret of an HMAC key; empty for other keys."""
        return self._secret

    def public_key(self) -> str:
        """Return the public half in PEM, for the server's `rsa_public_key` or `ecdsa_public_key`.

        Raises:
            UsageError: the key is a secret, which has no public half.
        """
        return pem_of(self._public("public_key"))

    def jwk(self) -> dict[str, str]:
        """Return the public half for a key set: serve `{"keys": [key.jwk()]}` at the server's `jwks_public_endpoint`.

        Raises:
            UsageError: the key is a secret or has no `kid`.
        """
        public = self._public("jwk")
        if self._kid is None:
            raise UsageError("a key in a key set needs an id: pass kid, as in SigningKey(pem, kid=…)")
        return jwk_of(public, self._kid, self._algorithm)

    def sign(self, message: bytes) -> bytes:
        """Return the signature of *message*."""
        if self._private is None:
            return sign_hmac(self._algorithm, self._secret, message)
        return sign_private(self._algorithm, self._private, message)

    def __repr__(self) -> str:
        return f"<SigningKey {self._algorithm}{f' {self._kid}' if self._kid else ''}>"

    def _public(self, what: str) -> Any:
        if self._private is None:
            raise UsageError(f"{what} needs a key with a public half: a secret must not be published")
        return self._private.public_key()


def _password(password: Any) -> bytes | None:
    if password is not None and not isinstance(password, str | bytes):
        raise UsageError(f"password must be text or bytes, not {type(password).__name__}")
    return password.encode("utf-8", "surrogatepass") if isinstance(password, str) else password


def _advice(algorithm: str) -> str:
    if algorithm in HMAC:
        return "this algorithm needs a secret"
    kind = {"RS": "an RSA key", "Ed": "an Ed25519 key"}.get(algorithm[:2])
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    return f"this algorithm needs {kind or f'an ECDSA key on the curve {curves[algorithm]}'} in PEM"
