from __future__ import annotations

import base64
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.answer import PLAIN, Answer, AnswerShape, Form, Map, Mask, Masked, masks
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.errors import Malformed
from sockguard.policy.mask import MASK, MASK_BYTES
from sockguard.policy.redact import plan_of, redact, redact_list_steps
from sockguard.policy.response import Response, Reveal
from tests.support.documented import FIELDS, document

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANY = Reveal(any=True)
ALL = Response(any=True)
CONTAINER = {
    "Id": "4bb9a7d1c0de",
    "Path": "/bin/sh",
    "Args": ["-c", "serve --token abc"],
    "State": {"Status": "exited", "Error": "", "Health": None},
    "HostConfig": {
        "Binds": ["/srv/web:/data:ro"],
        "NetworkMode": "bridge",
        "LogConfig": {"Type": "splunk", "Config": {"splunk-token": "abc", "splunk-url": "x"}},
    },
    "Mounts": [{"Type": "bind", "Source": "/srv/web", "Destination": "/data", "RW": False}],
    "Config": {
        "Env": ["VIRTUAL_HOST=example.org", "TOKEN=abc", "VIRTUAL_PORT=80"],
        "Labels": {"app": "web"},
        "Cmd": None,
        "Tty": False,
    },
    "Future": {"Field": 1},
}


def operation(name: str) -> Answer:
    answer = OPERATIONS[name].answer
    assert answer is not None
    return answer


INSPECT = operation("containers.inspect")


def shown(document: object, *responses: Response, answer: Answer = INSPECT) -> Any:
    return redact(plan_of(answer, responses), document).element


def masked(document: object, *responses: Response, answer: Answer = INSPECT) -> frozenset[str]:
    return redact(plan_of(answer, responses), document).masked


def reveal(**paths: Reveal | str) -> Response:
    return revealing({path.replace("__", "."): one for path, one in paths.items()})


def revealing(paths: Mapping[str, Reveal | str], **words: tuple[str, ...]) -> Response:
    read = {path: Reveal(globs=(one,)) if isinstance(one, str) else one
            for path, one in paths.items()}  # fmt: skip
    return Response(reveal=read, drop=words.get("drop", ()), keep=words.get("keep", ()))


def finish(steps: Any) -> bytes:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return bytes(end.value)


def treating(name: str, response: Response) -> tuple[Answer, Callable[[object], object]]:
    answer = operation(name)
    plan = plan_of(answer, (response,))
    return answer, lambda element: redact(plan, element).element


def test_without_a_word_all_that_is_sensitive_is_masked_and_nothing_else() -> None:
    assert shown(CONTAINER) == {
        "Id": "4bb9a7d1c0de",
        "Path": MASK,
        "Args": [MASK, MASK],
        "State": {"Status": "exited", "Error": "", "Health": None},
        "HostConfig": {
            "Binds": [MASK],
            "NetworkMode": "bridge",
            "LogConfig": {"Type": "splunk", "Config": {"splunk-token": MASK, "splunk-url": MASK}},
        },
        "Mounts": [{"Type": "bind", "Source": MASK, "Destination": "/data", "RW": False}],
        "Config": {
            "Env": [f"VIRTUAL_HOST={MASK}", f"TOKEN={MASK}", f"VIRTUAL_PORT={MASK}"],
            "Labels": {"app": "web"},
            "Cmd": None,
            "Tty": False,
        },
        "Future": {"Field": 1},
    }


def test_it_tells_where_something_was_masked() -> None:
    places = {
        "Path", "Args", "HostConfig.Binds", "HostConfig.LogConfig.Config", "Mounts[].Source",
        "Config.Env",
    }  # fmt: skip
    assert masked(CONTAINER) == places
    assert masked(CONTAINER, reveal(Path=ANY, Args=ANY)) == places - {"Path", "Args"}
    assert masked(CONTAINER, reveal(Config__Env="*")) == places - {"Config.Env"}
    assert masked(CONTAINER, Response(drop=("Config.Env",))) == places - {"Config.Env"}
    assert masked(CONTAINER, ALL) == frozenset()


def test_no_responses_at_all_show_what_is_plain() -> None:
    assert shown(CONTAINER) == shown(CONTAINER, Response())


def test_any_shows_all() -> None:
    assert shown(CONTAINER, ALL) is CONTAINER
    assert plan_of(INSPECT, (Response(), ALL)).step is None


