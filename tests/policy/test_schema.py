from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.sets import SETS
from sockguard.engine.views.all import VIEWS
from sockguard.policy.complaints import Complaints
from sockguard.policy.constraints import WORDS
from sockguard.policy.load import PolicyError, read_tree, shipped_folder
from sockguard.policy.schema import policy_schema
from sockguard.policy.tree import plain
from tests.house.test_examples_load import policies
from tests.support.policies import allowing, policy_of

if TYPE_CHECKING:
    from pathlib import Path

VALIDATOR = Draft202012Validator(policy_schema())


def document(text: str) -> Any:
    """A policy as an editor sees it: its values, by the rules of YAML that sockguard reads."""
    complaints = Complaints()
    tree = read_tree("policy.yaml", text.encode(), complaints)
    complaints.raise_any()
    return plain(tree)


def is_valid(text: str) -> bool:
    return bool(VALIDATOR.is_valid(document("version: 1\n" + text)))


def loads(text: str) -> bool:
    try:
        policy_of(text)
    except PolicyError:
        return False
    return True


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(policy_schema())


@pytest.mark.parametrize("path", sorted(shipped_folder().glob("*.yaml")), ids=lambda p: p.name)
def test_a_shipped_policy_is_valid(path: Path) -> None:
    assert [one.message for one in VALIDATOR.iter_errors(document(path.read_text("utf-8")))] == []


@pytest.mark.parametrize(("place", "text"), policies(), ids=[place for place, _ in policies()])
def test_a_policy_in_a_document_is_valid(place: str, text: str) -> None:
    assert [(place, one.message) for one in VALIDATOR.iter_errors(document(text))] == []


def test_every_operation_set_view_and_word_is_known() -> None:
    definitions: dict[str, Any] = policy_schema()["$defs"]  # type: ignore[assignment]
    names = {one["const"] for one in definitions["item"]["anyOf"][0]["anyOf"]}
    assert names == {*SETS, *(name for name, one in OPERATIONS.items() if not one.refused)}
    for name in names - SETS.keys():
        conditions = definitions[f"operation.{name}"]["properties"].keys()
        assert conditions & VIEWS.keys() == {v for v in VIEWS if name in VIEWS[v].operations}
    anything = definitions["constraint.anything"]["anyOf"][-1]["properties"]
    assert anything.keys() == {*WORDS, "always", "required"}


