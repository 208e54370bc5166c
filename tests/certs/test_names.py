from __future__ import annotations

import re

import pytest

from sockguard.certs.fault import CertificateError
from sockguard.certs.names import check_name, read_names


def names(*, spiffe: str = "", dns: str = "", ip: str = "", server: bool = True) -> tuple[str, ...]:
    return read_names(spiffe=spiffe.split(), dns=dns.split(), ips=ip.split(), server=server).shown()


def test_each_name_is_taken_once_and_in_order() -> None:
    shown = names(spiffe="spiffe://home.lab/ci", dns="b.lab *.a.lab b.lab", ip="::1 0::1 192.0.2.7")
    assert shown == ("spiffe://home.lab/ci", "b.lab", "*.a.lab", "::1", "192.0.2.7")


@pytest.mark.parametrize("good", ["a", "1", "build-1.home_lab", "a" * 63])
def test_a_good_name_of_a_certificate_is_taken(good: str) -> None:
    assert check_name(good) == good


@pytest.mark.parametrize("bad", ["", "..", ".a", "-a", "a/b", "A", "a b", "a" * 64, "a\n", "ä"])
def test_what_could_not_be_a_folders_name_is_no_name(bad: str) -> None:
    with pytest.raises(CertificateError, match="is no name for a certificate"):
        check_name(bad)


@pytest.mark.parametrize(
    ("kind", "text", "complaint"),
    [
        ("dns", "192.0.2.7", "this is an address: write --ip 192.0.2.7"),
        ("dns", "::1", "this is an address: write --ip ::1"),
        ("dns", "Docker.Home.Lab", "write docker.home.lab"),
        ("dns", "docker.home.lab.", "write docker.home.lab"),
        ("dns", "köln.lab", "in its form with xn--"),
        ("dns", "a_b.lab", "is no DNS name"),
        ("dns", "-a.lab", "is no DNS name"),
        ("dns", "a..lab", "is no DNS name"),
        ("dns", "a.*.lab", "is no DNS name"),
        ("dns", "a.lab:2376", "is no DNS name"),
        ("dns", "1.2.3", "is no DNS name"),
        ("dns", ".".join(["a" * 60] * 5), "253 characters at most"),
        ("ip", "10.0.0.0/8", "one address without prefix, port or zone"),
        ("ip", "192.0.2.7:2376", "one address without prefix, port or zone"),
        ("ip", "fe80::1%eth0", "one address without prefix, port or zone"),
        ("ip", "docker.lab", "one address without prefix, port or zone"),
        ("spiffe", "home.lab/ci", "must begin with spiffe://"),
        ("spiffe", "SPIFFE://home.lab/ci", "must begin with spiffe://"),
        ("spiffe", "spiffe://Home.Lab/ci", "the trust domain, after spiffe://, is small letters"),
        ("spiffe", "spiffe://home.lab:1/ci", "without user or port"),
        ("spiffe", "spiffe:///ci", "the trust domain"),
        ("spiffe", "spiffe://home.lab", "as in spiffe://home.lab/ci"),
        ("spiffe", "spiffe://home.lab/", "as in spiffe://home.lab/ci"),
        ("spiffe", "spiffe://home.lab/ci/", "nor end in a slash"),
        ("spiffe", "spiffe://home.lab//ci", "must not hold '' between slashes"),
        ("spiffe", "spiffe://home.lab/a/../b", "must not hold '..' between slashes"),
        ("spiffe", "spiffe://home.lab/ci?x=1", "without query or fragment"),
        ("spiffe", "spiffe://home.lab/%63i", "letters, digits, dots, dashes and underscores only"),
        ("spiffe", "spiffe://home.lab/" + "a" * 2048, "2048 characters at most"),
        ("spiffe", "spiffe://home.lab/a spiffe://home.lab/b", "one SPIFFE ID"),
    ],
)
def test_a_bad_name_is_a_complaint_that_says_how_it_would_be(
    kind: str, text: str, complaint: str
) -> None:
    with pytest.raises(CertificateError, match=re.escape(complaint)) as caught:
        names(**{kind: text})  # type: ignore[arg-type]  # only the texts are given
    assert str(caught.value).startswith(f"--{kind} ")


def test_a_clients_name_is_no_wildcard() -> None:
    with pytest.raises(CertificateError, match="a wildcard would be many clients"):
        names(dns="*.home.lab", server=False)
