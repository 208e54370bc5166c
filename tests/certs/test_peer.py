from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from sockguard.certs.peer import entries_of, issuer_and_serial, one_form
from tests.support.certificates import authority, revocation_list, server


def test_a_peer_is_found_in_the_list_of_its_issuer_and_in_no_other() -> None:
    ours, other = authority("ours"), authority("other")
    peer = server(ours).certificate
    der = peer.public_bytes(Encoding.DER)

    def revoked(by: str) -> bool:
        issuer = {"ours": ours, "other": other}[by]
        crl = x509.load_pem_x509_crl(revocation_list(issuer, [peer.serial_number]))
        return issuer_and_serial(der) in entries_of([crl])

    assert revoked("ours")
    assert not revoked("other")


def written(text: str, kind: _ASN1Type) -> bytes:
    return one_form(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text, kind)]))


@pytest.mark.parametrize("text", ["home ca", "  Home \t CA ", "HOME CA"])
def test_a_name_is_the_same_however_it_is_written(text: str) -> None:
    assert written(text, _ASN1Type.UTF8String) == written("Home CA", _ASN1Type.PrintableString)


@pytest.mark.parametrize("text", ["homeca", "home ca 2", "höme ca"])
def test_another_name_is_another(text: str) -> None:
    assert written(text, _ASN1Type.UTF8String) != written("home ca", _ASN1Type.UTF8String)


def test_what_is_no_certificate_has_no_issuer() -> None:
    with pytest.raises(ValueError, match="parsing"):
        issuer_and_serial(b"\x30\x00")
