from __future__ import annotations

import base64
import os
import random
import shutil
import ssl
import time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from sockguard.certs.authority_store import create_authority
from sockguard.certs.fault import CertificateError
from sockguard.certs.issued_store import issue, read_record
from sockguard.certs.issuing import Kind, Wanted
from sockguard.certs.names import read_names
from sockguard.certs.peer import issuer_and_serial
from sockguard.certs.revoked_store import revoke
from sockguard.certs.tls_dir_store import look_at_tls_dir, read_tls_dir
from tests.support.certificates import (
    CLIENT,
    NOW,
    Made,
    authority,
    certificate,
    days,
    revocation_list,
    server,
    usage,
    write_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.certs.tls_dir_store import TlsDir

CA = authority()
OWN = server(CA)
GOOD: dict[str, bytes | None] = {"ca": CA.pem, "cert": OWN.pem, "key": OWN.key_pem}
IS_CA = x509.BasicConstraints(ca=True, path_length=None)
INDIRECT = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=False,
    only_contains_ca_certs=False,
    only_some_reasons=None,
    indirect_crl=True,
    only_contains_attribute_certs=False,
)


def read(folder: Path, **files: bytes | None) -> TlsDir:
    return read_tls_dir(write_folder(folder / "tls", **{**GOOD, **files}), NOW)


def fault(folder: Path, **files: bytes | None) -> str:
    with pytest.raises(CertificateError) as caught:
        read(folder, **files)
    return str(caught.value)


# --- good ones --------------------------------------------------------------------------------


def test_a_folder_is_read_in_full(tmp_path: Path) -> None:
    found = read(tmp_path, crl=revocation_list(CA, [3, 2**150]))
    folder = tmp_path / "tls"
    assert found.folder == folder
    assert (found.ca, found.cert, found.key, found.crl) == tuple(
        folder / name for name in ("ca.pem", "cert.pem", "key.pem", "crl.pem")
    )
    assert found.authorities == {CA.certificate.fingerprint(SHA256()).hex()}
    assert {serial for _, serial in found.revoked} == {3, 2**150}
    assert found.not_after == days(30).timestamp()
    assert found.names == ("docker.home.lab",)


def test_without_a_list_nobody_is_revoked(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.crl, found.revoked) == (None, frozenset())


def test_of_several_authorities_each_counts_with_its_list(tmp_path: Path) -> None:
    other, old = authority("other"), authority("old", lasting=(-9, -1))
    lists = revocation_list(CA, [1]) + b"# and\n" + revocation_list(other, [1])
    found = read(tmp_path, ca=CA.pem + other.pem + old.pem, crl=lists)
    assert len(found.authorities) == 3
    peer = server(other).certificate.public_bytes(Encoding.DER)
    assert len(found.revoked) == 2
    assert (issuer_and_serial(peer)[0], 1) in found.revoked


def test_an_authority_that_vouches_for_another_needs_no_list(tmp_path: Path) -> None:
    below = authority("below", issuer=CA)
    found = read(tmp_path, ca=below.pem + CA.pem, crl=revocation_list(below, [1]))
    assert len(found.revoked) == 1


def chain() -> bytes:
    return OWN.pem + CA.pem


def of_any_use() -> Made:
    any_use = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])
    return certificate("docker", any_use, issuer=CA)


def of_rsa() -> Made:
    return server(CA, key=rsa.generate_private_key(65537, 2048))


def test_a_chain_may_follow_the_servers_certificate(tmp_path: Path) -> None:
    assert read(tmp_path, cert=chain()).names == ("docker.home.lab",)


@pytest.mark.parametrize(
    "make",
    [of_any_use, of_rsa, lambda: certificate("docker", issuer=CA)],
    ids=["any", "rsa", "none"],
)
def test_a_certificate_from_elsewhere_that_can_serve_is_taken(tmp_path: Path, make: object) -> None:
    assert callable(make)
    made = make()
    assert read(tmp_path, cert=made.pem, key=made.key_pem).not_after == days(30).timestamp()