@pytest.mark.parametrize(
    ("globs", "env"),
    [
        (("VIRTUAL_*",), ["VIRTUAL_HOST=example.org", f"TOKEN={MASK}", "VIRTUAL_PORT=80"]),
        (("VIRTUAL_PORT",), [f"VIRTUAL_HOST={MASK}", f"TOKEN={MASK}", "VIRTUAL_PORT=80"]),
        (("*_HOST", "TOKEN"), ["VIRTUAL_HOST=example.org", "TOKEN=abc", f"VIRTUAL_PORT={MASK}"]),
        (("virtual_*", "VIRTUAL"), [f"VIRTUAL_HOST={MASK}", f"TOKEN={MASK}",
                                    f"VIRTUAL_PORT={MASK}"]),
        (("VIRTUAL_HOST=*",), [f"VIRTUAL_HOST={MASK}", f"TOKEN={MASK}", f"VIRTUAL_PORT={MASK}"]),
    ],
)  # fmt: skip
def test_a_glob_is_held_against_the_name_of_an_assignment(
    globs: tuple[str, ...], env: list[str]
) -> None:
    response = revealing({"Config.Env": Reveal(globs=globs)})
    assert shown(CONTAINER, response)["Config"]["Env"] == env


def test_a_glob_is_held_against_the_keys_of_a_map() -> None:
    response = reveal(HostConfig__LogConfig__Config="*-url")
    config = shown(CONTAINER, response)["HostConfig"]["LogConfig"]["Config"]
    assert config == {"splunk-token": MASK, "splunk-url": "x"}


def test_a_glob_is_held_against_each_text_of_a_list_as_a_whole() -> None:
    assert shown(CONTAINER, reveal(Args="-?")) == shown(CONTAINER)
    assert shown(CONTAINER, reveal(Args="-*"))["Args"] == ["-c", MASK]
    assert shown(CONTAINER, reveal(Args="serve**"))["Args"] == [MASK, "serve --token abc"]
    assert shown(CONTAINER, reveal(Path="/bin/*"))["Path"] == "/bin/sh"
    assert shown(CONTAINER, reveal(Path="/*"))["Path"] == MASK


def test_no_glob_matches_a_text_that_is_too_long_to_look_at() -> None:
    document = {"Path": "/" * 5000, "Args": ["x" * 5000, "x" * 4000]}
    assert shown(document, reveal(Path="**", Args="x**")) == {
        "Path": MASK,
        "Args": [MASK, "x" * 4000],
    }
    assert shown(document, reveal(Path=ANY))["Path"] == document["Path"]


def test_a_path_may_name_a_whole_object_or_list() -> None:
    response = revealing({"HostConfig": ANY, "Mounts": "/srv/*"})
    assert shown(CONTAINER, response)["HostConfig"] == CONTAINER["HostConfig"]
    assert shown(CONTAINER, response)["Mounts"] == CONTAINER["Mounts"]
    assert shown(CONTAINER, response)["Config"] == shown(CONTAINER)["Config"]


def test_dropped_values_are_gone_instead_of_masked() -> None:
    response = Response(drop=("Config.Env", "State", "Mounts[].Source"))
    seen = shown(CONTAINER, response)
    assert "Env" not in seen["Config"]
    assert "State" not in seen
    assert seen["Mounts"] == [{"Type": "bind", "Destination": "/data", "RW": False}]
    assert seen["Path"] == MASK


def test_of_what_is_dropped_the_revealed_items_stay() -> None:
    response = revealing(
        {"Config.Env": "VIRTUAL_*", "HostConfig.LogConfig.Config": "*-url", "Path": "/bin/*"},
        drop=("Config.Env", "HostConfig.LogConfig.Config", "Path", "Args"),
    )
    seen = shown(CONTAINER, response)
    assert seen["Config"]["Env"] == ["VIRTUAL_HOST=example.org", "VIRTUAL_PORT=80"]
    assert seen["HostConfig"]["LogConfig"]["Config"] == {"splunk-url": "x"}
    assert seen["Path"] == "/bin/sh"
    assert "Args" not in seen


def test_of_a_dropped_object_only_what_is_revealed_within_stays() -> None:
    response = revealing({"Config.Env": "VIRTUAL_*"}, drop=("Config",))
    document = {**CONTAINER, "Config": {**CONTAINER["Config"], "Future": 1}}  # type: ignore[dict-item]
    assert shown(document, response)["Config"] == {
        "Env": ["VIRTUAL_HOST=example.org", "VIRTUAL_PORT=80"]
    }


