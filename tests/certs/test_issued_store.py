from __future__ import annotations

import shutil
import stat
import time
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from sockguard.certs.authority_store import create_authority, open_authority
from sockguard.certs.fault import CertificateError
from sockguard.certs.issued_store import issue, read_record, records, renew
from sockguard.certs.issuing import Kind, Wanted
from sockguard.certs.listing_store import listing
from sockguard.certs.names import Names, read_names
from sockguard.certs.tls_dir_store import read_tls_dir
from tests.support.certificates import (
    NOW,
    ask_openssl,
    authority,
    certificate,
    openssl,
    revocation_list,
    write_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.certs.authority_store import Authority

DAY = 86400.0


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    """An authority made now, because openssl has no other time."""
    return create_authority(tmp_path / "ca", time.time())


def client(name: str = "ci", names: Names | None = None, days: int = 397) -> Wanted:
    return Wanted(name, Kind.CLIENT, names or Names(), days)


def server(name: str = "docker", days: int = 397) -> Wanted:
    names = read_names(spiffe=(), dns=["docker.home.lab"], ips=["192.0.2.7", "::1"], server=True)
    return Wanted(name, Kind.SERVER, names, days)


def modes(folder: Path) -> dict[str, str]:
    found = {path.name: path for path in folder.iterdir() if path.is_file()}
    return {name: f"{stat.S_IMODE(path.stat().st_mode):o}" for name, path in found.items()}


# --- as openssl sees it -----------------------------------------------------------------------


def test_the_authority_may_sign_leaves_and_lists_and_nothing_else(ca: Authority) -> None:
    told = openssl("x509", "-in", ca.folder / "ca.pem", "-noout", "-text")
    assert "CA:TRUE, pathlen:0" in told
    assert "X509v3 Basic Constraints: critical" in told
    assert "X509v3 Key Usage: critical\n                Certificate Sign, CRL Sign\n" in told
    assert "X509v3 Subject Key Identifier" in told
    assert "ASN1 OID: prime256v1" in told
    assert "No extensions" not in openssl(
        "crl", "-in", ca.folder / "crl.pem", "-noout", "-text", "-CAfile", ca.folder / "ca.pem"
    )
    assert modes(ca.folder) == {"ca.pem": "644", "ca-key.pem": "600", "crl.pem": "644"}
    assert stat.S_IMODE(ca.folder.stat().st_mode) == 0o700


def test_a_client_is_for_clients_and_a_server_for_servers(ca: Authority) -> None:
    for wanted, purpose, other in (
        (client(), "sslclient", "sslserver"),
        (server(), "sslserver", "sslclient"),
    ):
        folder = issue(ca, wanted, time.time()).folder
        given = ("-x509_strict", "-CAfile", folder / "ca.pem", folder / "cert.pem")
        assert "OK" in openssl("verify", "-purpose", purpose, *given)
        assert "error 26 at 0 depth lookup" in ask_openssl(
            "verify", "-purpose", other, *given, fails=True
        )


def test_a_certificate_says_what_was_asked_and_no_more(ca: Authority) -> None:
    names = read_names(
        spiffe=["spiffe://home.lab/ci"], dns=["ci.home.lab"], ips=["192.0.2.7"], server=False
    )
    folder = issue(ca, client(names=names), time.time()).folder
    told = openssl("x509", "-in", folder / "cert.pem", "-noout", "-text")
    assert "Subject: CN = ci\n" in told
    assert "URI:spiffe://home.lab/ci, DNS:ci.home.lab, IP Address:192.0.2.7\n" in told
    assert "X509v3 Key Usage: critical\n                Digital Signature\n" in told
    assert "TLS Web Client Authentication\n" in told
    assert "CA:FALSE" in told
    assert "X509v3 Authority Key Identifier" in told
    assert "X509v3 Subject Key Identifier" in told


def test_openssl_finds_the_names_of_a_server_and_no_others(ca: Authority) -> None:
    folder = issue(ca, server(), time.time()).folder
    given = ("-CAfile", folder / "ca.pem", folder / "cert.pem")
    openssl("verify", "-verify_hostname", "docker.home.lab", *given)
    openssl("verify", "-verify_ip", "192.0.2.7", *given)
    ask_openssl("verify", "-verify_hostname", "docker", *given, fails=True)
    ask_openssl("verify", "-verify_ip", "192.0.2.8", *given, fails=True)


def test_serial_numbers_are_long_and_each_another(ca: Authority) -> None:
    serials = {issue(ca, client(f"c{n}"), NOW).certificate.serial_number for n in range(5)}
    assert len(serials) == 5
    assert min(serials) > 2**100


# --- folders ----------------------------------------------------------------------------------


def test_a_folder_has_the_names_that_docker_asks_for(ca: Authority) -> None:
    of_client, of_server = (issue(ca, one, NOW).folder for one in (client(), server()))
    assert of_client == ca.folder / "issued/ci"
    assert modes(of_client) == {"ca.pem": "644", "cert.pem": "644", "key.pem": "600"}
    assert modes(of_server) == {**modes(of_client), "crl.pem": "644"}
    assert stat.S_IMODE(of_client.stat().st_mode) == 0o700


def test_a_servers_folder_is_one_to_serve_from(ca: Authority) -> None:
    found = read_tls_dir(issue(ca, server(), time.time()).folder, time.time())
    assert found.names == ("docker.home.lab", "192.0.2.7", "::1")
    assert found.revoked == frozenset()
    assert found.crl is not None


def test_of_a_key_that_is_written_elsewhere_no_copy_is_kept(ca: Authority, tmp_path: Path) -> None:
    record = issue(ca, client(), NOW, tmp_path / "out/ci")
    assert record.folder == tmp_path / "out/ci"
    assert sorted(modes(record.folder)) == ["ca.pem", "cert.pem", "key.pem"]
    assert sorted(modes(ca.folder / "issued/ci")) == ["cert.pem", "folder"]
    assert read_record(ca.folder, "ci") == record


def test_a_folder_in_use_is_left_as_it_is(ca: Authority, tmp_path: Path) -> None:
    out = write_folder(tmp_path / "out", key=b"mine")
    with pytest.raises(CertificateError, match=r"out/key\.pem: is there already"):
        issue(ca, client(), NOW, out)
    assert modes(out) == {"key.pem": "600"}
    assert (out / "key.pem").read_bytes() == b"mine"
    assert list(records(ca.folder)) == []


def test_a_name_is_issued_once(ca: Authority) -> None:
    first = issue(ca, client(), NOW)
    with pytest.raises(CertificateError, match=r"'ci' was issued already .* certs renew ci"):
        issue(ca, client(), NOW)
    assert read_record(ca.folder, "ci") == first


def test_an_authority_is_never_overwritten(ca: Authority) -> None:
    before = (ca.folder / "ca-key.pem").read_bytes()
    (ca.folder / "ca.pem").unlink()
    with pytest.raises(CertificateError, match=r"ca-key\.pem: there is an authority already"):
        create_authority(ca.folder, NOW)
    assert (ca.folder / "ca-key.pem").read_bytes() == before


# --- renewing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_is_renewed_has_a_new_key_and_the_same_names(
    ca: Authority, tmp_path: Path, elsewhere: bool
) -> None:
    now = time.time()
    old = issue(ca, server(), now, tmp_path / "out" if elsewhere else None)
    key = (old.folder / "key.pem").read_bytes()
    new = renew(ca, "docker", 10, now)
    assert (new.folder, new.kind, new.replaced) == (old.folder, Kind.SERVER, (old.certificate,))
    assert (new.folder / "key.pem").read_bytes() != key
    found = read_tls_dir(new.folder, now)
    assert found.names == ("docker.home.lab", "192.0.2.7", "::1")
    assert found.not_after == pytest.approx(now + 10 * DAY, abs=2)


