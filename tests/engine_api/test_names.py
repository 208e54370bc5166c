from __future__ import annotations

import time

import pytest

from sockguard.engine.catalogue.all import ROUTES
from sockguard.engine.names import NAMED

DIGEST = "sha256:" + "0f" * 32


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("container", "web"),
        ("container", "a"),
        ("container", "0123456789ab"),
        ("container", "Web_1.x-y"),
        ("container", "f" * 64),
        ("network", "my net"),
        ("network", "_internal"),
        ("network", "compose_default"),
        ("image", "alpine"),
        ("image", "alpine:3.20"),
        ("image", f"alpine@{DIGEST}"),
        ("image", f"ghcr.io/a/b__c-d.e:V_1@{DIGEST}"),
        ("image", "localhost:5000/a"),
        ("image", "REGISTRY.example:443/a/b"),
        ("image", "[2001:db8::1]:5000/a"),
        ("image", DIGEST),
        ("image", "0123456789ab"),
        ("image", "sha256:0f0f0f"),
        ("plugin", "vieux/sshfs:latest"),
        ("profile", "goroutine"),
    ],
)
def test_the_engine_has_objects_of_this_name(kind: str, name: str) -> None:
    assert NAMED[kind](name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("container", ""),
        ("container", "/web"),
        ("container", "a/b"),
        ("container", ".a"),
        ("container", ".."),
        ("container", "a b"),
        ("container", "a\n"),
        ("container", "a\x00"),
        ("container", "a%2Fb"),
        ("container", "\u017fh"),
        ("container", "a" * 256),
        ("network", " net"),
        ("network", "net "),
        ("network", "a/b"),
        ("network", "net\n"),
        ("network", ".."),
        ("volume", "a b"),
        ("image", ""),
        ("image", "Alpine"),
        ("image", "a//b"),
        ("image", "/a"),
        ("image", "a/"),
        ("image", "a/../b"),
        ("image", ".."),
        ("image", "a:"),
        ("image", "a:b c"),
        ("image", "a@sha256:0f"),
        ("image", "a_" * 200),
        ("image", "a\n"),
        ("image", "a/b" * 200),
        ("profile", "../heap"),
    ],
)
def test_no_object_of_the_engine_has_this_name(kind: str, name: str) -> None:
    assert not NAMED[kind](name)


def test_every_variable_of_every_route_has_its_rule() -> None:
    variables = {word.strip("{.}") for r in ROUTES for word in r.template if word.startswith("{")}
    assert variables == NAMED.keys()


@pytest.mark.parametrize("name", ["a-" * 255 + "!", "a." * 255 + "!", "a/" * 255 + "!", "a" * 512])
def test_a_name_made_to_be_slow_is_tested_at_once(name: str) -> None:
    start = time.process_time()
    for _ in range(20):
        NAMED["image"](name)
    assert time.process_time() - start < 0.5
