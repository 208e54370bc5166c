from __future__ import annotations

import pytest

from sockguard.engine.level import Level
from sockguard.policy.constraints import Constraint
from sockguard.policy.risks import Risks, amounts_to, risks_of
from sockguard.policy.risks_of_names import may_meet
from sockguard.policy.words import anything
from tests.support.policies import allowing, policy_of

ANY_CONTAINER = (
    "Reaches any container, one that runs privileged or has paths of the host mounted too"
)


def risks(*items: str) -> Risks:
    return risks_of(policy_of(allowing(*items)).clients["main"])


def risks_among(name: str, clients: str) -> Risks:
    policy = policy_of("clients:\n" + clients)
    return risks_of(policy.clients[name], policy.clients.values())


def sentences(found: Risks, level: Level) -> list[str]:
    return [f"{one.operation}: {one.sentence}" for one in found.causes if one.level is level]


# --- into containers that are there ----------------------------------------------------------

WAYS_IN = (
    ("exec.create", "exec.start"),
    ("containers.archive_put",),
    ("containers.attach: {query: {stdin: true}}",),
    ("containers.attach_ws: {query: {stdin: any}}",),
)


@pytest.mark.parametrize("items", WAYS_IN)
def test_a_way_into_any_container_is_a_way_to_the_host(items: tuple[str, ...]) -> None:
    found = risks(*items)
    assert found.level is Level.ROOT
    (says,) = sentences(found, Level.ROOT)
    assert says.startswith(items[0].partition(":")[0])
    assert says.endswith(f"{ANY_CONTAINER}.")


@pytest.mark.parametrize("items", WAYS_IN)
@pytest.mark.parametrize(
    ("target", "level", "whom"),
    [
        ("name: web", Level.CODE, "containers named web"),
        ("name: 'ci-*'", Level.CODE, 'containers named "ci-*"'),
        ("label: {shell: any}", Level.CODE, "containers labelled shell"),
        (
            "label: {com.docker.compose.project: shop}",
            Level.CODE,
            "containers labelled com.docker.compose.project=shop",
        ),
        # Nearly all containers have such names and labels.
        ("name: '*'", Level.ROOT, ""),
        ("name: '**'", Level.ROOT, ""),
        ("name: '*-*'", Level.ROOT, ""),
        ("name: '*_*'", Level.ROOT, ""),
        ("name: '*-1'", Level.ROOT, ""),
        ("name: [web, '*_1']", Level.ROOT, ""),
        ("label: {com.docker.compose.project: any}", Level.ROOT, ""),
        ("label: {com.docker.compose.project: {like: '*'}}", Level.ROOT, ""),
        ("label: {org.opencontainers.image.title: any}", Level.ROOT, ""),
    ],
)
def test_a_way_into_some_containers_is_as_powerful_as_these(
    items: tuple[str, ...], target: str, level: Level, whom: str
) -> None:
    first, *rest = items
    operation, words, inner = first.partition(": {")
    targeted = f"{operation}: {{target: {{{target}}}{', ' + inner if words else '}'}"
    found = risks(targeted, *rest)
    assert found.level is level
    told = " ".join(sentences(found, level))
    assert (f"As powerful as the containers that it reaches: {whom}." in told) == bool(whom)
    assert (ANY_CONTAINER in told) == (not whom)


@pytest.mark.parametrize(
    ("items", "level"),
    [
        (("exec.create",), Level.CODE),
        (("exec.start",), Level.CODE),
        (("containers.attach: {query: {stdin: false}}",), Level.SECRETS),
        (("containers.attach: {query: {logs: true}}",), Level.SECRETS),
    ],
)
def test_half_a_way_in_is_none(items: tuple[str, ...], level: Level) -> None:
    assert risks(*items).level is level


# --- rename into a trusted name --------------------------------------------------------------

EXEC_IN_WEB = ("exec.create: {target: {name: 'web-*'}}", "exec.start")


