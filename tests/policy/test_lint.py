from __future__ import annotations

import pytest

from sockguard.policy.check import lint
from tests.support.policies import allowing, policy_of

UPDATER = (
    *("system/hello", "containers.stop", "containers.remove", "containers.create"),
    *("containers.start", "networks.connect"),
)
MADE = ("system/hello", "containers.create", "containers.start", "containers.attach")


def warnings(text: str) -> list[str]:
    """What is warned of, as `line: message`."""
    return [str(one).removeprefix("policy.yaml:") for one in lint(policy_of(text))]


def about(*items: str) -> list[str]:
    return warnings(allowing(*items))


def half(says: str, line: int, missing: str) -> str:
    return f"{line}: the role 'main' {says}: {missing} is missing; add `- {missing}`"


# --- half open -------------------------------------------------------------------------------

PREPARE = "can prepare programs but not start them"
START = "can start programs but not prepare any"
CODES = "can run programs but not read their exit codes"
CREATE = "can create containers but not start them"
DOWN = "can take containers down but not put them up again, as an updater has to"
NETWORKS = (
    "can put containers up again but not into all their networks, without which they may not start"
)
ATTACH = (
    "can create and start containers but not attach to them: a `docker run` in the foreground"
    " fails and leaves a created container behind"
)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (("exec.create",), [half(PREPARE, 4, "exec.start")]),
        (
            ("exec.start",),
            [half(CODES, 4, "exec.inspect"), half(START, 4, "exec.create")],
        ),
        (("exec.create", "exec.start"), [half(CODES, 5, "exec.inspect")]),
        (("exec.create", "exec.start", "exec.inspect"), []),
        (("containers.create",), [half(CREATE, 4, "containers.start")]),
        (
            ("containers.create", "containers.start"),
            [half(ATTACH, 4, "containers.attach")],
        ),
        (("containers.create", "containers.start", "containers.attach"), []),
        (
            ("containers.stop", "containers.remove"),
            [half(DOWN, 5, "containers.create")],
        ),
        (("containers.stop", "containers.remove", "containers.logs"), []),
        (("containers.stop",), []),
        (("containers.remove",), []),
        (("containers/lifecycle", "containers.remove"), [half(DOWN, 5, "containers.create")]),
        (UPDATER[1:-1], [half(NETWORKS, 6, "networks.connect")]),
        (UPDATER[1:], []),
    ],
)
def test_a_role_that_leaves_a_program_standing_halfway_is_warned_of(
    items: tuple[str, ...], expected: list[str]
) -> None:
    assert about("system/hello", *items) == expected


def test_a_client_that_may_not_ping_is_warned_of_by_its_name() -> None:
    expected = "client 'main' may not ping: most Docker clients begin with it; add `- system/hello`"
    assert about("containers.list") == [f"2: {expected}"]
    assert about("containers.list", "system/hello") == []
    assert about("containers.list", "system.ping") == []
    assert warnings("allow: []") == []


# --- masks that come back --------------------------------------------------------------------

MASKED = (
    "the role 'main' can replace containers, but inspects them with {} masked: what it writes back"
    " would hold the masks and be refused; write `- containers.inspect: {{response: any}}`"
)


@pytest.mark.parametrize(
    ("response", "named"),
    [
        ("", "Config.Env, Config.Cmd, Config.Healthcheck.Test, …"),
        (
            ": {response: {reveal: {Config.Env: any}}}",
            "Config.Cmd, Config.Healthcheck.Test, Config.Entrypoint, …",
        ),
        (
            ": {response: {drop: [Config.Cmd, Config.Healthcheck], reveal: {HostConfig: any}}}",
            "Config.Env, Config.Entrypoint, Config.OnBuild",
        ),
        (": {response: {keep: [Id, Config.Cmd]}}", "Config.Cmd"),
    ],
)
def test_a_client_that_would_write_masks_back_is_warned_of(response: str, named: str) -> None:
    assert about(*UPDATER, f"containers.inspect{response}") == [f"9: {MASKED.format(named)}"]


@pytest.mark.parametrize(
    "items",
    [
        (*UPDATER, "containers.inspect: {response: any}"),
        (*UPDATER, "containers.inspect: {response: {drop: [Config, HostConfig]}}"),
        (*UPDATER, "containers.inspect: {response: {keep: [Id, Config.Image]}}"),
        UPDATER,
        # One that makes networks knows its containers from elsewhere, as compose does.
        (*UPDATER, "containers.inspect", "networks.create"),
        (*MADE, "containers.inspect"),
        ("system/hello", "containers.inspect"),
    ],
)
def test_a_client_that_writes_no_masks_back_is_not_warned_of(items: tuple[str, ...]) -> None:
    assert about(*items) == []