def test_kept_paths_are_all_that_is_shown_and_are_still_masked() -> None:
    response = Response(keep=("Id", "Config.Env", "Mounts[].Source", "State.Status"))
    assert shown(CONTAINER, response) == {
        "Id": "4bb9a7d1c0de",
        "State": {"Status": "exited"},
        "Mounts": [{"Source": MASK}],
        "Config": {"Env": [f"VIRTUAL_HOST={MASK}", f"TOKEN={MASK}", f"VIRTUAL_PORT={MASK}"]},
    }


def test_what_is_kept_whole_brings_its_unknown_fields() -> None:
    document = {"Config": {"Env": ["A=b"], "Future": 1}, "Future": 1}
    assert shown(document, Response(keep=("Config",))) == {
        "Config": {"Env": [f"A={MASK}"], "Future": 1}
    }


def test_a_kept_field_keeps_no_other_whose_name_begins_like_it() -> None:
    platform = {"os": "windows", "os.version": "10.0", "variant": "v8"}
    document = {"Descriptor": {"platform": platform, "size": 1}}
    answer = operation("images.inspect")
    response = Response(keep=("Descriptor.platform.os.version",))
    assert shown(document, response, answer=answer) == {
        "Descriptor": {"platform": {"os.version": "10.0"}}
    }


def test_keep_reveal_and_drop_work_together() -> None:
    response = revealing(
        {"Config": ANY, "Path": ANY}, keep=("Config", "State"), drop=("State.Health",)
    )
    assert shown(CONTAINER, response) == {
        "Config": CONTAINER["Config"],
        "State": {"Status": "exited", "Error": ""},
    }


MASKED_CONFIG = shown(CONTAINER)["Config"]


@pytest.mark.parametrize(
    ("responses", "config"),
    [
        ((Response(drop=("Config.Env",)), Response()), MASKED_CONFIG),
        ((Response(drop=("Config",)), Response(keep=("Id",))), None),
        ((Response(keep=("Id",)), Response(keep=("Config.Tty",))), {"Tty": False}),
        ((Response(keep=("Id",)), Response()), MASKED_CONFIG),
        ((Response(keep=("Config",)), Response(drop=("Config",))), MASKED_CONFIG),
        (
            (revealing({"Config.Env": ANY}, keep=("Id",)), Response(keep=("Config.Env",))),
            {"Env": MASKED_CONFIG["Env"]},
        ),
        (
            (revealing({"Config.Env": "TOKEN"}, drop=("Config",)), Response(keep=("Config.Tty",))),
            {"Env": ["TOKEN=abc"], "Tty": False},
        ),
        (
            (revealing({"Config.Env": "TOKEN"}, drop=("Config.Env",)), Response()),
            {**MASKED_CONFIG, "Env": [f"VIRTUAL_HOST={MASK}", "TOKEN=abc", f"VIRTUAL_PORT={MASK}"]},
        ),
        (
            (reveal(Config__Env="TOKEN"), reveal(Config__Env="*_HOST")),
            {**MASKED_CONFIG,
             "Env": ["VIRTUAL_HOST=example.org", "TOKEN=abc", f"VIRTUAL_PORT={MASK}"]},
        ),
        ((Response(drop=("Config",)), reveal(Config=ANY)), CONTAINER["Config"]),
        ((revealing({"Config": ANY}, keep=("Config",)), Response()), CONTAINER["Config"]),
    ],
)  # fmt: skip
def test_of_several_responses_the_union_is_shown(
    responses: tuple[Response, ...], config: object
) -> None:
    assert shown(CONTAINER, *responses).get("Config") == config
    assert shown(CONTAINER, *reversed(responses)).get("Config") == config


@pytest.mark.parametrize(
    "document",
    [
        {"config": {"ENV": ["TOKEN=abc"]}},
        {"Config": {"env": ["TOKEN=abc"]}},
        {"Config": {"Env": ["A=abc"], "env": ["TOKEN=abc"]}},
        {"HOSTCONFIG": {"binds": ["abc"]}},
        {"Ho\u017ftConfig": {"Bind\u017f": ["abc"]}},
        {"MOUNTS": [{"source": "abc"}]},
        {"state": {"ERROR": "abc"}},
        {"Config": {"healthchecK": {"te\u017ft": ["abc"]}}},
    ],
)
def test_another_spelling_that_a_reader_takes_for_the_field_does_not_slip_through(
    document: dict[str, Any],
) -> None:
    assert "abc" not in json.dumps(shown(document))
    assert "abc" not in json.dumps(shown(document, Response(keep=("Config", "HostConfig"))))
    assert shown(document, Response(drop=("Config", "HostConfig", "Mounts", "State"))) == {}


