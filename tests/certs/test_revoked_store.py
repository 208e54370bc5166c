from __future__ import annotations

import re
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from sockguard.certs.authority_store import create_authority, open_authority
from sockguard.certs.fault import CertificateError
from sockguard.certs.issued_store import issue, read_record, renew
from sockguard.certs.issuing import Kind, Wanted
from sockguard.certs.listing_store import listing
from sockguard.certs.names import Names
from sockguard.certs.revoked_store import revoke
from sockguard.certs.tls_dir_store import look_at_tls_dir, read_tls_dir
from tests.support.certificates import (
    NOW,
    ask_openssl,
    authority,
    certificate,
    openssl,
    revocation_list,
    usage,
    write_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

    from sockguard.certs.authority_store import Authority
    from sockguard.certs.revoked_store import Revocation

DAY = 86400.0


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    """An authority with a client `ci` and a server `docker`, of now as openssl has no other."""
    made = create_authority(tmp_path / "ca", time.time())
    add(made, "ci", Kind.CLIENT)
    add(made, "docker", Kind.SERVER)
    return made


def add(ca: Authority, name: str, kind: Kind, out: Path | None = None) -> Path:
    return issue(ca, Wanted(name, kind, Names(dns=("a.lab",))), time.time(), out).folder


def take_back(ca: Authority, name: str) -> Revocation:
    return revoke(ca, read_record(ca.folder, name).all, time.time())


def serials_in(crl: Path) -> list[str]:
    told = openssl("crl", "-in", crl, "-noout", "-text")
    return re.findall(r"Serial Number: ([0-9A-F]+)", told)


def test_openssl_refuses_what_was_revoked_and_nothing_else(ca: Authority) -> None:
    other = add(ca, "web", Kind.CLIENT)
    take_back(ca, "ci")
    served = ca.folder / "issued/docker"
    given = ("-CAfile", served / "ca.pem", "-crl_check", "-CRLfile", served / "crl.pem")
    openssl("verify", *given, "-purpose", "sslclient", other / "cert.pem")
    told = ask_openssl("verify", *given, ca.folder / "issued/ci/cert.pem", fails=True)
    assert "certificate revoked" in told


def test_the_list_is_signed_numbered_and_lasts_as_long_as_the_authority(ca: Authority) -> None:
    crl = ca.folder / "crl.pem"
    for number, name in enumerate(("ci", "docker"), start=2):
        take_back(ca, name)
        told = openssl("crl", "-in", crl, "-noout", "-text", "-CAfile", ca.folder / "ca.pem")
        assert "verify OK" in told
        assert f"X509v3 CRL Number: \n                {number}\n" in told
        assert "X509v3 Authority Key Identifier" in told
    end = openssl("x509", "-in", ca.folder / "ca.pem", "-noout", "-enddate").split("=")[1]
    assert openssl("crl", "-in", crl, "-noout", "-nextupdate").split("=")[1] == end


def test_an_entry_stays_when_others_come(ca: Authority) -> None:
    take_back(ca, "ci")
    first = serials_in(ca.folder / "crl.pem")
    take_back(ca, "docker")
    assert serials_in(ca.folder / "crl.pem")[:1] == first
    assert len(serials_in(ca.folder / "crl.pem")) == 2


def test_each_server_gets_the_list_and_can_see_it_come(ca: Authority, tmp_path: Path) -> None:
    folders = [ca.folder / "issued/docker", add(ca, "edge", Kind.SERVER, tmp_path / "edge")]
    looks = [look_at_tls_dir(folder) for folder in folders]
    done = take_back(ca, "ci")
    assert (done.written, done.missed, len(done.serials)) == (tuple(folders), (), 1)
    for folder, look in zip(folders, looks, strict=True):
        assert look_at_tls_dir(folder) != look
        assert len(read_tls_dir(folder, time.time()).revoked) == 1
        assert (folder / "crl.pem").read_bytes() == (ca.folder / "crl.pem").read_bytes()


def test_a_server_that_is_made_later_knows_of_what_was_before(ca: Authority) -> None:
    take_back(ca, "ci")
    assert len(read_tls_dir(add(ca, "edge", Kind.SERVER), time.time()).revoked) == 1


def test_a_name_goes_with_all_that_it_ever_had(ca: Authority) -> None:
    renew(ca, "ci", 10, time.time())
    assert len(take_back(ca, "ci").serials) == 2
    states = [one.state for one in listing(ca.folder, time.time()).certificates]
    assert states == ["revoked", "revoked", "valid"]


def test_a_new_certificate_of_a_revoked_name_counts(ca: Authority) -> None:
    take_back(ca, "ci")
    renew(ca, "ci", 10, time.time())
    states = [one.state for one in listing(ca.folder, time.time()).certificates]
    assert states == ["valid", "revoked", "valid"]


def test_revoking_twice_carries_the_list_to_whoever_missed_it(
    ca: Authority, tmp_path: Path
) -> None:
    out = add(ca, "edge", Kind.SERVER, tmp_path / "edge")
    out.rename(tmp_path / "away")
    first = take_back(ca, "ci")
    assert first.written == (ca.folder / "issued/docker",)
    [complaint] = first.missed
    assert f"{out / 'crl.pem'}: there is no such folder any more" in complaint
    assert "'edge' lets them in" in complaint

    (tmp_path / "away").rename(out)
    second = take_back(ca, "ci")
    assert (second.serials, second.missed) == ((), ())
    assert len(read_tls_dir(out, time.time()).revoked) == 1


def test_a_server_that_has_expired_and_gone_is_not_missed(ca: Authority) -> None:
    shutil.rmtree(ca.folder / "issued/docker")
    issue(ca, Wanted("old", Kind.SERVER, Names(), 1), time.time() - 2 * DAY, ca.folder / "old")
    shutil.rmtree(ca.folder / "old")
    assert take_back(ca, "ci").missed == ()


def test_a_broken_record_of_one_name_does_not_keep_others_in(ca: Authority) -> None:
    (ca.folder / "issued/bad").mkdir()
    (ca.folder / "issued/bad/cert.pem").write_bytes(b"nothing")
    done = take_back(ca, "ci")
    assert len(done.serials) == len(done.written) == len(done.missed) == 1
    assert "bad/cert.pem: holds no certificate" in done.missed[0]


def test_lists_of_other_authorities_in_a_servers_folder_stay(ca: Authority) -> None:
    served, other = ca.folder / "issued/docker", authority("other", lasting=(-900, 900))
    for name, data in (
        ("ca.pem", other.pem),
        ("crl.pem", revocation_list(other, [7], lasting=(-900, 900))),
    ):
        (served / name).write_bytes((served / name).read_bytes() + data)
    take_back(ca, "ci")
    take_back(ca, "docker")
    found = read_tls_dir(served, time.time())
    assert len(found.revoked) == 3
    assert 7 in {serial for _, serial in found.revoked}


def test_a_list_that_knows_more_is_not_overwritten_by_one_that_was_lost(ca: Authority) -> None:
    take_back(ca, "ci")
    (ca.folder / "crl.pem").unlink()
    done = take_back(ca, "docker")
    assert done.written == ()
    assert "holds 1 entries that the authority's own list lacks" in done.missed[0]
    assert len(read_tls_dir(ca.folder / "issued/docker", time.time()).revoked) == 1


def test_a_list_that_cannot_be_read_is_no_reason_to_begin_a_new_one(ca: Authority) -> None:
    crl = ca.folder / "crl.pem"
    crl.unlink()
    crl.symlink_to(ca.folder / "lost.pem")
    with pytest.raises(CertificateError, match=r"crl\.pem: there is no such file"):
        take_back(ca, "ci")


def test_an_authority_that_may_not_sign_lists_revokes_nothing(tmp_path: Path) -> None:
    constraints = authority().certificate.extensions[0].value
    made = certificate("home CA", constraints, usage("key_cert_sign"))
    folder = write_folder(tmp_path / "ca", ca=made.pem, ca_key=made.key_pem)
    opened = open_authority(folder, NOW)
    wanted = issue(opened, Wanted("ci", Kind.CLIENT, Names()), NOW)
    with pytest.raises(CertificateError, match=r"ca\.pem: .* keyUsage lacks cRLSign"):
        revoke(opened, wanted.all, NOW)
