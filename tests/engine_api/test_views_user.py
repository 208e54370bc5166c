from __future__ import annotations

import pytest

from sockguard.engine.facts import Facts, Need, Thing
from tests.support.gathering import STRANGE, facts_of, gather, unjudged, values, within_service

IMAGE = Thing("image", "sha256:" + "a" * 64, ("web",), user="1000")
ROOTLY = Thing("image", "sha256:" + "b" * 64, ("old",))
CONTAINER = Thing("container", "c" * 64, ("web",), user="nginx")


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        *((text, "root") for text in ("0", "00", "+0", "-0", "root", "ROOT", "0:0", "00:00")),
        *((text, "root") for text in ("root:x", "0:1000", "root:1000", ":1000", ":", "0:")),
        ("1000", "1000"),
        ("01000", "1000"),
        ("+1000", "1000"),
        ("1000:", "1000"),
        ("1000:1000", "1000:1000"),
        ("01000:00", "1000:0"),
        ("1000:docker", "1000:docker"),
        ("node", "node"),
        ("node:0", "node:0"),
        ("2147483647", "2147483647"),
        *((text, STRANGE + text) for text in ("2147483648", "4294967296", "-1", "9" * 30)),
        *((text, STRANGE + text) for text in (" 0", "0 ", "ro ot", "0\n", "\u0660", "1000:-1")),
        *((text, STRANGE + text) for text in ("0:0:0", "1000:1000:x", "\tnode")),
    ],
)
def test_a_user_has_one_form_and_root_one_name(text: str, normal: str) -> None:
    for operation, document in (
        ("containers.create", {"User": text}),
        ("exec.create", {"User": text}),
        ("services.create", within_service(User=text)),
        ("services.update", within_service(User=text)),
    ):
        found = gather("user", operation, document, names=("web",))
        assert values(found) == [normal]
        assert not {path for path in unjudged(operation, document, found) if "User" in path}


@pytest.mark.parametrize(
    ("image", "expected"), [("web", ["1000"]), ("old", ["root"]), ("gone", [])]
)
def test_a_container_without_a_user_has_that_of_its_image(image: str, expected: list[str]) -> None:
    facts = facts_of(IMAGE, ROOTLY, absent=[("image", "gone")])
    for user in ({}, {"User": ""}, {"User": None}):
        found = gather("user", "containers.create", {"Image": image, **user}, facts=facts)
        assert values(found) == expected


def test_the_image_is_asked_for_only_where_no_user_is_named() -> None:
    facts = Facts()
    gather("user", "containers.create", {"Image": "web", "User": "5"}, facts=facts)
    assert facts.missing == set()
    gather("user", "containers.create", {"Image": "web"}, facts=facts)
    assert facts.missing == {Need("image", "web")}


def test_the_user_of_another_platform_of_the_image_is_not_known() -> None:
    query = {"platform": "linux/arm64"}
    found = gather(
        "user", "containers.create", {"Image": "web"}, facts=facts_of(IMAGE), query=query
    )
    assert values(found) == [""]
    assert not found.items[0].strange


def test_without_an_image_it_is_root() -> None:
    assert values(gather("user", "containers.create", {})) == ["root"]


def test_a_program_without_a_user_runs_as_the_container_does() -> None:
    facts = facts_of(CONTAINER, Thing("container", "d" * 64, ("db",)))
    assert values(gather("user", "exec.create", {}, names=("web",), facts=facts)) == ["nginx"]
    assert values(gather("user", "exec.create", {}, names=("db",), facts=facts)) == ["root"]
    missing = Facts()
    assert values(gather("user", "exec.create", {}, names=("web",), facts=missing)) == []
    assert missing.missing == {Need("container", "web")}


def test_the_user_of_a_service_that_names_none_is_not_known() -> None:
    assert values(gather("user", "services.create", within_service(Image="web"))) == [""]
    document = within_service(User="5", Groups=["docker"])
    found = gather("user", "services.create", document)
    assert "TaskTemplate.ContainerSpec.Groups" in unjudged("services.create", document, found)
