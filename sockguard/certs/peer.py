"""A certificate as revocation lists name it: who issued it, under which number.

Must never tell apart two issuers that OpenSSL takes for one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Iterable

    Entry = tuple[bytes, int]

_BLANKS = re.compile(r"[ \t\n\v\f\r]+")


def issuer_and_serial(der: bytes) -> Entry:
    """Return what `TlsDir.revoked` holds for a certificate in DER; ValueError: it is none."""
    certificate = x509.load_der_x509_certificate(der)
    try:
        return one_form(certificate.issuer), certificate.serial_number
    except TypeError as error:
        # A kind of text that the name's attribute cannot have.
        raise ValueError(str(error)) from error


def entries_of(lists: Iterable[x509.CertificateRevocationList]) -> frozenset[Entry]:
    """Return all entries of these lists."""
    named = [(one_form(one.issuer), one) for one in lists]
    return frozenset((issuer, entry.serial_number) for issuer, one in named for entry in one)


def one_form(name: x509.Name) -> bytes:
    """Return a name such that two are equal where OpenSSL's X509_NAME_cmp takes them for equal.

    It compares text whatever its encoding, without regard to the case of ASCII letters, to blanks
    around it and to the number of blanks within (crypto/x509/x_name.c, asn1_string_canon).
    """
    return json.dumps(
        [sorted((one.oid.dotted_string, _text(one.value)) for one in rdn) for rdn in name.rdns]
    ).encode()


def _text(value: str | bytes) -> str:
    if isinstance(value, bytes):
        return value.hex()
    folded = "".join(letter.lower() if letter.isascii() else letter for letter in value)
    return _BLANKS.sub(" ", folded).strip(" ")