def test_a_folder_that_went_away_comes_back_when_it_is_renewed(
    ca: Authority, tmp_path: Path
) -> None:
    old = issue(ca, server(), time.time(), tmp_path / "out")
    shutil.rmtree(old.folder)
    renew(ca, "docker", 10, time.time())
    assert read_tls_dir(old.folder, time.time()).names


def test_what_was_replaced_is_kept_in_mind_until_it_ends(ca: Authority) -> None:
    now = time.time()
    for step, days in enumerate((5, 50, 50)):
        if step:
            renew(ca, "ci", days, now + step * DAY)
        else:
            issue(ca, client(days=days), now)
    assert len(read_record(ca.folder, "ci").replaced) == 2
    renew(ca, "ci", 50, now + 6 * DAY)
    assert len(read_record(ca.folder, "ci").replaced) == 2


def test_a_name_that_was_never_issued_is_told(ca: Authority) -> None:
    with pytest.raises(CertificateError, match="nothing was issued under the name 'ci'"):
        renew(ca, "ci", 10, NOW)


def test_no_certificate_outlives_its_authority(tmp_path: Path) -> None:
    ca = create_authority(tmp_path / "ca", NOW, days=5)
    assert issue(ca, client(), NOW).not_after == ca.not_after == NOW + 5 * DAY


