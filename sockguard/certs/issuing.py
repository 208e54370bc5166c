"""How certificates and revocation lists of our own are made: names, life times, uses.

Must never make a certificate that may do more than it is for, or that lives longer than its issuer.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sockguard.certs.reading import extension

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.types import (
        CertificateIssuerPrivateKeyTypes,
        PrivateKeyTypes,
    )

    from sockguard.certs.names import Names

AUTHORITY_DAYS = 3650
LEAF_DAYS = 397  # what browsers grant a server, less a day
_BACKDATED = timedelta(minutes=10)  # for clocks that are behind
_USES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)
SIGNING_KEYS = (
    ec.EllipticCurvePrivateKey,
    rsa.RSAPrivateKey,
    ed25519.Ed25519PrivateKey,
    ed448.Ed448PrivateKey,
)


class Kind(StrEnum):
    """What a certificate is for."""

    CLIENT = "client"
    SERVER = "server"


_PURPOSE = {
    Kind.CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH,
    Kind.SERVER: ExtendedKeyUsageOID.SERVER_AUTH,
}


@dataclass(frozen=True, slots=True)
class Issuer:
    """An authority: its certificate with its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a certificate is asked to be."""

    name: str
    kind: Kind
    names: Names
    days: int = LEAF_DAYS


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new private key, on the curve that everybody knows."""
    return ec.generate_private_key(ec.SECP256R1())


def new_issuer(now: float, days: int = AUTHORITY_DAYS) -> Issuer:
    """Return a new authority. Its name is its own, so that two are never taken for one."""
    key = new_key()
    name = _common_name(f"sockguard CA {secrets.token_hex(4)}")
    public = key.public_key()
    start = _moment(now)
    certificate = (
        _builder(name, name, start, start + timedelta(days=days))
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, SHA256())
    )
    return Issuer(certificate, key)


def new_certificate(
    issuer: Issuer, wanted: Wanted, key: ec.EllipticCurvePrivateKey, now: float
) -> x509.Certificate:
    """Return a certificate for this key; it ends when its issuer ends, if not before."""
    start, public = _moment(now), key.public_key()
    end = min(start + timedelta(days=wanted.days), issuer.certificate.not_valid_after_utc)
    subject = _common_name(wanted.name)
    builder = (
        _builder(subject, issuer.certificate.subject, start, end)
        .public_key(public)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_PURPOSE[wanted.kind]]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(_authority_key(issuer), critical=False)
    )
    names = _alternative_names(wanted.names)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer.key, _hash_for(issuer))


def new_list(
    issuer: Issuer, entries: Iterable[x509.RevokedCertificate], number: int, now: float
) -> x509.CertificateRevocationList:
    """Return a list of what is revoked.

    It lasts as long as its issuer: a running server reads each new one from its file, and one
    that had expired would lock everybody out.
    """
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(_moment(now) - _BACKDATED)
        .next_update(issuer.certificate.not_valid_after_utc)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(_authority_key(issuer), critical=False)
    )
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    return builder.sign(issuer.key, _hash_for(issuer))


def new_entry(serial: int, now: float) -> x509.RevokedCertificate:
    """Return what a list says of one certificate."""
    builder = x509.RevokedCertificateBuilder().serial_number(serial)
    return builder.revocation_date(_moment(now)).build()


def key_pem(key: PrivateKeyTypes) -> bytes:
    """Return a key as it stands in a file."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def pem(*signed: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    """Return certificates or lists as they stand in a file."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in signed)


def _builder(
    subject: x509.Name, issuer: x509.Name, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - _BACKDATED)
        .not_valid_after(end)
    )


def _common_name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _moment(now: float) -> datetime:
    return datetime.fromtimestamp(int(now), UTC)


def _key_usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{use: use in allowed for use in _USES})


def _authority_key(issuer: Issuer) -> x509.AuthorityKeyIdentifier:
    known = extension(issuer.certificate, x509.SubjectKeyIdentifier)
    if known is None:
        return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(known)


def _hash_for(issuer: Issuer) -> SHA256 | None:
    """Edwards curves bring a hash of their own."""
    edwards = (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)
    return None if isinstance(issuer.key, edwards) else SHA256()


def _alternative_names(names: Names) -> list[x509.GeneralName]:
    uris = [x509.UniformResourceIdentifier(uri) for uri in (names.spiffe,) if uri]
    return [*uris, *map(x509.DNSName, names.dns), *map(x509.IPAddress, names.ips)]
