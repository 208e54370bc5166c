from __future__ import annotations

from dataclasses import replace

import pytest

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.errors import Malformed
from sockguard.policy.judge import read_body, read_body_steps
from sockguard.policy.load import load_text
from sockguard.policy.question import Body

CREATE = OPERATIONS["containers.create"]
EXEC = OPERATIONS["exec.create"]


def test_a_known_body_passes_as_it_is() -> None:
    document = {"Image": "alpine", "HostConfig": {"Privileged": False, "CapAdd": None}}
    body = read_body(CREATE, document)
    assert (body.document, body.present, body.unknown) == (document, True, ())


def test_unknown_fields_are_told_if_they_hold_something_and_dropped_if_not() -> None:
    body = read_body(CREATE, {"Image": "a", "Newer": 1, "Newest": [], "HostConfig": {"New": "x"}})
    assert body.unknown == ("Newer", "HostConfig.New")
    assert body.dropped == ("Newest",)
    assert "Newest" not in body.document  # type: ignore[operator]


@pytest.mark.parametrize("document", [None, [], "text", 5, {"image": "a"}, {"Image": 5}])
def test_a_body_of_another_form_is_malformed(document: object) -> None:
    with pytest.raises(Malformed):
        read_body(CREATE, document)


def test_a_push_may_have_an_object_without_fields_as_docker_py_sends_it() -> None:
    load_text("version: 1\nallow: [system/hello, images.push]\n")  # and needs no word for it
    assert read_body(OPERATIONS["images.push"], {}).unknown == ()
    assert read_body(OPERATIONS["images.push"], {"username": "a"}).unknown == ("username",)


@pytest.mark.parametrize("name", ["containers.list", "images.load", "build.grpc"])
def test_an_operation_without_a_json_body_takes_none(name: str) -> None:
    with pytest.raises(Malformed, match="takes no JSON body"):
        read_body(OPERATIONS[name], {})


def test_a_name_repeated_from_the_path_is_dropped() -> None:
    body = read_body(EXEC, {"Cmd": ["sh"], "Container": "web"}, ("web",))
    assert body.document == {"Cmd": ["sh"]}
    assert body.dropped == ("Container",)


def test_a_name_that_the_path_does_not_have_is_malformed() -> None:
    with pytest.raises(Malformed) as caught:
        read_body(EXEC, {"Cmd": ["sh"], "Container": "db"}, ("web",))
    assert caught.value.detail == "Container"


@pytest.mark.parametrize(
    ("document", "unknown"), [({"A": 1}, ("A",)), ([1], ("body",)), ({}, ("body",))]
)
def test_without_a_table_of_fields_none_is_known(
    document: object, unknown: tuple[str, ...]
) -> None:
    assert read_body(replace(CREATE, shape=None), document).unknown == unknown


def test_a_long_body_is_read_in_slices() -> None:
    document = {"Image": "a", "Env": [f"A{n}=b" for n in range(5000)]}
    assert len(list(read_body_steps(CREATE, document))) >= 4


def test_null_is_no_body_where_a_go_client_sends_it_for_none() -> None:
    assert read_body(OPERATIONS["containers.commit"], None) == Body()