def test_a_list_shows_what_counts(ca: Authority) -> None:
    now = time.time()
    issue(ca, client("a", days=1), now)
    issue(ca, client("b", days=5), now)
    renew(ca, "b", 5, now)
    later = listing(ca.folder, now + 2 * DAY).certificates
    assert [(one.name, one.state, one.replaced) for one in later] == [
        ("a", "expired", False),
        ("b", "valid", False),
        ("b", "valid", True),
    ]


# --- authorities from elsewhere ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (lambda: rsa.generate_private_key(65537, 2048), SHA256),
        (ed25519.Ed25519PrivateKey.generate, None),
    ],
    ids=["rsa", "ed25519"],
)
def test_an_authority_from_elsewhere_signs_as_ours_does(
    tmp_path: Path, key: Any, digest: Any
) -> None:
    made = authority(key=key(), lasting=(-900, 900), digest=digest)
    folder = write_folder(tmp_path / "ca", ca=made.pem, ca_key=made.key_pem)
    ca = open_authority(folder, NOW)
    folder = issue(ca, server(), NOW).folder
    assert read_tls_dir(folder, NOW).crl == folder / "crl.pem"
    at = ("-attime", str(int(NOW)))
    openssl("verify", *at, "-crl_check", "-CRLfile", folder / "crl.pem", "-purpose", "sslserver",
            "-CAfile", folder / "ca.pem", folder / "cert.pem")  # fmt: skip


def bad_authorities() -> dict[str, tuple[dict[str, bytes | None], str]]:
    good, leaf = authority(), certificate("leaf")
    good_files: dict[str, bytes | None] = {"ca": good.pem, "ca_key": good.key_pem}
    old, young = authority(lasting=(-9, -1)), authority(lasting=(1, 9))
    return {
        "nothing": ({}, "ca: holds no authority; `sockguard certs init` makes one"),
        "no key": ({"ca": good.pem}, "ca-key.pem: there is no such file"),
        "no certificate": ({"ca_key": good.key_pem}, "ca.pem: there is no such file"),
        "a leaf": ({"ca": leaf.pem, "ca_key": leaf.key_pem}, "ca.pem: .* lacks the CA flag"),
        "another key": ({**good_files, "ca_key": leaf.key_pem}, "ca-key.pem: does not match"),
        "expired": ({"ca": old.pem, "ca_key": old.key_pem}, "ca.pem: expired on 2027-01-14"),
        "young": ({"ca": young.pem, "ca_key": young.key_pem}, "ca.pem: is not valid before"),
    }


@pytest.mark.parametrize("case", bad_authorities())
def test_an_authority_that_cannot_sign_is_told_with_its_file(tmp_path: Path, case: str) -> None:
    files, complaint = bad_authorities()[case]
    with pytest.raises(CertificateError, match=complaint):
        open_authority(write_folder(tmp_path / "ca", **files), NOW)


def test_a_key_that_others_could_read_signs_nothing(ca: Authority) -> None:
    (ca.folder / "ca-key.pem").chmod(0o640)
    with pytest.raises(CertificateError, match=r"ca-key\.pem: others may read .*mode 0640.*chmod"):
        open_authority(ca.folder, time.time())


def test_a_list_of_somebody_else_beside_the_authority_is_not_carried_on(tmp_path: Path) -> None:
    good, other = authority(), authority("other")
    folder = write_folder(
        tmp_path / "ca", ca=good.pem, ca_key=good.key_pem, crl=revocation_list(other)
    )
    with pytest.raises(CertificateError, match=r"crl\.pem: must hold one list"):
        issue(open_authority(folder, NOW), server(), NOW)
    forged = revocation_list(authority())
    (folder / "crl.pem").write_bytes(forged)
    with pytest.raises(CertificateError, match=r"crl\.pem: was not signed by the authority"):
        issue(open_authority(folder, NOW), server(), NOW)