@pytest.mark.parametrize(
    ("document", "seen"),
    [
        ({"Config": {"Env": "abc"}}, {"Config": {"Env": MASK}}),
        ({"Config": {"Env": {"TOKEN": "abc"}}}, {"Config": {"Env": {"TOKEN": MASK}}}),
        ({"Config": {"Env": [["TOKEN=abc"]]}}, {"Config": {"Env": [[f"TOKEN={MASK}"]]}}),
        ({"Config": {"Env": [7, True, None]}}, {"Config": {"Env": [0, False, None]}}),
        ({"Config": ["TOKEN=abc"]}, {"Config": [MASK]}),
        ({"Config": "abc"}, {"Config": MASK}),
        ({"Mounts": {"Source": "abc"}}, {"Mounts": {"Source": MASK}}),
        ({"Mounts": ["abc", None]}, {"Mounts": [MASK, None]}),
        ({"HostConfig": {"Binds": 5}}, {"HostConfig": {"Binds": 0}}),
        ({"Config": None, "Mounts": None}, {"Config": None, "Mounts": None}),
        ({"Config": {}, "Mounts": []}, {"Config": {}, "Mounts": []}),
        (["abc"], [MASK]),
        ("abc", MASK),
    ],
)
def test_a_value_of_another_type_than_documented_is_masked_all_the_same(
    document: object, seen: object
) -> None:
    assert shown(document) == seen


@pytest.mark.parametrize(
    ("name", "element", "seen"),
    [
        ("configs.list", {"Spec": {"Name": "a", "Data": "YWJj"}},
         {"Spec": {"Name": "a", "Data": MASK_BYTES}}),
        ("swarm.inspect", {"ID": "a", "JoinTokens": {"Worker": "abc", "Manager": "abc"}},
         {"ID": "a", "JoinTokens": {"Worker": MASK, "Manager": MASK}}),
        ("system.events",
         {"status": "exec_start: abc", "Action": "exec_start: abc", "Type": "container",
          "Actor": {"ID": "a", "Attributes": {"execID": "b", "image": "c"}}},
         {"status": f"exec_start: {MASK}", "Action": f"exec_start: {MASK}", "Type": "container",
          "Actor": {"ID": "a", "Attributes": {"execID": "b", "image": "c"}}}),
        ("system.events",
         {"Type": "daemon", "Action": "reload", "Actor": {"ID": "a", "Attributes": {
             "registry-mirrors": '["https://me:abc@mirror"]', "runtimes": "rt:/opt/rt",
             "debug": "true"}}},
         {"Type": "daemon", "Action": "reload", "Actor": {"ID": "a", "Attributes": {
             "registry-mirrors": MASK, "runtimes": MASK, "debug": "true"}}}),
        ("system.events", {"Action": "health_status: healthy"},
         {"Action": "health_status: healthy"}),
        ("plugins.list", {"Settings": {"Env": ["A=abc"]}, "Config": {"Env": [{"Value": "abc"}]}},
         {"Settings": {"Env": [f"A={MASK}"]}, "Config": {"Env": [{"Value": MASK}]}}),
        ("services.list", {"PreviousSpec": {"TaskTemplate": {"ContainerSpec": {"Env": ["A=b"]}}}},
         {"PreviousSpec": {"TaskTemplate": {"ContainerSpec": {"Env": [f"A={MASK}"]}}}}),
        ("system.df", {"ContainerUsage": {"Items": [{"Command": "abc"}]}, "LayersSize": 5},
         {"ContainerUsage": {"Items": [{"Command": MASK}]}, "LayersSize": 5}),
        ("system.info",
         {"Runtimes": {"runc": {"path": "abc"}}, "RegistryConfig": {"IndexConfigs": {
             "docker.io": {"Name": "docker.io", "Mirrors": ["abc"], "Secure": True}}}},
         {"Runtimes": {"runc": {"path": MASK}}, "RegistryConfig": {"IndexConfigs": {
             "docker.io": {"Name": "docker.io", "Mirrors": [MASK], "Secure": True}}}}),
    ],
)  # fmt: skip
def test_each_kind_of_answer_hides_its_own_secrets(name: str, element: Any, seen: Any) -> None:
    assert shown(element, answer=operation(name)) == seen


