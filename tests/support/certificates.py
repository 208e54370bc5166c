"""Certificates as others make them, good and bad, and the openssl command as a second opinion.

Must never use what the product makes certificates with.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOW = 1_800_000_000.0
TODAY = datetime.fromtimestamp(NOW, UTC)
SERVER = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def days(count: float) -> datetime:
    """So many days from the day on which tests are."""
    return TODAY + timedelta(days=count)


@dataclass(frozen=True, slots=True)
class Made:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return pem_of(self.key)


def pem_of(key: Any) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in allowed for use in _USES})


def certificate(
    subject: str,
    *extensions: x509.ExtensionType,
    issuer: Made | None = None,
    key: Any = None,
    lasting: tuple[float, float] = (-1, 30),
    digest: Any = SHA256,
) -> Made:
    """Make a certificate that holds exactly these extensions; self-signed without an issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(issuer.certificate.subject if issuer else name(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(days(lasting[0]))
        .not_valid_after(days(lasting[1]))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(issuer.key if issuer else key, digest() if digest else None)
    return Made(signed, key)


def authority(subject: str = "home CA", **others: Any) -> Made:
    return certificate(subject, x509.BasicConstraints(ca=True, path_length=None), **others)


def server(issuer: Made, **others: Any) -> Made:
    names = x509.SubjectAlternativeName([x509.DNSName("docker.home.lab")])
    return certificate("docker", x509.ExtendedKeyUsage([SERVER]), names, issuer=issuer, **others)


def revocation_list(
    issuer: Made,
    serials: Iterable[int] = (),
    *extensions: x509.ExtensionType,
    lasting: tuple[float, float] = (-1, 30),
) -> bytes:
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(days(lasting[0]))
        .next_update(days(lasting[1]))
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(days(-1))
        builder = builder.add_revoked_certificate(entry.build())
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.PEM)


def write_folder(folder: Path, **files: bytes | None) -> Path:
    """Write `ca`, `cert`, `key`, `crl` as they are called in a TLS folder, a key for its owner."""
    folder.mkdir(exist_ok=True)
    for stem, data in files.items():
        path = folder / f"{stem.replace('_', '-')}.pem"
        if data is not None:
            path.write_bytes(data)
            path.chmod(0o600 if stem.endswith("key") else 0o644)
    return folder


def openssl(*words: str | Path) -> str:
    """Run the command; return what it says, and fail where it fails."""
    return ask_openssl(*words, fails=False)


def ask_openssl(*words: str | Path, fails: bool) -> str:
    done = subprocess.run(
        ["openssl", *map(str, words)], capture_output=True, text=True, check=False, timeout=20
    )
    told = done.stdout + done.stderr
    assert (done.returncode != 0) is fails, told
    return told