# --- paths, names, volumes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("paths", "is_warned"),
    [
        ("{under: /srv/builds, writable: true}", True),
        ("[/srv/a, {under: [/srv/b, /srv/c], writable: true}]", True),
        ("{under: /srv/builds}", False),
        ("{path: /srv/data, writable: true}", False),
        ("/srv/data", False),
        ("any", False),  # whoever writes that knows
    ],
)
def test_a_folder_that_is_writable_below_is_warned_of_with_its_reason(
    paths: str, *, is_warned: bool
) -> None:
    expected = (
        "4: host_paths of containers.create is writable below a folder, which is root on the host:"
        " a link that is planted there leads out of it; leave `writable` out, or name single paths"
        " that only the Engine's owner can write"
    )
    items = ("system/hello", f"containers.create: {{host_paths: {paths}}}", *MADE[2:])
    assert about(*items) == [expected] * is_warned


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            ("containers.stop: {target: {name: web}}", "containers.rename"),
            ["name: web}} of containers.stop limits little: containers.rename (policy.yaml:5) can"],
        ),
        (
            (
                "containers.stop: {target: {name: 'web-*'}}",
                "containers.kill: {target: {name: 'web-*'}}",
                "containers.rename: {target: {label: {a: b}}}",
            ),
            ["of containers.stop and 1 more limits little: containers.rename (policy.yaml:6) can"],
        ),
        (
            (
                "containers.stop: {target: {name: 'web-*'}}",
                "containers.rename: {target: {name: 'web-*'}}",
            ),
            [],
        ),
        (("containers.stop: {target: {name: web}}", "containers.rename: {query: {name: db}}"), []),
        (("containers.stop: {target: {label: {a: b}}}", "containers.rename"), []),
        (("containers.stop", "containers.rename"), []),
        (("networks.remove: {target: {name: web}}", "containers.rename"), []),
        # Only a pattern leaves room for a new container.
        (
            (*MADE[1:], "containers.stop: {target: {name: 'web-*'}}"),
            ["of containers.stop limits little: containers.create (policy.yaml:4) can"],
        ),
        ((*MADE[1:], "containers.stop: {target: {name: web}}"), []),
        (
            (
                "containers.create: {target: {name: 'ci-*'}}",
                *MADE[2:],
                "containers.stop: {target: {name: 'web-*'}}",
            ),
            [],
        ),
    ],
)
def test_a_name_that_the_client_can_give_itself_is_warned_of(
    items: tuple[str, ...], expected: list[str]
) -> None:
    found = about("system/hello", *items)
    assert len(found) == len(expected)
    assert all(
        wanted.replace("}}", "}") in one for wanted, one in zip(expected, found, strict=True)
    )
    assert all("write `target: {name: " in one for one in found)


OWN = "clients:\n  one:\n    own_objects_only: true\n    allow:\n"


def test_names_are_no_matter_to_a_client_that_is_kept_to_its_own_objects() -> None:
    items = ("system/hello", "containers.stop: {target: {name: web}}", "containers.rename")
    assert warnings(OWN + "".join(f"      - {item}\n" for item in items)) == []


@pytest.mark.parametrize(
    ("create", "more", "is_warned"),
    [
        ("containers.create: {host_paths: /dev/null}", "", True),
        ("containers.create: {body: {HostConfig.Binds: {each: {like: 'a*:/**'}}}}", "", True),
        ("containers.create: {host_paths: /dev/null}", "volumes.create", False),
        ("containers.create", "", False),
    ],
)
def test_a_client_with_own_volumes_that_it_cannot_make_is_warned_of(
    create: str, more: str, *, is_warned: bool
) -> None:
    items = [one for one in ("system/hello", create, *MADE[2:], more) if one]
    found = warnings(OWN + "".join(f"      - {item}\n" for item in items))
    expected = (
        "7: the role 'one' is kept to its own objects and cannot make a volume: a container with a"
        " named one is refused unless `also` names it; add `- volumes.create`"
    )
    assert found == [expected] * is_warned


# --- lines that add nothing ------------------------------------------------------------------

DROP = "{response: {drop: [Config.Env]}}"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            ("containers/read", "containers.list: {response: {keep: [Id]}}"),
            ["5: containers.list adds nothing: containers/read (policy.yaml:4) holds it"],
        ),
        (("containers/read", "containers.inspect: {response: any}"), []),
        (("containers/read", "containers.inspect: {response: {reveal: {Config.Env: any}}}"), []),
        (("containers/lifecycle", "containers.stop: {including_sockguard: true}"), []),
        (("containers/lifecycle", "containers.start: {query: any}"), []),
        (
            ("containers/lifecycle", "containers.kill: {signal: HUP}"),
            ["5: containers.kill adds nothing: containers/lifecycle (policy.yaml:4) holds it"],
        ),
        (
            (f"containers.inspect: {{any_of: [{{response: any}}, {DROP}]}}",),
            ["4: drop of containers.inspect leaves nothing out: containers.inspect (policy.yaml"],
        ),
        (
            (f"containers.inspect: {{any_of: [{{response: any, target: {{name: a}}}}, {DROP}]}}",),
            [],
        ),
    ],
)
def test_a_line_that_adds_nothing_is_warned_of(items: tuple[str, ...], expected: list[str]) -> None:
    found = about("system/hello", *items)
    assert len(found) == len(expected)
    assert all(one.startswith(wanted) for one, wanted in zip(found, expected, strict=True))


def test_a_role_is_warned_of_once_whoever_has_it() -> None:
    text = "roles: {a: {allow: [system/hello, exec.create]}}\nclients: {x: {role: a}, y: {role: a}}"
    (warning,) = warnings(text)
    assert warning.startswith("2: the role 'a' can prepare programs")
