"""PEM texts to certificates, keys and lists, and what is read off them.

Must never pass on what it cannot read in full: a part that fails is an error that names the file.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sockguard.certs.fault import CertificateError
from sockguard.certs.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_UNREADABLE = (
    *(ValueError, TypeError, UnsupportedAlgorithm),
    *(x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType),
)
_LIST = re.compile(rb"-----BEGIN X509 CRL-----.*?-----END X509 CRL-----", re.DOTALL)
_LIST_BEGINS = b"-----BEGIN X509 CRL-----"
_BEGINS = re.compile(rb"-----BEGIN ([^\r\n]*?)-----")
_DER = b"\x30"  # a SEQUENCE, which is how all of these begin
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def read_certificates(path: Path, data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a file in their order, one at least; raises CertificateError."""
    try:
        found = tuple(x509.load_pem_x509_certificates(data))
        for one in found:
            _read_through(one)
    except _UNREADABLE as error:
        raise _unreadable(path, data, "certificate", "x509", error) from error
    return found


def refuse_other_blocks(path: Path, data: bytes, kind: str) -> None:
    """Raise CertificateError where a file holds anything but PEM blocks of this kind.

    OpenSSL takes whatever it finds in a file: a certificate among lists is an authority to it.
    """
    for other in _BEGINS.findall(data):
        if other.decode("latin-1") != kind:
            raise CertificateError(
                f"{path}: holds a block {other.decode('latin-1')!r}, and only {kind!r} belongs "
                "there; take it out, or put it into its own file"
            )


def read_key(path: Path, data: bytes) -> PrivateKeyTypes:
    """Return the private key of a file; raises CertificateError."""
    try:
        return load_pem_private_key(data, password=None)
    except TypeError:
        raise CertificateError(
            f"{path}: the key is encrypted and nobody is there to type its password; "
            f"`openssl pkey -in {path} -out plain.pem` decrypts it (keep that file at mode 0600)"
        ) from None
    except _UNREADABLE as error:
        raise _unreadable(path, data, "private key", "pkey", error) from error


def read_lists(path: Path, data: bytes) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the revocation lists of a file, one at least; raises CertificateError."""
    texts = _LIST.findall(data)
    try:
        if not texts or len(texts) != data.count(_LIST_BEGINS):
            raise ValueError("a list is cut short" if _LIST_BEGINS in data else "there is none")
        found = tuple(map(x509.load_pem_x509_crl, texts))
        for one in found:
            _read_list_through(one)
    except _UNREADABLE as error:
        raise _unreadable(path, data, "revocation list", "crl", error) from error
    return found


def _read_through(certificate: x509.Certificate) -> None:
    """Ask for all that is asked for later: parts are read when asked for, and fail only then."""
    certificate.public_key()
    tuple(certificate.subject)
    tuple(certificate.issuer)
    tuple(certificate.extensions)
    _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _read_list_through(crl: x509.CertificateRevocationList) -> None:
    tuple(crl.issuer)
    tuple(crl.extensions)
    _ = crl.last_update_utc, crl.next_update_utc, crl.signature_hash_algorithm
    for entry in crl:
        tuple(entry.extensions)


def _unreadable(
    path: Path, data: bytes, what: str, command: str, error: Exception
) -> CertificateError:
    if data.startswith(_DER):
        mend = f"it is DER: `openssl {command} -inform DER -in {path} -out {path}` makes it PEM"
    else:
        mend = f"it has to be PEM, as `openssl {command} -in {path} -noout` would take it"
    why = str(error).split("\n")[0].rstrip(".")
    return CertificateError(f"{path}: holds no {what} that can be read ({why}); {mend}")


def extension(
    of: x509.Certificate | x509.CertificateRevocationList, kind: type[_Extension]
) -> _Extension | None:
    """Return one extension, None where there is none."""
    try:
        return of.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def names_of(certificate: x509.Certificate) -> Names:
    """Return the names of the kinds that we know."""
    found = extension(certificate, x509.SubjectAlternativeName)
    if found is None:
        return Names()
    uris = found.get_values_for_type(x509.UniformResourceIdentifier)
    spiffe = [uri for uri in uris if uri.startswith("spiffe://")]
    ips = found.get_values_for_type(x509.IPAddress)
    return Names(
        spiffe=spiffe[0] if len(spiffe) == 1 else "",
        dns=tuple(found.get_values_for_type(x509.DNSName)),
        ips=tuple(ip for ip in ips if isinstance(ip, IPv4Address | IPv6Address)),
    )


def may_serve(certificate: x509.Certificate) -> bool:
    """Whether it may be a server's: nothing is said of its use, or this is."""
    usage = extension(certificate, x509.ExtendedKeyUsage)
    any_use = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return usage is None or any(one in usage for one in any_use)


def public_bytes(key: PrivateKeyTypes) -> bytes:
    """Return the public half in the form in which two can be compared."""
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certified_bytes(certificate: x509.Certificate) -> bytes:
    """Return the public key that a certificate is for, in the same form."""
    key = certificate.public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def subject_of(certificate: x509.Certificate) -> str:
    """Return what a person calls it: its common name, else all of its subject."""
    return call(certificate.subject)


def call(name: x509.Name) -> str:
    """Return what a person calls the bearer of a name."""
    common = [str(one.value) for one in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    return common[0] if len(common) == 1 else name.rfc4514_string()


def faults_of_authority(certificate: x509.Certificate) -> Iterator[str]:
    """Yield why this certificate may not sign others."""
    constraints = extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        yield "is no authority: it lacks the CA flag (basicConstraints CA:TRUE)"
        return
    usage = extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        yield "may not sign certificates: its keyUsage lacks keyCertSign"


def may_sign_lists(authority: x509.Certificate) -> bool:
    """Whether OpenSSL takes a revocation list from it."""
    usage = extension(authority, x509.KeyUsage)
    return usage is None or usage.crl_sign
