from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import docker.types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.bodies.containers import CREATE, EXEC_CREATE, EXEC_START
from sockguard.engine.bodies.services import SERVICE
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.inspection import MOST_VALUES, inspect_body, inspect_steps
from sockguard.engine.shape import (
    ANYTHING,
    BOOLEAN,
    INTEGER,
    NUMBER,
    TEXT,
    Map,
    Scalar,
    Shape,
    fields_of,
    fold,
)
from sockguard.errors import Malformed

TYPES: Any = docker.types  # its stubs differ from what it takes
LONG_S, KELVIN, DOTTED_I = "\u017f", "\u212a", "\u0130"


def test_a_body_of_known_fields_comes_back_as_it_was() -> None:
    body = {
        "Image": "alpine",
        "Env": ["A=1"],
        "ExposedPorts": {"80/tcp": {}},
        "HostConfig": {
            "Memory": 0,
            "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]},
            "MaskedPaths": [],
            "Init": None,
            "DeviceRequests": [{"Capabilities": [["gpu"]]}],
        },
        "NetworkingConfig": {"EndpointsConfig": {"net": {"Aliases": ["a"]}}},
    }
    before = copy.deepcopy(body)
    report = inspect_body(CREATE, body)
    assert report.document == before == body
    assert (report.unknown, report.dropped) == ((), ())


@pytest.mark.parametrize("empty", [None, "", False, 0, [], {}])
def test_an_unknown_field_that_says_nothing_is_dropped(empty: object) -> None:
    report = inspect_body(CREATE, {"Image": "a", "New": empty, "HostConfig": {"Newer": empty}})
    assert report.document == {"Image": "a", "HostConfig": {}}
    assert report.dropped == ("New", "HostConfig.Newer")
    assert report.unknown == ()


@pytest.mark.parametrize("value", ["x", True, 1, -1, [None], {"a": None}, Decimal("0.1")])
def test_an_unknown_field_with_a_value_is_reported_by_its_path(value: object) -> None:
    body = {"HostConfig": {"Mounts": [{"Odd": value}, {"Odd": value}]}}
    report = inspect_body(CREATE, body)
    assert report.unknown == ("HostConfig.Mounts[].Odd",)
    assert report.document == body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"image": "a"}, "Image"),
        ({"IMAGE": None}, "Image"),
        ({"hostconfig": {}}, "HostConfig"),
        ({f"Ho{LONG_S}tConfig": {}}, "HostConfig"),
        ({"HostConfig": {f"Networ{KELVIN}Mode": "host"}}, "HostConfig.NetworkMode"),
        ({"HostConfig": {"PRIVILEGED": False}}, "HostConfig.Privileged"),
        ({"HostConfig": {"Privileged": False, "privileged": True}}, "HostConfig.Privileged"),
        ({"HostConfig": {"Mounts": [{"source": "/"}]}}, "HostConfig.Mounts[].Source"),
        ({"privileged": True}, "Privileged"),
        ({"NetworkingConfig": {"EndpointsConfig": {"n": {"aliases": []}}}},
         "NetworkingConfig.EndpointsConfig{}.Aliases"),
        ({"Odd": 1, "odd": 2}, "odd"),
        ({"Odd": None, "ODD": None}, "ODD"),
        ({f"Ma{LONG_S}": None, "MAS": None}, "MAS"),
    ],
)  # fmt: skip
def test_a_key_that_the_engine_would_take_for_another_is_malformed(
    body: dict[str, object], path: str
) -> None:
    with pytest.raises(Malformed) as refusal:
        inspect_body(CREATE, body)
    assert refusal.value.detail == path
    assert path in refusal.value.message


def test_a_dotted_capital_i_is_no_other_letter() -> None:
    report = inspect_body(CREATE, {f"{DOTTED_I}mage": "a", "Image": "b"})
    assert report.unknown == (f"{DOTTED_I}mage",)


