from __future__ import annotations

import pytest

from sockguard.policy.check import check_socket_paths, lint
from sockguard.policy.load import PolicyError
from tests.support.policies import allowing, complaints_about, policy_of


def warnings(text: str) -> list[str]:
    return [str(warning).removeprefix("policy.yaml:") for warning in lint(policy_of(text))]


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (
            "{as: main, do: GET /info, then: allow}",
            "4: expected allow of GET /info by 'main', got deny: system.info is not allowed",
        ),
        (
            "{as: main, do: GET /_ping, then: deny}",
            "4: expected deny of GET /_ping by 'main', got allow by policy.yaml:2",
        ),
        (
            "{as: main, do: GET /info, then: deny, because: query}",
            "to be denied because of query, not of not_granted",
        ),
        (
            "{as: main, do: POST /containers/a/attach?logs=1, then: deny, because: stdin}",
            "to be denied because of stdin, not of query, logs",
        ),
        ("{as: web, do: GET /_ping, then: allow}", "there is no client 'web'"),
        ("{role: web, do: GET /_ping, then: allow}", "there is no role 'web'"),
        ("{do: GET /_ping, then: allow}", "names a client with `as` or a role with `role`"),
        ("{as: main, role: main, do: GET /_ping, then: allow}", "names a client with `as` or"),
        ("{as: main, then: allow}", "a case says what is asked with `do`"),
        ("{as: main, do: /_ping, then: allow}", "do is METHOD /target"),
        ("{as: main, do: get /_ping, then: allow}", "do is METHOD /target"),
        ("{as: main, do: GET /_ping, then: maybe}", "then is allow or deny"),
        ("{as: main, do: GET /_ping}", "then is allow or deny"),
        ("{as: main, do: GET /_ping, then: allow, because: x}", "because is for what is denied"),
        ("{as: main, do: GET /_ping, then: allow, why: x}", "has no key 'why'"),
        (
            "{as: main, do: GET /_ping, then: allow, given: {contaner: {name: a}}}",
            "given has no key 'contaner' (did you mean container?)",
        ),
        (
            "{as: main, do: GET /_ping, then: allow, given: {container: {nam: a}}}",
            "what is given of a container has no key 'nam' (did you mean name?)",
        ),
        (
            "{as: main, do: GET /info, then: deny, because: not-granted}",
            "denied because of not-granted (did you mean not_granted?), not of not_granted",
        ),
        ("main", "a case of expect must be a mapping, not text"),
    ],
)
def test_an_expectation_that_fails_or_means_nothing_is_a_load_error(case: str, says: str) -> None:
    quoted = case.replace(
        "do: POST /containers/a/attach?logs=1", 'do: "POST /containers/a/attach?logs=1"'
    )
    text = f"allow: [system/hello, containers.attach]\nexpect:\n  - {quoted}\n"
    assert says in " | ".join(complaints_about(text))


def test_expectations_are_judged_as_under_enforce() -> None:
    policy_of(
        """
        mode: report
        allow: [system/hello]
        expect:
          - {as: main, do: GET /info, then: deny, because: not_granted}
        """
    )