def test_a_key_may_be_read_by_its_group_as_secrets_are_mounted_so(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "tls/key.pem").chmod(0o440)
    assert read_tls_dir(tmp_path / "tls", NOW)


# --- bad ones ---------------------------------------------------------------------------------


Cases = dict[str, tuple[dict[str, bytes | None], str, str]]
"""What is other than it should be, the file that is named, and what is said of it."""


def bad_texts() -> Cases:
    none = "holds no certificate that can be read"
    der = OWN.certificate.public_bytes(Encoding.DER)
    password = BestAvailableEncryption(b"secret")
    locked = OWN.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, password)
    crl = revocation_list(CA)
    return {
        "no text": ({"ca": b""}, "ca", none),
        "a key": ({"ca": CA.key_pem}, "ca", none),
        "cut short": ({"cert": OWN.pem[:200]}, "cert", none),
        "DER": ({"cert": der}, "cert", "it is DER: `openssl x509 -inform DER"),
        "no key": ({"key": OWN.pem}, "key", "holds no private key that can be read"),
        "locked": ({"key": locked}, "key", "is encrypted"),
        "no list": ({"crl": b"nobody"}, "crl", "(there is none)"),
        "half a list": ({"crl": crl + crl[:99]}, "crl", "(a list is cut short)"),
    }


def bad_servers() -> Cases:
    def own(made: Made) -> dict[str, bytes | None]:
        return {"cert": made.pem, "key": made.key_pem}

    client = certificate("ci", x509.ExtendedKeyUsage([CLIENT]), issuer=CA)
    old, young = server(CA, lasting=(-9, -1)), server(CA, lasting=(1, 9))
    expired = f"'docker' expired on {days(-1):%Y-%m-%d %H:%M} UTC"
    return {
        "another key": ({"key": CA.key_pem}, "key", "does not match"),
        "chain upside down": ({"cert": CA.pem + OWN.pem}, "key", "certificate first in its file"),
        "a client's": (own(client), "cert", "lacks serverAuth"),
        "expired": (own(old), "cert", expired),
        "young": (own(young), "cert", "'docker' is not valid before"),
    }


def bad_authorities() -> Cases:
    leaf = certificate("leaf", issuer=CA)
    limited = certificate("home CA", IS_CA, usage("digital_signature"))
    old = authority("old", lasting=(-9, -1))
    return {
        "a leaf": ({"ca": CA.pem + leaf.pem}, "ca", "'leaf' is no authority: it lacks the CA flag"),
        "no signing": ({"ca": limited.pem}, "ca", "its keyUsage lacks keyCertSign"),
        "old": ({"ca": old.pem}, "ca", "'old' expired on"),
    }


def bad_lists() -> Cases:
    stranger = revocation_list(CA) + revocation_list(authority("other"))
    forged = revocation_list(authority())
    delta = revocation_list(CA, (), x509.DeltaCRLIndicator(1))
    indirect = revocation_list(CA, (), INDIRECT)
    old, young = (revocation_list(CA, lasting=lasting) for lasting in ((-9, -1), (1, 9)))
    mute = certificate("home CA", IS_CA, usage("key_cert_sign"))
    return {
        "a stranger's": ({"crl": stranger}, "crl", "'other' is a stranger's"),
        "forged": ({"crl": forged}, "crl", "was not signed by the authority"),
        "old list": ({"crl": old}, "crl", "so OpenSSL refuses everybody"),
        "young list": ({"crl": young}, "crl", "which is not yet"),
        "delta": ({"crl": delta}, "crl", "is no whole list"),
        "indirect": ({"crl": indirect}, "crl", "is no whole list"),
        "a list is missing": (
            {"ca": CA.pem + authority("other").pem, "crl": revocation_list(CA)},
            "crl",
            "holds no list of 'other', so OpenSSL refuses everybody whom it signed",
        ),
        "may not": ({"ca": mute.pem, "crl": revocation_list(mute)}, "crl", "lacks cRLSign"),
    }