@pytest.mark.parametrize(
    "rename",
    [
        "containers.rename",
        "containers.rename: {query: {name: any}}",
        "containers.rename: {query: {name: web-1}}",
        "containers.rename: {query: {name: {like: 'web-y*'}}}",
        "containers.rename: {query: {name: {like: '*-prod'}}}",
        "containers.rename: {query: {name: {like: 'w**1'}}}",
        "containers.rename: {target: {name: '*'}}",
        "containers.rename: {target: {name: ['web-*', db]}}",
        "containers.rename: {target: {label: {a: b}}}",
    ],
)
def test_a_name_limits_nothing_where_any_container_can_be_given_it(rename: str) -> None:
    found = risks(*EXEC_IN_WEB, rename)
    assert found.level is Level.ROOT
    (says,) = sentences(found, Level.ROOT)
    assert says == (
        f"exec.create: With exec.start (policy.yaml:4): {ANY_CONTAINER}, once containers.rename"
        " (policy.yaml:5) has given it the name."
    )


@pytest.mark.parametrize(
    "rename",
    [
        "containers.rename: {query: {name: db}}",
        "containers.rename: {query: {name: {like: 'db-*'}}}",
        "containers.rename: {target: {name: 'web-*'}}",
        "containers.rename: {target: {name: 'db-*'}}",
    ],
)
def test_a_name_limits_where_no_other_container_can_be_given_it(rename: str) -> None:
    assert risks(*EXEC_IN_WEB, rename).level is Level.CODE


def test_a_label_limits_whatever_containers_are_called() -> None:
    items = ("exec.create: {target: {label: {a: b}, name: 'web-*'}}", "exec.start")
    assert risks(*items, "containers.rename").level is Level.CODE


def test_a_network_is_that_of_any_container_that_can_be_given_the_name() -> None:
    create = "containers.create: {namespaces: 'network=container:vpn'}"
    assert risks(create).level is Level.CODE
    found = risks(create, "containers.rename")
    assert found.level is Level.ROOT
    assert "one that shares the network of the host too" in sentences(found, Level.ROOT)[0]
    own = f"{{one: {{own_objects_only: true, allow: [{{{create}}}, containers.rename]}}}}"
    policy = policy_of(f"clients: {own}")
    assert risks_of(policy.clients["one"]).level is Level.CODE


@pytest.mark.parametrize(
    ("theirs", "level"),
    [
        ("{containers.stop: {target: {name: web}}}", Level.DISTURB),
        ("{containers.logs: {target: {name: web}}}", Level.SECRETS),
        ("{containers.logs: {target: {name: web}}}, build.run", Level.ROOT),
        ("{exec.create: {target: {name: web}}}, exec.start", Level.ROOT),
        ("{containers.archive_put: {target: {name: web}}}", Level.ROOT),
        ("{containers.attach: {target: {name: web}, query: {stdin: true}}}", Level.ROOT),
        ("{containers.attach: {target: {name: web}}}", Level.SECRETS),
    ],
)
def test_giving_a_name_that_another_client_trusts_amounts_to_what_that_one_does(
    theirs: str, level: Level
) -> None:
    clients = f"  mover: {{allow: [containers.rename]}}\n  other: {{allow: [{theirs}]}}\n"
    found = risks_among("mover", clients)
    assert found.level is max(level, Level.DISTURB)
    (says,) = (one for one in found.causes if "trusts" in one.sentence)
    assert says.level is level
    assert says.operation == "containers.rename"
    assert str(says.source) == "policy.yaml:3"
    assert says.sentence.startswith(
        "Gives a container a name that client 'other' trusts (policy.yaml:4: "
    )
    assert says.sentence.endswith(f"which amounts to {level.words}.")


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        ("containers.rename", "exec.create, exec.start"),
        ("containers.rename", "{exec.create: {target: {label: {a: b}}}}, exec.start"),
        (
            "{containers.rename: {query: {name: db}}}",
            "{exec.create: {target: {name: web}}}, exec.start",
        ),
        (
            "{containers.rename: {target: {name: web}}}",
            "{exec.create: {target: {name: web}}}, exec.start",
        ),
        ("containers.stop", "{exec.create: {target: {name: web}}}, exec.start"),
    ],
)
def test_giving_a_name_that_nobody_trusts_disturbs(mine: str, theirs: str) -> None:
    clients = f"  mover: {{allow: [{mine}]}}\n  other: {{allow: [{theirs}]}}\n"
    assert risks_among("mover", clients).level is Level.DISTURB