def test_another_type_in_the_place_of_an_object_is_hidden_though_all_its_fields_are_revealed() -> (
    None
):
    answer = operation("system.events")
    response = reveal(Action=ANY, status=ANY)
    assert shown("abc", response, answer=answer) == MASK
    assert shown({"Action": "exec_create: abc"}, response, answer=answer) == {
        "Action": "exec_create: abc"
    }


def test_within_a_map_globs_match_its_keys() -> None:
    answer = operation("system.info")
    registries = {name: {"Name": name, "Mirrors": ["abc"]} for name in ("docker.io", "ghcr.io")}
    document = {"RegistryConfig": {"IndexConfigs": registries}}
    seen = shown(document, reveal(RegistryConfig__IndexConfigs="ghcr.*"), answer=answer)
    assert seen["RegistryConfig"]["IndexConfigs"] == {
        "docker.io": {"Name": "docker.io", "Mirrors": [MASK]},
        "ghcr.io": {"Name": "ghcr.io", "Mirrors": ["abc"]},
    }
    assert masked(document, answer=answer) == {"RegistryConfig.IndexConfigs"}
    assert masked(document, reveal(RegistryConfig="*"), answer=answer) == frozenset()
    dropping = revealing({"RegistryConfig": "ghcr.*"}, drop=("RegistryConfig",))
    assert shown(document, dropping, answer=answer) == {
        "RegistryConfig": {"IndexConfigs": {"ghcr.io": registries["ghcr.io"]}}
    }


# Properties of every table, and of a table with a masked place everywhere.

SECRET = "s3cr3t"
EVERYWHERE: AnswerShape = {
    "Plain": PLAIN,
    "Text": Masked(Mask.TEXT, "Shows it."),
    "Env": Masked(Mask.ASSIGNMENT, "Shows it."),
    "Data": Masked(Mask.BYTES, "Shows it."),
    "Action": Masked(Mask.ACTION, "Shows it."),
    "List": [{"Env": Masked(Mask.ASSIGNMENT, "Shows it."), "Plain": PLAIN}],
    "Map": Map({"Text": Masked(Mask.TEXT, "Shows it."), "Plain": PLAIN}),
    "Deep": {"Deeper": {"Text": Masked(Mask.TEXT, "Shows it.")}},
}

secrets = st.sampled_from(
    [SECRET, f"NAME={SECRET}", f"exec_create: {SECRET}", f"{SECRET}: x", f"a=b={SECRET}"]
)
inside = st.recursive(
    secrets | st.none() | st.booleans() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "Env", "Text"]), inner, max_size=3)
    ),
    max_leaves=6,
)
misplaced = secrets | st.lists(secrets | st.lists(secrets, max_size=1), max_size=2) | st.integers()
harmless = st.sampled_from(["plain", "", 5, True, None, ["plain"], {"a": "plain"}])


def spellings(key: str) -> st.SearchStrategy[str]:
    return st.sampled_from([key, key, key, key.lower(), key.upper(), key.replace("s", "\u017f")])


def documents(shape: AnswerShape) -> st.SearchStrategy[Any]:
    """Documents of this shape, and others: with secrets where something is masked or misplaced."""
    if isinstance(shape, Masked):
        return inside
    if not masks(shape):
        return harmless
    if isinstance(shape, list):
        right: st.SearchStrategy[Any] = st.lists(documents(shape[0]), max_size=2)
    elif isinstance(shape, Map):
        right = st.dictionaries(st.text(max_size=3), documents(shape.values), max_size=2)
    else:
        assert isinstance(shape, dict)
        masking = {key: part for key, part in shape.items() if masks(part)}
        fields = [st.tuples(spellings(key), documents(part)) for key, part in masking.items()]
        strange = st.tuples(st.sampled_from(["Future", "x"]), harmless)
        right = st.lists(st.one_of(*fields, strange), max_size=4).map(dict)
    return st.one_of(right, right, right, misplaced)


TABLES = [
    (plan_of(answer, (Response(),)), documents(answer.shape))
    for answer in (
        Answer(EVERYWHERE),
        *(one.answer for one in OPERATIONS.values() if one.answer and one.masks),
    )
]


def same_types(left: Any, right: Any) -> bool:
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same_types(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same_types, left, right))
    return type(left) is type(right)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_whatever_the_document_no_secret_survives_and_its_shape_does(data: st.DataObject) -> None:
    plan, strategy = TABLES[data.draw(st.integers(0, len(TABLES) - 1))]
    element = data.draw(strategy)
    before = copy.deepcopy(element)
    redacted = redact(plan, element)
    assert SECRET not in json.dumps(redacted.element)
    assert same_types(element, redacted.element)
    assert element == before
    assert bool(redacted.masked) is (redacted.element != element)
    again = redact(plan, redacted.element)
    assert again.element == redacted.element
    assert again.masked == frozenset()


