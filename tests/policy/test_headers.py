from __future__ import annotations

import base64
import json

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.errors import Malformed
from sockguard.policy.headers import read_headers

ACCOUNT = {"username": "u>>>", "password": "p???\u00ff", "serveraddress": "ghcr.io"}


def base64_of(document: object) -> str:
    return base64.b64encode(json.dumps(document).encode()).decode()


def canonical(document: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def read(operation: str, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return read_headers(OPERATIONS[operation], [("accept", "x"), (name, value)])


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (base64_of(ACCOUNT), canonical(ACCOUNT)),
        (canonical(ACCOUNT), canonical(ACCOUNT)),
        ("e30=", "e30="),
        (
            base64_of({"ServerAddress": "a", "Username": "b", "Password": "c"}),
            canonical({"serveraddress": "a", "username": "b", "password": "c"}),
        ),
    ],
)
def test_an_account_is_read_strictly_and_written_as_the_engine_reads_it(
    value: str, sent: str
) -> None:
    assert read("images.pull", "x-registry-auth", value) == (("x-registry-auth", sent),)


def test_accounts_by_registry_are_read_the_same_way() -> None:
    accounts = {"https://index.docker.io/v1/": ACCOUNT, "ghcr.io": {}}
    got = read("build.run", "x-registry-config", base64_of(accounts))
    assert got == (("x-registry-config", canonical(accounts)),)


@pytest.mark.parametrize("header", ["x-registry-auth", "x-registry-config"])
@pytest.mark.parametrize(
    "value",
    [
        "no base 64",
        "e30",
        "e30=e30=",
        "\u00e9w==",
        base64.b64encode(b"{").decode(),
        base64.b64encode(b"\xff").decode(),
        base64.b64encode(b'{"a":{},"a":{}}').decode(),
        base64_of([]),
        base64_of("secret"),
        base64_of({"username": 5, "a": 5}),
        base64_of({"username": "a", "USERNAME": "b"}),
        base64_of({"ghcr.io": {"username": "a", "Username": "b"}}),
        base64_of({"ghcr.io": {"secret": "x"}}),
        base64_of({"secret": "x"}),
    ],
)
def test_what_could_be_read_otherwise_is_malformed_and_never_told(header: str, value: str) -> None:
    operation = "build.run" if header == "x-registry-config" else "images.push"
    with pytest.raises(Malformed) as caught:
        read(operation, header, value)
    assert caught.value.detail == header
    assert caught.value.__cause__ is None
    for secret in (value, "secret", "username"):
        assert secret not in caught.value.message


def test_an_empty_account_is_none() -> None:
    assert read("images.pull", "x-registry-auth", "") == ()


def test_text_for_the_registry_passes_as_it_is() -> None:
    assert read("images.push", "x-meta-team", "a b") == (("x-meta-team", "a b"),)
    with pytest.raises(Malformed):
        read("images.push", "x-meta-team", "\u00e9")


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        ("containers.create", "x-registry-auth"),
        ("images.pull", "x-registry-config"),
        ("images.search", "x-meta-team"),
        ("images.pull", "x-registry-anything"),
        ("images.pull", "authorization"),
    ],
)
def test_what_an_operation_does_not_have_is_left_out(operation: str, name: str) -> None:
    assert read(operation, name, "anything") == ()


def test_null_is_no_account() -> None:
    assert read("build.run", "x-registry-config", "bnVsbA==") == read(
        "build.run", "x-registry-config", ""
    )