BAD: Cases = {**bad_texts(), **bad_servers(), **bad_authorities(), **bad_lists()}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_with_what_is_wrong_with_it(tmp_path: Path, case: str) -> None:
    files, stem, said = BAD[case]
    told = fault(tmp_path, **files)
    assert told.startswith(f"{tmp_path}/tls/{stem}.pem: ")
    assert said in told


def spoilt(pem: bytes, chance: random.Random) -> bytes:
    """The same text with some bytes of what it encodes changed."""
    first, *middle, last, end = pem.split(b"\n")
    der = bytearray(base64.b64decode(b"".join(middle)))
    for _ in range(chance.choice((1, 1, 2, 5))):
        der[chance.randrange(len(der))] = chance.choice((chance.randrange(256), 0, 5, 0x30, 0xFF))
    return b"\n".join([first, base64.encodebytes(bytes(der)).rstrip(), last, end])


def test_whatever_a_file_holds_the_answer_is_a_folder_or_a_complaint(tmp_path: Path) -> None:
    chance, complaints = random.Random(1), []
    files = {**GOOD, "crl": revocation_list(CA, [1, 2])}
    for _ in range(300):
        stem, data = chance.choice(list(files.items()))
        try:
            read(tmp_path, **{**files, stem: spoilt(data or b"", chance)})
        except CertificateError as error:
            complaints.append(str(error))
    assert len(complaints) > 150
    assert {told.startswith(f"{tmp_path}/tls/") for told in complaints} == {True}


@pytest.mark.parametrize("stem", ["ca", "cert", "key"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, stem: str) -> None:
    told = fault(tmp_path, **{stem: None})
    assert told.startswith(f"{tmp_path}/tls/{stem}.pem: is missing; a TLS folder holds ca.pem")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"lost: is no folder; .*certs issue NAME --server"):
        read_tls_dir(tmp_path / "lost", NOW)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602, 0o604, 0o601, 0o777])
