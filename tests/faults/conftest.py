"""Shared fixtures of the fault tests: valid and invalid certificates."""

import datetime
import ssl
import warnings
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from tests.transport.certificates import Authority, server_context

DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate authority that no system trusts."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def contexts(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ssl.SSLContext]:
    """TLS contexts of the server, by name; the client trusts *authority*."""
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "Stranger")
    fine = authority.issue("127.0.0.1")
    contexts = {
        "good": server_context(fine),
        "self-signed": server_context(authority.self_signed("127.0.0.1")),
        "stranger": server_context(stranger.issue("127.0.0.1")),
        "wrong host": server_context(authority.issue("localhost", "127.0.0.2")),
        "expired": server_context(_valid(authority, fine, -10 * DAY, -2 * DAY)),
        "future": server_context(_valid(authority, fine, 2 * DAY, 10 * DAY)),
        "old": server_context(fine),
        "demanding": server_context(fine),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        contexts["old"].minimum_version = ssl.TLSVersion.TLSv1
        contexts["old"].maximum_version = ssl.TLSVersion.TLSv1_1
    contexts["old"].set_ciphers("DEFAULT:@SECLEVEL=0")
    contexts["demanding"].verify_mode = ssl.CERT_REQUIRED
    contexts["demanding"].load_verify_locations(authority.ca_file)
    return contexts


def _valid(authority: Authority, file: Path, begins: datetime.timedelta, ends: datetime.timedelta) -> Path:
    """Issue the certificate of *file* again, with another validity period."""
    pem = file.read_bytes()
    old = x509.load_pem_x509_certificate(pem)
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        issuer_name=old.issuer,
        subject_name=old.subject,
        public_key=old.public_key(),
        serial_number=x509.random_serial_number(),
        extensions=list(old.extensions),
    )
    builder = builder.not_valid_before(now + begins).not_valid_after(now + ends)
    key = pem[: pem.index(b"-----BEGIN CERTIFICATE")]
    new = file.with_name(f"{file.name} {ends.days}")
    new.write_bytes(key + builder.sign(authority._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return new