def test_a_client_that_renames_its_own_containers_gives_no_other_container_a_name() -> None:
    clients = (
        "  mover: {own_objects_only: true, allow: [containers.rename]}\n"
        "  other: {allow: [{exec.create: {target: {name: web}}}, exec.start]}\n"
    )
    assert risks_among("mover", clients).level is Level.DISTURB


# --- a volume, then a container --------------------------------------------------------------

VOLUME_A = "{each: {fields: {Type: volume, Source: a}}}"


@pytest.mark.parametrize(
    "mounts",
    [
        "containers.create: {body: {HostConfig.Binds: {each: {like: 'web-*:/**'}}}}",
        f"containers.create: {{body: {{HostConfig.Mounts: {VOLUME_A}}}}}",
        f"services.create: {{body: {{TaskTemplate.ContainerSpec.Mounts: {VOLUME_A}}}}}",
    ],
)
def test_a_volume_that_stands_for_a_path_of_the_host_makes_a_mount_of_it(mounts: str) -> None:
    assert risks(mounts).level is Level.CODE
    found = risks(mounts, "volumes.create: {body: {DriverOpts: any}}")
    assert (
        f"{mounts.partition(':')[0]}: Mounts a volume that volumes.create (policy.yaml:4) makes of"
        " any path of the host."
    ) in sentences(found, Level.ROOT)


@pytest.mark.parametrize(
    "items",
    [
        ("containers.create", "volumes.create: {body: {DriverOpts: any}}"),
        (
            "containers.create: {host_paths: /srv/a}",
            "volumes.create: {body: {DriverOpts: any}}",
        ),
        (
            "containers.create: {body: {HostConfig.Binds: {each: {like: 'web-*:/**'}}}}",
            "volumes.create",
        ),
        (
            "containers.create: {body: {HostConfig.Binds: {each: {like: 'web-*:/**'}}}}",
            "volumes.create: {body: {DriverOpts: {equals: {}}}}",
        ),
    ],
)
def test_a_volume_that_is_judged_or_plain_or_not_mounted_makes_none(items: tuple[str, ...]) -> None:
    assert not [one for one in risks(*items).causes if "Mounts a volume that" in one.sentence]


# --- an image that others run ----------------------------------------------------------------

NAMING = (
    "images.tag",
    "images.load",
    "images.import",
    "containers.commit",
    "build.run",
    "images.tag: {query: {repo: {like: '*'}}}",
    "images.tag: {query: {repo: {like: 'library/*'}}}",
    "images.tag: {query: {repo: {like: '*/*'}}}",
    "images.tag: {query: {repo: alpine}}",
    "images.import: {query: {repo: {like: 'docker.io/**'}}}",
    "images.tag: {image: any}",
    "images.tag: {image: {like: '**'}}",
    "images.tag: {image: {like: 'docker.io/library/*'}}",
    "images.tag: {image: 'docker.io/library/alpine:latest'}",
    "images.tag: {image: {like: ['ghcr.io/acme/*', 'docker.io/**']}}",
    "containers.commit: {query: any}",
    "build.run: {query: {t: {each: {like: 'ghcr.io/acme/*'}}, outputs: any}}",
)


@pytest.mark.parametrize("item", NAMING)
def test_an_image_under_any_name_runs_with_what_was_meant_for_another(item: str) -> None:
    found = risks(item)
    assert found.level is Level.ROOT
    assert any(
        "Puts an image of its own under a name" in one for one in sentences(found, Level.ROOT)
    )