def test_a_key_that_others_could_read_or_change_is_refused(tmp_path: Path, mode: int) -> None:
    read(tmp_path)
    (tmp_path / "tls/key.pem").chmod(mode)
    with pytest.raises(CertificateError, match=rf"key\.pem: others may .*mode {mode:04o}.*chmod"):
        read_tls_dir(tmp_path / "tls", NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("stem", ["ca", "cert", "key", "crl"])
def test_a_file_that_may_not_be_read_is_named(short_path: Path, stem: str) -> None:
    short_path.chmod(0o755)
    read(short_path, crl=revocation_list(CA))
    folder = short_path / "tls"
    folder.chmod(0o755)
    for path in folder.iterdir():
        os.chown(path, 65534, 65534)
    os.chown(folder / f"{stem}.pem", 0, 0)
    (folder / f"{stem}.pem").chmod(0o600)
    os.seteuid(65534)
    try:
        with pytest.raises(CertificateError, match=rf"{stem}\.pem: cannot be read by uid 65534"):
            read_tls_dir(folder, NOW)
    finally:
        os.seteuid(0)


def test_a_list_behind_a_link_that_leads_nowhere_is_not_none(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "tls/crl.pem").symlink_to("lost")
    with pytest.raises(CertificateError, match=r"crl\.pem: there is no such file"):
        read_tls_dir(tmp_path / "tls", NOW)


# --- states -----------------------------------------------------------------------------------


@pytest.mark.parametrize("stem", ["ca", "cert", "key", "crl"])
def test_a_change_of_any_file_is_seen(tmp_path: Path, stem: str) -> None:
    read(tmp_path, crl=revocation_list(CA))
    folder = tmp_path / "tls"
    looks = [look_at_tls_dir(folder), look_at_tls_dir(folder)]
    path = folder / f"{stem}.pem"
    shutil.copy2(path, folder / "new")
    (folder / "new").rename(path)
    looks.append(look_at_tls_dir(folder))
    path.unlink()
    looks.append(look_at_tls_dir(folder))
    assert looks[0] == looks[1]
    assert len(set(looks)) == 3


# --- a handshake ------------------------------------------------------------------------------


def shake_hands(served: TlsDir, folder: Path) -> tuple[bytes, int]:
    """Connect as docker would; return what the server knows of its peer. SSLError: refused."""
    listening = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listening.load_cert_chain(served.cert, served.key)
    listening.load_verify_locations(served.ca)
    listening.load_verify_locations(served.crl)
    listening.verify_mode = ssl.CERT_REQUIRED
    listening.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    calling = ssl.create_default_context(cafile=folder / "ca.pem")
    calling.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = calling.wrap_bio(down, up, server_hostname="docker.home.lab")
    far = listening.wrap_bio(up, down, server_side=True)
    for _ in range(3):
        for side in (near, far):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return issuer_and_serial(far.getpeercert(binary_form=True) or b"")


def test_a_client_gets_in_until_it_is_revoked(tmp_path: Path) -> None:
    now = time.time()
    ca = create_authority(tmp_path / "ca", now)
    names = read_names(spiffe=(), dns=["docker.home.lab"], ips=(), server=True)
    served = issue(ca, Wanted("docker", Kind.SERVER, names), now).folder
    caller = issue(
        ca, Wanted("ci", Kind.CLIENT, read_names(spiffe=(), dns=(), ips=(), server=False)), now
    )
    peer = shake_hands(read_tls_dir(served, now), caller.folder)
    assert peer not in read_tls_dir(served, now).revoked

    revoke(ca, read_record(ca.folder, "ci").all, now)
    assert peer in read_tls_dir(served, now).revoked
    with pytest.raises(ssl.SSLError, match="certificate revoked"):
        shake_hands(read_tls_dir(served, now), caller.folder)


# --- what OpenSSL would find in a file beside what belongs there --------------------------------


def test_a_certificate_among_lists_makes_nobody_an_authority(tmp_path: Path) -> None:
    smuggled = revocation_list(CA) + authority("another").pem
    assert "holds a block 'CERTIFICATE'" in fault(tmp_path, crl=smuggled)


@pytest.mark.parametrize(
    "more",
    [CA.pem.replace(b" CERT", b" TRUSTED CERT"), revocation_list(CA), OWN.key_pem],
    ids=["trusted", "list", "key"],
)
def test_authorities_stand_alone_in_their_file(more: bytes, tmp_path: Path) -> None:
    assert "holds a block" in fault(tmp_path, ca=CA.pem + more)


# --- authorities that are revoked ----------------------------------------------------------------


def test_an_authority_that_a_list_names_vouches_for_nobody(tmp_path: Path) -> None:
    middle = authority("middle", issuer=CA)
    below = authority("below", issuer=middle)
    lists = revocation_list(CA, [middle.certificate.serial_number])
    lists += revocation_list(middle) + revocation_list(below)
    found = read(tmp_path, ca=CA.pem + middle.pem + below.pem, crl=lists)
    assert found.authorities == {CA.certificate.fingerprint(SHA256()).hex()}
    assert found.trusted == CA.certificate.public_bytes(Encoding.DER)
    assert found.lists.count(b"BEGIN X509 CRL") == 1


def test_a_folder_of_revoked_authorities_is_at_fault(tmp_path: Path) -> None:
    middle = authority("middle", issuer=CA)
    expired_ca = CA.pem
    lists = revocation_list(CA, [CA.certificate.serial_number, middle.certificate.serial_number])
    lists += revocation_list(middle)
    assert "all of its authorities are revoked" in fault(
        tmp_path, ca=expired_ca + middle.pem, crl=lists
    )


def test_a_folder_that_cannot_be_reached_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match="cannot be read by uid"):
        read_tls_dir(tmp_path / ("x" * 300), NOW)
