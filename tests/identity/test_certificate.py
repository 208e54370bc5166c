from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from sockguard.identity.certificate import MOST_NAMES, Certificate, certificate_of

DER = b"not read, only hashed"
SUBJECT = ((("countryName", "DE"),), (("commonName", "ops"),))
PARSED: dict[str, Any] = {
    "subject": SUBJECT,
    "issuer": ((("commonName", "ca"),),),
    "version": 3,
    "serialNumber": "01",
    "notBefore": "Jan  1 00:00:00 2026 GMT",
    "notAfter": "Jan  2 03:04:05 2027 GMT",
    "subjectAltName": (
        ("DNS", "Ops.home.lab"),
        ("DNS", "ops"),
        ("DNS", "*.home.lab"),
        ("email", "ops@Home.lab"),
        ("URI", "spiffe://home.lab/ops"),
        ("IP Address", "10.0.0.5"),
        ("DirName", ((("commonName", "root"),),)),
        ("Registered ID", "1.2.3"),
    ),
}


def names(*alternative: tuple[str, str], subject: object = SUBJECT) -> Certificate:
    return certificate_of({"subject": subject, "subjectAltName": alternative}, DER)


def test_each_kind_of_name_is_kept_by_itself() -> None:
    assert certificate_of(PARSED, DER) == Certificate(
        sha256(DER).hexdigest(),
        "spiffe://home.lab/ops",
        ("ops.home.lab", "ops"),
        ("ops@home.lab",),
        "ops",
        1798859045.0,
    )


def test_what_is_not_there_is_no_name() -> None:
    assert certificate_of({}, b"") == Certificate(sha256(b"").hexdigest())


@pytest.mark.parametrize("other", ["spiffe://home.lab/root", "https://home.lab", "\0", ""])
def test_of_two_uris_none_counts(other: str) -> None:
    good = ("URI", "spiffe://home.lab/ops")
    assert names(good).spiffe == "spiffe://home.lab/ops"
    assert names(good, ("URI", other)).spiffe == ""
    assert names(("URI", other), good).spiffe == ""


def test_a_uri_written_twice_does_not_count_either() -> None:
    good = ("URI", "spiffe://home.lab/ops")
    assert names(good, good).spiffe == ""


@pytest.mark.parametrize(
    "subject",
    [
        ((("commonName", "ops"),), (("commonName", "root"),)),
        ((("commonName", "ops"), ("commonName", "root")),),
        ((("commonName", "ops"),), (("commonName", ""),)),
        ((("commonName", "ops\0root"),),),
        ((("CommonName", "ops"),),),
        ((("organizationName", "ops"),),),
        "commonName",
        None,
    ],
)
def test_only_a_single_good_common_name_counts(subject: object) -> None:
    assert names(subject=subject).common_name == ""


@pytest.mark.parametrize("kind", ["dns", "uri", "EMAIL", "rfc822Name", "IP Address", "othername"])
def test_a_name_of_another_kind_does_not_count(kind: str) -> None:
    found = names((kind, "ops.home.lab"), (kind, "ops@home.lab"), (kind, "spiffe://home.lab/ops"))
    assert (found.spiffe, found.dns, found.email) == ("", (), ())


def test_a_bad_name_takes_no_good_one_along() -> None:
    assert names(("DNS", "a.lab\0.evil"), ("DNS", "b.lab")).dns == ("b.lab",)


def test_of_more_names_than_count_none_does() -> None:
    some = [("DNS", f"n{number}.lab") for number in range(MOST_NAMES)]
    assert len(names(*some).dns) == MOST_NAMES
    assert len(names(*some, *some).dns) == MOST_NAMES
    assert names(*some, ("DNS", "one-more.lab")).dns == ()


@pytest.mark.parametrize("date", ["", "soon", "Foo  1 00:00:00 2026 GMT", 5, None])
def test_a_date_that_cannot_be_read_is_past(date: object) -> None:
    assert certificate_of({"notAfter": date}, DER).not_after == 0.0