PATHS = ("Plain", "Text", "Env", "Data", "Action", "List", "List[].Env", "List[].Plain", "Map",
         "Deep", "Deep.Deeper", "Deep.Deeper.Text")  # fmt: skip
paths = st.lists(st.sampled_from(PATHS), max_size=3, unique=True).map(tuple)
reveals = st.dictionaries(
    st.sampled_from([path for path in PATHS if "Plain" not in path]),
    st.just(ANY) | st.just(Reveal(globs=("NAME", "a*"))),
    max_size=3,
)
responses = st.builds(
    lambda reveal, drop, keep: Response(reveal=reveal, drop=drop, keep=keep), reveals, paths, paths
)


def leaves(value: object, path: str = "") -> set[tuple[str, object]]:
    """Each single value of a document with its place, items of lists by their text."""
    if isinstance(value, dict):
        return {leaf for key, one in value.items() for leaf in leaves(one, f"{path}.{key}")}
    if isinstance(value, list):
        return {leaf for one in value for leaf in leaves(one, f"{path}[]")}
    return {(path, value)}


@given(documents(EVERYWHERE), st.lists(responses, min_size=1, max_size=3))
@settings(max_examples=400, deadline=None)
def test_what_several_show_is_no_less_and_no_more_than_what_each_shows(
    element: Any, together: list[Response]
) -> None:
    answer = Answer(EVERYWHERE)
    before = copy.deepcopy(element)
    own = leaves(element)
    alone = [leaves(shown(element, one, answer=answer)) & own for one in together]
    union = leaves(shown(element, *together, answer=answer)) & own
    assert set().union(*alone) == union
    assert element == before


# What a program written in Go can read.

SAMPLES = {"string": "text", "integer": 7, "number": 0.5, "boolean": True}
VERSIONS = (25, 31, 40, 44, 51, 52, 56)
MASKING = [
    (name, version)
    for name, operation in OPERATIONS.items()
    if operation.masks and name in FIELDS
    for version in VERSIONS
    if min(one["since"] for one in FIELDS[name].values()) <= version
]


@pytest.mark.parametrize(("name", "version"), MASKING)
def test_a_masked_answer_has_the_types_that_the_documents_promise(name: str, version: int) -> None:
    answer, treat = treating(name, Response())
    whole = document(FIELDS[name], lambda _, kind: SAMPLES.get(kind, "text"), version)
    data = json.dumps(whole).encode()
    body = finish(redact_list_steps(data, answer, treat))
    assert body != data
    assert same_types(whole, json.loads(body))


def test_what_a_go_client_decodes_as_bytes_is_base64() -> None:
    for name in ("configs.list", "configs.inspect", "secrets.list", "secrets.inspect"):
        seen = shown({"Spec": {"Data": "c2VjcmV0"}}, answer=operation(name))
        assert base64.b64decode(seen["Spec"]["Data"], validate=True) == MASK.encode()


# Whole bodies.


@pytest.mark.parametrize(
    ("name", "body", "written"),
    [
        ("containers.list", b'[{"Id":"a","Command":"abc"},{"Id":"b"}]',
         b'[{"Id":"a","Command":"sockguard:masked"},{"Id":"b"}]'),
        ("volumes.list", b'{"Volumes":[{"Name":"a","Mountpoint":"/abc"}],"Warnings":null}',
         b'{"Volumes":[{"Name":"a","Mountpoint":"sockguard:masked"}],"Warnings":null}'),
        ("volumes.inspect", b'{"Name":"a","Mountpoint":"/abc"}\n',
         b'{"Name":"a","Mountpoint":"sockguard:masked"}'),
        ("system.events", b'{"Action":"exec_create: abc"}',
         b'{"Action":"exec_create: sockguard:masked"}'),
    ],
)  # fmt: skip
def test_a_body_is_treated_as_its_form_says(name: str, body: bytes, written: bytes) -> None:
    answer, treat = treating(name, Response())
    assert finish(redact_list_steps(body, answer, treat)) == written
    other = b'{"a":1}' if body.startswith(b"[") else b"[]"
    with pytest.raises(Malformed):
        finish(redact_list_steps(other, answer, treat))


def test_every_form_is_one_that_a_body_is_read_by() -> None:
    forms = {o.answer.form for o in OPERATIONS.values() if o.answer is not None}
    assert forms == set(Form)