def test_a_reason_or_a_detail_will_do_as_because() -> None:
    policy_of(
        """
        clients:
          web: {allow: [containers.attach]}
        expect:
          - as: web
            do: POST /containers/web/attach?logs=1
            then: deny
            because: query
          - as: web
            do: POST /containers/web/attach?logs=1
            then: deny
            because: logs
        """
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (allowing("system/hello", "containers.list"), []),
        ("allow: []", []),
        (
            allowing("containers.list"),
            [
                (
                    "2: client 'main' may not ping: most Docker clients begin with it; add"
                    " `- system/hello`"
                )
            ],
        ),
        (
            "mode: report\n" + allowing("system/hello"),
            [
                (
                    "3: client 'main' is in report mode: it has root on the host, as everything"
                    " that sockguard knows passes"
                )
            ],
        ),
        (
            allowing("system/hello", "system.ping"),
            ["4: system.ping adds nothing: system/hello (policy.yaml:3) holds it"],
        ),
        (
            allowing("system/hello", "containers/lifecycle", "containers.stop: {query: {t: 5}}"),
            [
                (
                    "5: containers.stop adds nothing: containers/lifecycle (policy.yaml:4) holds"
                    " it; to narrow it, do not grant the set"
                )
            ],
        ),
        (
            allowing("engine/everything", "containers/lifecycle"),
            [
                (
                    "4: containers/lifecycle adds nothing: engine/everything (policy.yaml:3) holds"
                    " all of it"
                )
            ],
        ),
        (allowing("engine/everything", "containers.stop: {including_sockguard: true}"), []),
        (
            allowing(
                "system/hello",
                "containers/lifecycle",
                "containers.start: {query: {checkpoint: any}}",
            ),
            [],
        ),
        (
            allowing("system/hello", "exec.create: {body: any}"),
            [
                (
                    "4: the role 'main' can prepare programs but not start them: exec.start is"
                    " missing; add `- exec.start`"
                )
            ],
        ),
        (
            "roles: {idle: {allow: []}}\nclients: {web: {allow: []}}",
            ["2: the role 'idle' is used by no client"],
        ),
        ("roles: {idle: {allow: []}}", []),
        (
            "clients: {web: {allow: [system/hello], match: {uid: 65534}}}",
            [
                (
                    "2: client 'web' asks for id 65534, which the kernel shows for ids of other"
                    " user namespaces: it matches nobody"
                )
            ],
        ),
        (
            "clients: {web: {allow: [system/hello], match: {container: {name: web}}}}",
            [
                (
                    "2: client 'web' is recognised by the address of its container: on a network"
                    " that they share, containers with NET_RAW, which they have unless it is"
                    " dropped, can take each other's address; give it a network of its own with"
                    " sockguard, or ask for cert too"
                )
            ],
        ),
        (
            (
                "clients: {web: {allow: [system/hello],"
                " match: {from: [10.0.0.0/8, 192.168.1.2], anyone_there: true}}}"
            ),
            [
                (
                    "2: client 'web' is everybody who can send from 10.0.0.0/8 or 192.168.1.2/32:"
                    " each program and container there, and who can take such an address; ask for"
                    " cert or container too"
                )
            ],
        ),
        (
            (
                "clients: {web: {allow: [system/hello], match: {cert: {common_name: web},"
                " container: {name: web}, from: 10.0.0.0/8}}}"
            ),
            [],
        ),
    ],
)
def test_what_loads_and_is_probably_not_meant_is_warned_of(text: str, expected: list[str]) -> None:
    assert warnings(text) == expected


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("do: GET /contaners/json", "unknown_operation"),
        ("do: GET /containers/json HTTP/1.1", "malformed"),
        ("do: GET /v1.999/containers/json", "version"),
        ("do: OPTIONS /_ping", "unknown_operation"),
        ("do: POST /containers/create, body: {Imge: {a: 1}, imge: 2}", ""),
        ("do: GET /info", ""),
    ],
)
def test_a_case_that_is_denied_under_every_policy_is_warned_of_unless_it_says_so(
    case: str, reason: str
) -> None:
    text = "allow: [system/hello]\nexpect:\n  - {{as: main, {}, then: deny{}}}\n"
    found = warnings(text.format(case, ""))
    if not reason:
        assert found == []
        return
    (warning,) = found
    assert warning.startswith(f"4: {case.removeprefix('do: ')} is denied under every policy (")
    assert f"`because: {reason}`" in warning
    assert warnings(text.format(case, f", because: {reason}")) == []


def test_a_socket_path_beyond_the_kernels_room_is_an_error_with_its_length() -> None:
    policy = policy_of("clients: {web: {allow: []}, shared: {allow: [], socket: main}}")
    check_socket_paths(policy, "/run/sockguard")
    folder = "/run/" + "d" * (107 - len("/run//web/docker.sock"))
    check_socket_paths(policy_of("clients: {web: {allow: []}}"), folder)
    with pytest.raises(PolicyError) as caught:
        check_socket_paths(policy, folder + "d")
    assert "the socket of client 'web' would be" in str(caught.value)
    assert "108 bytes, over 107" in str(caught.value)
    assert "109 bytes, over 107" in str(caught.value)


UPDATER = (
    "system/hello, containers.stop, containers.remove, containers.create, containers.start,"
    " containers.attach, networks.connect"
)


@pytest.mark.parametrize(
    ("inspecting", "warned"),
    [
        ("containers.inspect", True),
        ("containers.inspect: {response: {keep: [Id, State, Config]}}", True),
        ("containers.inspect: {response: {keep: [Id, State, Config.Labels]}}", False),
        ("containers.inspect: {response: any}", False),
    ],
)
def test_a_client_that_replaces_containers_is_warned_of_settings_that_it_sees_masked(
    inspecting: str, warned: bool
) -> None:
    found = warnings(f"allow: [{UPDATER}, {inspecting}]\n")
    assert any("what it writes back would hold the masks" in one for one in found) == warned


def test_a_client_of_the_network_has_no_socket_whose_path_could_be_too_long() -> None:
    name = "w" * 63
    check_socket_paths(
        policy_of(f"clients: {{{name}: {{allow: [], match: {{cert: {{dns: a}}}}}}}}"),
        "/" + "d" * 60,
    )