def test_keys_of_maps_are_free() -> None:
    body = {"Labels": {"a": "1", "A": "2", f"{LONG_S}": "3", "s": "4"}}
    assert inspect_body(CREATE, body).document == body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ([], ""),
        ("text", ""),
        ({"Image": 1}, "Image"),
        ({"Tty": "true"}, "Tty"),
        ({"Tty": 1}, "Tty"),
        ({"StopTimeout": True}, "StopTimeout"),
        ({"StopTimeout": "1"}, "StopTimeout"),
        ({"StopTimeout": Decimal(1)}, "StopTimeout"),
        ({"StopTimeout": 2**63}, "StopTimeout"),
        ({"StopTimeout": -(2**63) - 1}, "StopTimeout"),
        ({"Env": "A=1"}, "Env"),
        ({"Env": {"A": "1"}}, "Env"),
        ({"Env": [1]}, "Env[]"),
        ({"Cmd": "sh"}, "Cmd"),
        ({"Entrypoint": "sh"}, "Entrypoint"),
        ({"Labels": ["a"]}, "Labels"),
        ({"Labels": {"a": 1}}, "Labels{}"),
        ({"Volumes": {"/v": "/h"}}, "Volumes{}"),
        ({"HostConfig": []}, "HostConfig"),
        ({"HostConfig": {"CapAdd": "ALL"}}, "HostConfig.CapAdd"),
        ({"HostConfig": {"Mounts": {}}}, "HostConfig.Mounts"),
        ({"HostConfig": {"PortBindings": {"80/tcp": {}}}}, "HostConfig.PortBindings{}"),
    ],
)
def test_a_value_of_the_wrong_type_is_malformed(body: object, path: str) -> None:
    with pytest.raises(Malformed) as refusal:
        inspect_body(CREATE, body)
    assert refusal.value.detail == path


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (NUMBER, 1),
        (NUMBER, Decimal("0.25")),
        (INTEGER, 2**63 - 1),
        (INTEGER, -(2**63)),
        (ANYTHING, {"a": [1, "b", None]}),
        (BOOLEAN, False),
        (TEXT, ""),
        ([[TEXT]], [["a"], None]),
        (Map([INTEGER]), {"a": [1, None]}),
    ],
)
def test_a_value_of_the_right_type_passes(shape: Shape, value: object) -> None:
    assert inspect_body(shape, value).document == value


@pytest.mark.parametrize("shape", [NUMBER, INTEGER, TEXT])
def test_true_is_no_number_and_no_text(shape: Scalar) -> None:
    with pytest.raises(Malformed):
        inspect_body(shape, True)


@pytest.mark.parametrize("operation", [o for o in OPERATIONS.values() if o.shape is not None])
def test_null_is_an_absent_value_everywhere(operation: object) -> None:
    shape = operation.shape  # type: ignore[attr-defined]
    assert inspect_body(shape, None).document is None
    if isinstance(shape, dict):
        inspect_body(shape, dict.fromkeys(name for name, _ in fields_of(shape) if "." not in name
                                          and "[" not in name and "{" not in name))  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {"Image": "a", "Privileged": True, "Binds": ["/:/h"]},
        {"Image": "a", "HostConfig": {}, "Memory": 1},
        {"Image": "a", "VolumeDriver": "x"},
    ],
)
def test_a_host_setting_at_the_top_level_is_refused_with_the_place_it_belongs_to(
    body: dict[str, object],
) -> None:
    with pytest.raises(Malformed, match="inside HostConfig"):
        inspect_body(CREATE, body)


def test_a_host_setting_at_the_top_level_that_says_nothing_is_dropped() -> None:
    report = inspect_body(CREATE, {"Image": "a", "Runtime": None, "Memory": 0})
    assert report.document == {"Image": "a"}
    assert report.dropped == ("Runtime", "Memory")


@pytest.mark.parametrize(
    ("shape", "body", "dropped"),
    [
        (EXEC_CREATE, {"Container": "web", "Cmd": ["ls"]}, ("Container",)),
        (EXEC_START, {"Detach": False, "hijack": True, "stdin": True}, ("hijack", "stdin")),
    ],
)
def test_what_clients_send_and_no_engine_reads_is_dropped(
    shape: Shape, body: dict[str, object], dropped: tuple[str, ...]
) -> None:
    report = inspect_body(shape, body)
    assert report.dropped == dropped
    assert report.document == {key: body[key] for key in body if key not in dropped}


def test_what_is_dropped_has_a_type_nevertheless() -> None:
    with pytest.raises(Malformed):
        inspect_body(EXEC_START, {"hijack": {"a": 1}})


def test_a_second_spelling_of_real_clients_is_renamed() -> None:
    body = {"TaskTemplate": {"ContainerSpec": {"Healthcheck": {"Test": ["NONE"]}}}}
    report = inspect_body(SERVICE, body)
    assert report.document == {
        "TaskTemplate": {"ContainerSpec": {"HealthCheck": {"Test": ["NONE"]}}}
    }
    assert (report.unknown, report.dropped) == ((), ())


def test_both_spellings_together_are_malformed() -> None:
    both = {"HealthCheck": {"Test": ["NONE"]}, "Healthcheck": {"Test": ["CMD", "x"]}}
    with pytest.raises(Malformed, match="two spellings"):
        inspect_body(SERVICE, {"TaskTemplate": {"ContainerSpec": both}})


