from __future__ import annotations

import pytest
import yaml

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.policy.complaints import Complaints
from sockguard.policy.model import Source
from sockguard.policy.response import Response, Reveal, read_response
from sockguard.policy.tree import Entry, Node

PLACE = Source("policy.yaml", 7)
NO_FIELD = "no field of what containers.inspect answers is "


def node(value: object) -> Node:
    if isinstance(value, dict):
        return Node(PLACE, {key: Entry(PLACE, node(item)) for key, item in value.items()})
    if isinstance(value, list):
        return Node(PLACE, tuple(map(node, value)))
    return Node(PLACE, value)  # type: ignore[arg-type]


def read(operation: str, text: str) -> tuple[Response, list[str]]:
    complaints = Complaints()
    entry = Entry(PLACE, node(yaml.safe_load(text)))
    response = read_response(OPERATIONS[operation], entry, complaints)
    assert all(one.line == 7 for one in complaints.found)
    return response, [one.message for one in complaints.found]


def response_of(operation: str, text: str) -> Response:
    response, complaints = read(operation, text)
    assert complaints == []
    return response


def test_an_item_without_the_word_reveals_drops_and_keeps_nothing() -> None:
    complaints = Complaints()
    assert read_response(OPERATIONS["containers.inspect"], None, complaints) == Response()
    assert read_response(OPERATIONS["system.ping"], None, complaints) == Response()
    assert complaints.found == []


def test_any_shows_all() -> None:
    assert response_of("containers.inspect", "any") == Response(any=True, text="any")


def test_each_word_is_read() -> None:
    text = (
        "{reveal: {Config.Env: [VIRTUAL_*, LETSENCRYPT_*], Mounts: any, Path: /bin/*},"
        " drop: [Config.Env, State.Health], keep: [Config, 'Mounts[].Source', Path, State]}"
    )
    response = response_of("containers.inspect", text)
    assert response == Response(
        reveal={
            "Config.Env": Reveal(globs=("VIRTUAL_*", "LETSENCRYPT_*")),
            "Mounts": Reveal(any=True),
            "Path": Reveal(globs=("/bin/*",)),
        },
        drop=("Config.Env", "State.Health"),
        keep=("Config", "Mounts[].Source", "Path", "State"),
        text='{reveal: {Config.Env: ["VIRTUAL_*", "LETSENCRYPT_*"], Mounts: any, Path: "/bin/*"},'
        ' drop: [Config.Env, State.Health], keep: [Config, "Mounts[].Source", Path, State]}',
    )


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("containers.list", "Mounts[].Source"),
        ("containers.list", "Command"),
        ("containers.inspect", "HostConfig.Binds"),
        ("containers.inspect", "HostConfig"),
        ("containers.inspect", "HostConfig.Mounts[].VolumeOptions.DriverConfig.Options"),
        ("containers.inspect", "Mounts"),
        ("volumes.list", "Mountpoint"),
        ("services.list", "PreviousSpec.TaskTemplate.ContainerSpec.Env"),
        ("system.info", "RegistryConfig.IndexConfigs"),
        ("system.info", "Runtimes"),
        ("system.df", "ContainerUsage.Items[].Command"),
        ("system.events", "Action"),
    ],
)
def test_a_path_is_spelled_as_the_engines_documents_do(operation: str, path: str) -> None:
    assert response_of(operation, f"{{reveal: {{'{path}': any}}}}").reveal == {
        path: Reveal(any=True)
    }
    assert response_of(operation, f"{{drop: ['{path}']}}").drop == (path,)
    assert response_of(operation, f"{{keep: ['{path}']}}").keep == (path,)


@pytest.mark.parametrize(
    ("operation", "text", "complaint"),
    [
        ("containers.inspect", "all", "response is any, or a mapping of reveal, drop and keep"),
        ("containers.inspect", "{}", "response is any, or a mapping of reveal, drop and keep"),
        ("containers.inspect", "[any]", "response is any, or a mapping of reveal, drop and keep"),
        (
            "containers.inspect",
            "{show: {Path: any}}",
            "containers.inspect (response) has no key 'show'; it has reveal, drop, keep",
        ),
        (
            "containers.inspect",
            "{reveal: {Config.env: any}}",
            NO_FIELD + "'Config.env' (did you mean Config.Env?)",
        ),
        (
            "containers.list",
            "{drop: ['[].Command']}",
            "no field of what containers.list answers is '[].Command' (did you mean Command?)",
        ),
        (
            "containers.inspect",
            "{reveal: {'Config.Env[]': any}}",
            NO_FIELD + "'Config.Env[]': paths go no deeper than Config.Env",
        ),
        (
            "containers.inspect",
            "{keep: [Config.Labels.app]}",
            NO_FIELD + "'Config.Labels.app': paths go no deeper than Config.Labels",
        ),
        (
            "containers.inspect",
            "{reveal: {Config.Labels: any}}",
            "reveal: nothing there is masked (Config.Labels)",
        ),
        ("containers.inspect", "{reveal: {Path: true}}", "what Path reveals must be a list, not"),
        ("containers.inspect", "{reveal: {Path: [5]}}", "what Path reveals must be text, not"),
        (
            "containers.inspect",
            "{reveal: {Path: []}}",
            "what Path reveals is any, a glob or a list of at least one glob",
        ),
        ("containers.inspect", "{reveal: {}}", "reveal takes a mapping of at least one path"),
        ("containers.inspect", "{reveal: [Path]}", "reveal must be a mapping, not a list"),
        ("containers.inspect", "{drop: Path}", "drop must be a list, not text"),
        ("containers.inspect", "{drop: []}", "drop takes a list of at least one path"),
        ("containers.inspect", "{keep: []}", "keep takes a list of at least one path"),
        ("containers.inspect", "{keep: [1]}", "a path of keep must be text, not a number"),
        (
            "containers.inspect",
            "{keep: [Config], reveal: {Path: any}}",
            "Path is revealed, and keep leaves it out",
        ),
        (
            "system.version",
            "any",
            "system.version has no use for response: any: nothing in its answer is masked",
        ),
        (
            "networks.list",
            "{reveal: {Name: any}}",
            "networks.list has no use for reveal: nothing in its answer is masked",
        ),
        ("system.ping", "any", "system.ping has no use for response: its answer has no fields"),
        ("containers.logs", "{drop: [x]}", "containers.logs has no use for response: its answer"),
    ],
)
def test_what_it_cannot_mean_is_a_complaint(operation: str, text: str, complaint: str) -> None:
    _, complaints = read(operation, text)
    assert len(complaints) == 1
    assert complaints[0].startswith(complaint)


def test_whoever_mends_a_policy_gets_the_whole_list() -> None:
    _, complaints = read("containers.inspect", "{reveal: {Pat: any}, drop: [Arg], keep: [x, y]}")
    assert len(complaints) == 4


def test_what_masks_nothing_can_still_be_cut_down() -> None:
    response = response_of("networks.list", "{drop: [Containers], keep: [Name, Labels]}")
    assert (response.drop, response.keep) == (("Containers",), ("Name", "Labels"))


def test_a_reveal_around_or_within_what_is_kept_is_none_that_keep_leaves_out() -> None:
    assert response_of("containers.inspect", "{keep: [Config.Env], reveal: {Config: any}}").reveal
    assert response_of("containers.inspect", "{keep: [Config], reveal: {Config.Env: any}}").reveal
