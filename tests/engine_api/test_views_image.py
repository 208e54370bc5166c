from __future__ import annotations

import pytest

from tests.support.gathering import STRANGE, gather, unjudged, values, within_service

HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"
ALPINE = "docker.io/library/alpine"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("alpine", f"{ALPINE}:latest"),
        ("alpine:3.19", f"{ALPINE}:3.19"),
        ("library/alpine", f"{ALPINE}:latest"),
        ("docker.io/alpine", f"{ALPINE}:latest"),
        ("index.docker.io/library/alpine:3.19", f"{ALPINE}:3.19"),
        (f"alpine@{DIGEST}", f"{ALPINE}@{DIGEST}"),
        (f"alpine:3.19@{DIGEST}", f"{ALPINE}:3.19@{DIGEST}"),
        ("ghcr.io/acme/app", "ghcr.io/acme/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
        ("acme/app", "docker.io/acme/app:latest"),
        (HEX, DIGEST),
        (DIGEST, DIGEST),
        ("deadbeef", "sha256:deadbeef"),
        ("sha256:dead", "sha256:dead"),
        ("cafe", "sha256:cafe"),
        ("cafe:1", "docker.io/library/cafe:1"),
        ("docker.io/library/cafe", "docker.io/library/cafe:latest"),
        *((text, STRANGE + text) for text in ("Alpine", " alpine", "alpine:", "a//b", "a\n")),
        *((text, STRANGE + text) for text in ("../a", "alpine@sha256:1", "DEADBEEF")),
    ],
)
def test_an_image_has_one_name(text: str, value: str) -> None:
    for operation, document in (
        ("containers.create", {"Image": text}),
        ("services.create", within_service(Image=text)),
        ("services.update", within_service(Image=text)),
    ):
        found = gather("image", operation, document)
        assert values(found) == [value]
        assert unjudged(operation, document, found) == set()


@pytest.mark.parametrize("operation", ["containers.create", "services.create", "services.update"])
def test_a_body_without_an_image_asks_for_nobody_knows_what(operation: str) -> None:
    assert values(gather("image", operation, {})) == [""]


@pytest.mark.parametrize(
    ("image", "tag", "value"),
    [
        ("docker.io/library/alpine", "latest", f"{ALPINE}:latest"),
        ("alpine", "3.19", f"{ALPINE}:3.19"),
        ("alpine:3.19", "", f"{ALPINE}:3.19"),
        ("alpine:3.19", "evil", f"{ALPINE}:evil"),
        ("alpine", DIGEST, f"{ALPINE}@{DIGEST}"),
        ("alpine:3.19", DIGEST, f"{ALPINE}@{DIGEST}"),
        (f"alpine@{DIGEST}", "", f"{ALPINE}@{DIGEST}"),
        (f"alpine:3.19@{DIGEST}", "", f"{ALPINE}:3.19@{DIGEST}"),
        (f"alpine@{DIGEST}", "latest", f"{STRANGE}alpine@{DIGEST}"),
        ("alpine", "", f"{ALPINE}:*"),
        ("ghcr.io/acme/app", "", "ghcr.io/acme/app:*"),
    ],
)
def test_a_pull_has_one_form_however_name_and_tag_are_sent(
    image: str, tag: str, value: str
) -> None:
    query = {"fromImage": image, **({"tag": tag} if tag else {})}
    found = gather("image", "images.pull", query=query)
    assert values(found) == [value]
    assert found.items[0].where == "fromImage"


@pytest.mark.parametrize("operation", ["images.tag", "images.import", "containers.commit"])
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"repo": "app"}, ["docker.io/library/app:latest"]),
        ({"repo": "app", "tag": "1"}, ["docker.io/library/app:1"]),
        ({"repo": "app:2", "tag": "1"}, ["docker.io/library/app:1"]),
        ({"repo": "app:2"}, ["docker.io/library/app:2"]),
        ({"repo": "deadbeef"}, ["sha256:deadbeef"]),
        ({}, []),
        ({"tag": "1"}, []),
    ],
)
def test_a_new_name_is_judged_and_none_is_none(
    operation: str, query: dict[str, str], expected: list[str]
) -> None:
    assert values(gather("image", operation, query=query)) == expected


@pytest.mark.parametrize(
    ("name", "tag", "value"),
    [
        ("app", "1", "docker.io/library/app:1"),
        ("app:1", "", "docker.io/library/app:1"),
        ("app:1", "2", "docker.io/library/app:2"),
        ("app", "", "docker.io/library/app:*"),
        ("ghcr.io/acme/app", "", "ghcr.io/acme/app:*"),
    ],
)
def test_a_push_without_a_tag_is_of_all_tags(name: str, tag: str, value: str) -> None:
    found = gather("image", "images.push", names=(name,), query={"tag": tag} if tag else {})
    assert values(found) == [value]


def test_a_build_names_images_in_tags_and_in_what_it_exports() -> None:
    query = {
        "t": ("app:1", "", "ghcr.io/acme/app"),
        "outputs": [
            {"Type": "image", "Attrs": {"name": "evil.io/a:1, app:2", "push": "true"}},
            {"Type": "local", "Attrs": {"dest": "/x"}},
            {"Type": "tar"},
        ],
    }
    found = gather("image", "build.run", query=query)
    assert values(found) == [
        "docker.io/library/app:1",
        "ghcr.io/acme/app:latest",
        "evil.io/a:1",
        "docker.io/library/app:2",
    ]
    assert found.parameters == set()


def test_a_build_without_a_tag_names_no_image() -> None:
    assert values(gather("image", "build.run")) == []


@pytest.mark.parametrize(
    ("image", "server", "fits"),
    [
        ("alpine", "https://index.docker.io/v1/", True),
        ("alpine", "docker.io", True),
        ("alpine", "registry-1.docker.io", True),
        ("alpine", "", True),
        ("ghcr.io/acme/app", "ghcr.io", True),
        ("ghcr.io/acme/app", "https://ghcr.io/v2/", True),
        ("localhost:5000/app", "http://localhost:5000", True),
        ("ghcr.io/acme/app", "https://index.docker.io/v1/", False),
        ("ghcr.io/acme/app", "ghcr.io.evil.io", False),
        ("ghcr.io/acme/app", "evil.io/ghcr.io", False),
        ("localhost:5000/app", "localhost", False),
    ],
)
def test_credentials_are_for_the_registry_of_the_image(image: str, server: str, fits: bool) -> None:
    query = {"fromImage": image, "tag": "1"}
    found = gather("image", "images.pull", query=query, registries=(server,))
    assert values(found)[1:] == ([] if fits else [""])
    pushed = gather("image", "images.push", names=(image,), registries=(server,))
    assert len(pushed.items) == (1 if fits else 2)


def test_credentials_of_a_build_are_for_the_registries_of_its_tags() -> None:
    servers = ("ghcr.io", "https://index.docker.io/v1/")
    query: dict[str, tuple[str, ...]] = {"t": ("ghcr.io/acme/app",)}
    assert values(gather("image", "build.run", query=query, registries=servers))[1:] == [""]
    query["t"] = (*query["t"], "app")
    assert "" not in values(gather("image", "build.run", query=query, registries=servers))