def test_what_docker_py_sends_to_create_a_container_is_known() -> None:
    host = TYPES.HostConfig(
        "1.41",
        binds=["/a:/b"],
        port_bindings={80: 8080},
        nano_cpus=10,
        mem_limit="1g",
        log_config=TYPES.LogConfig(type="json-file", config={"max-size": "1m"}),
        ulimits=[TYPES.Ulimit(name="nofile", soft=1, hard=2)],
        mounts=[TYPES.Mount("/t", "v", driver_config=TYPES.DriverConfig("local"))],
        device_requests=[TYPES.DeviceRequest(count=-1, capabilities=[["gpu"]])],
        restart_policy={"Name": "always"},
        extra_hosts={"a": "1.2.3.4"},
        tmpfs={"/run": ""},
        sysctls={"net.core.somaxconn": "1"},
        cap_add=["NET_ADMIN"],
        init=True,
    )
    body = TYPES.ContainerConfig(
        "1.41",
        "alpine",
        "sh -c true",
        host_config=host,
        volumes=["/v"],
        ports=[(80, "tcp")],
        healthcheck={"test": ["NONE"]},
        networking_config=TYPES.NetworkingConfig(
            {"net": TYPES.EndpointConfig("1.41", aliases=["x"], links={"a": "b"})}
        ),
    )
    report = inspect_body(CREATE, dict(body))
    assert report.unknown == ()
    assert report.dropped == ("Runtime",)


def test_what_docker_py_sends_to_create_a_service_is_known() -> None:
    task = TYPES.TaskTemplate(
        TYPES.ContainerSpec(
            "alpine",
            command="sh",
            healthcheck=TYPES.Healthcheck(test=["NONE"]),
            secrets=[TYPES.SecretReference("id", "name")],
            mounts=["v:/v"],
            sysctls={"a": "1"},
            privileges=TYPES.Privileges(selinux_disable=True),
        ),
        resources=TYPES.Resources(cpu_limit=1, generic_resources={"gpu": 1}),
        restart_policy=TYPES.RestartPolicy("any"),
        placement=TYPES.Placement(
            constraints=["node.role==worker"], preferences=[("spread", "node.id")]
        ),
        log_driver=TYPES.DriverConfig("json-file", {"a": "b"}),
        networks=["n"],
    )
    body = {
        "Name": "s",
        "TaskTemplate": task,
        "Mode": TYPES.ServiceMode("replicated", 2),
        "UpdateConfig": TYPES.UpdateConfig(parallelism=1, monitor=1, order="start-first"),
        "EndpointSpec": TYPES.EndpointSpec(ports={80: 8080}),
    }
    report = inspect_body(SERVICE, body)
    assert report.unknown == ()
    assert isinstance(report.document, dict)
    assert report.document["Mode"] == {"Replicated": {"Replicas": 2}}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("HostConfig", "hostCONFIG", True),
        ("s", LONG_S, True),
        ("S", LONG_S, True),
        ("k", KELVIN, True),
        ("i", DOTTED_I, False),
        ("i", "\u0131", False),
        ("\u00e5", "\u212b", True),
        ("ss", "\u00df", False),
        ("\u00df", "\u1e9e", True),
    ],
)
def test_keys_fold_as_in_go(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


@given(st.characters(codec="utf-8"))
def test_folding_keeps_the_length_and_is_done_once(character: str) -> None:
    assert len(fold(character)) == 1
    assert fold(fold(character)) == fold(character)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Image", "Env", "HostConfig", "Odd"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=150)
@given(JSON)
def test_any_document_is_either_refused_or_kept_without_loss(document: object) -> None:
    before = copy.deepcopy(document)
    try:
        report = inspect_body(CREATE, document)
    except Malformed:
        return
    assert document == before
    assert inspect_body(CREATE, report.document).document == report.document
    if not report.dropped:
        assert report.document == document


def test_an_unknown_name_is_cut_before_it_is_reported() -> None:
    report = inspect_body(CREATE, {"x" * 100_000: 1})
    assert len(report.unknown[0]) < 100


MANY = {
    "list": {"Env": ["A=1"] * MOST_VALUES},
    "map": {"Labels": {str(number): "" for number in range(MOST_VALUES)}},
    "unknown": {f"Odd{number}": 0 for number in range(MOST_VALUES)},
    "objects": {"HostConfig": {"Mounts": [{"Type": "bind"}] * (MOST_VALUES // 2)}},
}


@pytest.mark.parametrize("body", MANY.values(), ids=MANY)
def test_a_long_document_lets_others_run_in_between(body: dict[str, object]) -> None:
    longest = {name: value for name, value in body.items() if name != f"Odd{MOST_VALUES - 1}"}
    pauses = sum(1 for _ in zip(inspect_steps(CREATE, longest), range(19), strict=False))
    assert pauses == 19


@pytest.mark.parametrize("body", MANY.values(), ids=MANY)
def test_a_document_of_too_many_values_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(Malformed, match="more than 10000 values") as refused:
        inspect_body(CREATE, {"Image": "a", **body})
    assert refused.value.status == 413


def test_fields_are_named_as_in_the_documents() -> None:
    paths = {path for path, _ in fields_of(CREATE)}
    assert {
        "HostConfig",
        "HostConfig.Mounts[].Type",
        "HostConfig.PortBindings{}[].HostPort",
        "HostConfig.Mounts[].TmpfsOptions.Options[][]",
        "Labels{}",
        "Env[]",
    } <= paths
    assert "Privileged" not in paths
    assert "HostConfig.NanoCPUs" not in paths