@pytest.mark.parametrize(
    "item",
    [
        "images.tag: {image: {like: 'ghcr.io/acme/*'}}",
        "images.tag: {query: {repo: {like: 'ghcr.io/acme/*'}}}",
        "images.import: {image: {like: 'ghcr.io/acme/*'}}",
        "containers.commit: {image: {like: 'docker.io/acme/web:*'}}",
        "build.run: {image: {like: ['ghcr.io/acme/*', 'docker.io/library/acme-web:*']}}",
        "build.run: {query: {t: {each: {like: 'ghcr.io/acme/*'}}}}",
    ],
)
def test_an_image_under_some_names_runs_where_these_are_run(item: str) -> None:
    found = risks(item)
    assert found.level is Level.CODE
    told = "Whoever runs an image of these names runs what this client put there."
    assert any(one.endswith(told) for one in sentences(found, Level.CODE))


@pytest.mark.parametrize(
    ("theirs", "level"),
    [
        ("{containers.create: {image: {like: 'ghcr.io/**'}}}", Level.CODE),
        ("{containers.create: {body: any}}", Level.ROOT),
        ("{containers.create: {image: {like: 'ghcr.io/acme/web:*'}, body: any}}", Level.ROOT),
        ("{containers.create: {image: 'ghcr.io/acme/web:1', namespaces: any}}", Level.ROOT),
        ("{services.create: {body: any}}", Level.ROOT),
        ("{services.update: {host_paths: /run}}", Level.ROOT),
    ],
)
def test_an_image_that_another_client_runs_amounts_to_what_it_is_run_with(
    theirs: str, level: Level
) -> None:
    clients = (
        "  builder: {allow: [{build.run: {image: {like: 'ghcr.io/acme/*'}}}]}\n"
        f"  other: {{allow: [{theirs}]}}\n"
    )
    found = risks_among("builder", clients)
    assert found.level is level
    (says,) = (one for one in found.causes if "'other'" in one.sentence)
    assert (says.level, says.operation) == (level, "build.run")


def test_an_image_that_a_client_in_report_mode_may_run_is_root() -> None:
    clients = (
        "  builder: {allow: [{build.run: {image: {like: 'ghcr.io/acme/*'}}}]}\n"
        "  other: {mode: report, allow: []}\n"
    )
    assert risks_among("builder", clients).level is Level.ROOT


@pytest.mark.parametrize(
    "theirs",
    [
        "{containers.create: {image: {like: 'quay.io/**'}, body: any}}",
        "build.session",
        "{containers.start: {query: any}}",
    ],
)
def test_an_image_that_no_other_client_runs_amounts_to_what_it_is(theirs: str) -> None:
    clients = (
        "  builder: {allow: [{build.run: {image: {like: 'ghcr.io/acme/*'}}}]}\n"
        f"  other: {{allow: [{theirs}]}}\n"
    )
    assert risks_among("builder", clients).level is Level.CODE


def test_a_pull_brings_what_its_registry_has_and_nothing_of_the_clients() -> None:
    clients = (
        "  puller: {allow: [images.pull]}\n  other: {allow: [{containers.create: {body: any}}]}\n"
    )
    found = risks_among("puller", clients)
    assert amounts_to(found) == "run code in containers, by images.pull"
    assert risks("images.pull: {image: {like: 'ghcr.io/acme/*'}}").level is Level.DISTURB


# --- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("web", "web", True),
        ("web", "db", False),
        ("web-*", "*-prod", True),
        ("web-*", "web", False),
        ("*", "a", True),
        ("a*c", "ab*", True),
        ("a*c", "b*", False),
        ("**", "*", True),
        ("[a, 'b*']", "bc", True),
        ("[a, 'b*']", "[c, 'd*']", False),
        ("{like: 'a*'}", "{one_of: [ab, cd]}", True),
        ("any", "a", True),
        ("", "a", True),
    ],
)
def test_two_limits_meet_where_one_name_fits_both(one: str, other: str, meet: bool) -> None:
    def constraint(text: str) -> Constraint:
        return Constraint(text.replace("'", '"'), anything)

    assert may_meet(constraint(one), constraint(other)) is meet
    assert may_meet(constraint(other), constraint(one)) is meet


def test_long_patterns_are_held_against_each_other_without_recursion() -> None:
    long = Constraint("a*" * 600, anything)
    assert may_meet(long, Constraint("a" * 1200, anything))
    assert not may_meet(long, Constraint("b" * 1200, anything))
