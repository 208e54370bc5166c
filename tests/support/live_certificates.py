"""Certificates that hold today, or do not, for listeners that run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.certificates import CLIENT, pem_of
from tests.support.certificates import name as name_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A CA, or one below another: `chain` is what its holders send along."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    root: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @classmethod
    def new(cls, name: str = "test CA") -> Authority:
        """A root of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name_of(name), name_of(name), key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 30 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, made, made)

    def below(self, name: str = "test intermediate") -> Authority:
        """Another that this one has signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(key, name_of(name), (), (-DAY, 20 * DAY), [], ca=True)
        return Authority(key, made, self.root, (made, *self.chain))

    def issue(  # noqa: PLR0913 - one keyword for each thing that can be wrong
        self,
        folder: Path,
        common_name: str = "caller",
        names: Sequence[x509.GeneralName] = (),
        *,
        purposes: Sequence[x509.ObjectIdentifier] = (CLIENT,),
        valid: tuple[timedelta, timedelta] = (-DAY, 10 * DAY),
        chain: bool = True,
    ) -> x509.Certificate:
        """Write ca.pem, cert.pem and key.pem into the folder; return the certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._sign(key, name_of(common_name), names, valid, purposes, ca=False)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(pem(self.root))
        (folder / "cert.pem").write_bytes(pem(made, *(self.chain if chain else ())))
        (folder / "key.pem").touch(mode=0o600)
        (folder / "key.pem").write_bytes(pem_of(key))
        return made

    def revoked(self, *certificates: x509.Certificate) -> bytes:
        """A list of revoked certificates."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder(
            self.certificate.subject, now - DAY, now + 30 * DAY
        )
        for each in certificates:
            one = x509.RevokedCertificateBuilder(each.serial_number, now - DAY).build()
            builder = builder.add_revoked_certificate(one)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _sign(  # noqa: PLR0913 - what a certificate is made of
        self,
        key: ec.EllipticCurvePrivateKey,
        subject: x509.Name,
        names: Sequence[x509.GeneralName],
        valid: tuple[timedelta, timedelta],
        purposes: Sequence[x509.ObjectIdentifier],
        *,
        ca: bool,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self.certificate.subject, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + valid[0])
            .not_valid_after(now + valid[1])
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    """The certificates as one file has them."""
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)