GOOD = (
    "allow: []",
    allowing("system/hello", "containers.list"),
    allowing("containers.stop: {query: {t: {at_most: 30}}}"),
    allowing("containers.stop: {any_of: [{query: {t: 5}}, {query: {t: {at_least: 9}}}]}"),
    allowing("containers.stop: {target: {name: 'web-*', label: {a: any}}}"),
    allowing("containers.kill: {signal: [HUP, 1]}"),
    allowing("exec.start: {target: any}"),
    allowing("containers.create: {body: any}", "containers.inspect: {response: any}"),
    allowing("containers.create: {body: {HostConfig.Memory: {at_most: 8GiB}}}"),
    allowing("containers.create: {body: {HostConfig.CapDrop: {always: [ALL]}}}"),
    allowing("containers.create: {body: {HostConfig.Privileged: false}}"),
    allowing("containers.create: {body: {Labels: {entries: {a: {like: 'b*'}}}}}"),
    allowing("containers.create: {host_paths: [/srv/a, {under: /srv/b, writable: true}]}"),
    allowing("containers.create: {user: {at_least: 1000}, image: {like: 'ghcr.io/acme/*'}}"),
    allowing("containers.inspect: {response: {reveal: {Config.Env: [A*, B]}, drop: [Args]}}"),
    allowing("containers.list: {response: {keep: [Id, Names]}}"),
    allowing("containers.archive_put: {compressed: true, including_sockguard: true}"),
    "clients: {a: {allow: [], own_objects_only: true, also: {networks: [proxy]}}}",
    "clients: {a: {allow: [], match: {uid: [1, 2]}, socket: {mode: '0660', gid: 5}}}",
    "clients: {a: {allow: [], socket: main, limits: {requests: 5/second, body: 4MiB}}}",
    "roles: {a: {allow: [containers.list], mode: report}}",
    "allow: []\nexpect: [{as: main, do: GET /info, then: deny, given: {container: none}}]",
)
BAD = (
    "alow: []",
    "allow: containers.list",
    allowing("containers.lst"),
    allowing("containers/lst"),
    allowing("system.options"),
    allowing("containers.list: {}"),
    allowing("containers.list: any"),
    "allow: [{containers.list: {query: any}, containers.stop: {query: any}}]",
    allowing("containers/read: {query: any}"),
    allowing("containers.stop: {query: {tt: 5}}"),
    allowing("containers.stop: {query: {t: '5'}}"),
    allowing("containers.stop: {query: {t: }}"),
    allowing("containers.create: {query: {name: {always: {each: []}}}}"),
    allowing("containers.create: {body: {HostConfig.Binds: }}"),
    allowing("containers.stop: {query: {t: {most: 5}}}"),
    allowing("containers.stop: {query: {t: {}}}"),
    allowing("containers.stop: {any_of: []}"),
    allowing("containers.stop: {any_of: [{any_of: [{query: {t: 5}}]}]}"),
    allowing("containers.stop: {target: any}"),
    allowing("containers.stop: {target: {image: web}}"),
    allowing("containers.stop: {image: web}"),
    allowing("containers.stop: {response: any}"),
    allowing("containers.stop: {compressed: true}"),
    allowing("containers.list: {including_sockguard: true}"),
    allowing("containers.list: {body: any}"),
    allowing("containers.create: {body: {HostConfig.Priviledged: false}}"),
    allowing("containers.create: {body: {HostConfig.Privileged: 'false'}}"),
    allowing("containers.create: {body: {HostConfig.CapDrop: [ALL]}}"),
    allowing("containers.create: {host_paths: {path: /a, under: /b}}"),
    allowing("containers.create: {host_paths: srv}"),
    allowing("containers.inspect: {response: {reveal: {Config.Evn: any}}}"),
    allowing("containers.inspect: {response: {reveal: {Id: any}}}"),
    allowing("containers.inspect: {response: {keep: []}}"),
    "allow: []\nclients: {a: {allow: []}}",
    "clients: {a: {}}",
    "clients: {a: {allow: [], role: b}}",
    "clients: {main: {allow: []}}",
    "clients: {A: {allow: []}}",
    "clients: {a: {allow: [], also: {networks: [b]}}}",
    "clients: {a: {allow: [], match: {}}}",
    "clients: {a: {allow: [], match: {user: 1}}}",
    "clients: {a: {allow: [], socket: {mode: 432}}}",
    "clients: {a: {allow: [], limits: {requests: 5}}}",
    "roles: {a: {}}",
    "roles: {a: {allow: [], mode: audit}}",
    "allow: []\nexpect: [{as: main, do: GET /_ping}]",
    "allow: []\nexpect: [{as: main, role: main, do: GET /_ping, then: deny}]",
    "allow: []\nexpect: [{as: main, do: /_ping, then: deny}]",
    "allow: []\nexpect: [{as: main, do: GET /info, then: deny, given: {container: gone}}]",
    "allow: []\nfields: {}",
    "roles: {a: {allow: [], client: b}}",
    "clients: {a: {allow: [], sockets: main}}",
)


@pytest.mark.parametrize("text", GOOD)
def test_what_loads_is_valid(text: str) -> None:
    assert loads(text)
    assert is_valid(text)


@pytest.mark.parametrize("text", BAD)
def test_what_an_editor_should_tell_is_invalid_and_does_not_load(text: str) -> None:
    assert not is_valid(text)
    assert not loads(text)


def test_an_editor_shows_what_a_sensitive_thing_hands_over() -> None:
    definitions: dict[str, Any] = policy_schema()["$defs"]  # type: ignore[assignment]
    fields = definitions["body.containers.create"]["anyOf"][1]["properties"]
    assert fields["HostConfig.Privileged"]["description"].startswith("Gives all capabilities")
    assert "HostConfig.Mounts.Type" not in fields
    assert "description" not in fields["HostConfig.Memory"]
