from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sockguard.engine.answer import masks, places_of
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.level import Level
from sockguard.engine.operation import Risk
from sockguard.engine.sets import SETS
from sockguard.policy.cause import Cause
from sockguard.policy.load import PolicyError
from sockguard.policy.named import sensitive_fields
from sockguard.policy.risks import Risks, amounts_to, risks_of, weighed
from tests.support.policies import allowing, policy_of
from tests.support.widest import allow, granted, widest

LEAST = {
    Risk.READ_META: Level.METADATA,
    Risk.READ_SECRET: Level.SECRETS,
    Risk.EXFILTRATE: Level.SECRETS,
    Risk.WRITE: Level.DISTURB,
    Risk.HOST_ROOT: Level.ROOT,
}
"""What an operation amounts to at least, given all that it takes, by its rating in routes.json."""

OWN = "clients: {one: {own_objects_only: true, allow: ["
RATES_ITS_ANSWER = {"system.auth"}
"""Rated as writing, although it changes nothing: it tells what a server says of a password."""


def risks(*items: str) -> Risks:
    return risks_of(policy_of(allowing(*items)).clients["main"])


def own_risks(*items: str) -> Risks:
    return risks_of(policy_of(f"{OWN}{', '.join(map(_whole, items))}]}}}}").clients["one"])


def _whole(item: str) -> str:
    return item if ": " not in item else f"{{{item}}}"


def create(words: str) -> str:
    return f"containers.create: {{{words}}}"


def body(words: str) -> str:
    return create(f"body: {{{words}}}")


PATHS = "containers.create: {host_paths: "
NAMED_VOLUMES = (
    "body: {HostConfig.Binds: {each: {like: 'web-*:/**'}}, HostConfig.Mounts: {each: {fields:"
    " {Type: volume, Source: {like: 'web-*'}}}}}"
)


def paths(words: str) -> str:
    """Mount these paths, and no volumes but those of some names."""
    return create(f"host_paths: {words}, {NAMED_VOLUMES}")


AMOUNTS: dict[Level, tuple[str, ...]] = {
    Level.METADATA: (
        *("system.ping", "system.version", "system.info", "system.df", "system.events"),
        *("containers.list", "containers.inspect", "containers.stats", "containers.changes"),
        *("images.list", "images.inspect", "networks.list", "volumes.inspect", "secrets.inspect"),
        *("configs.inspect", "swarm.inspect", "swarm.unlock_key", "services.list", "tasks.list"),
        *("nodes.list", "plugins.list", "exec.inspect", "checkpoints.list", "system.auth"),
        "containers.inspect: {response: {keep: [Id]}}",
        "containers.inspect: {response: {drop: [Config.Env]}}",
    ),
    Level.SECRETS: (
        *("containers.logs", "containers.top", "containers.export", "containers.archive_get"),
        *("containers.attach", "containers.attach_ws", "images.get", "images.push", "debug.read"),
        *("services.logs", "tasks.logs", "plugins.push"),
        "containers.attach: {query: {stdin: false}}",
        "containers.attach: {query: {logs: true}}",
        "containers.inspect: {response: any}",
        "containers.inspect: {response: {reveal: {Config.Env: any}}}",
        "containers.inspect: {response: {reveal: {Config.Env: 'A*'}}}",
        "configs.inspect: {response: any}",
        "services.inspect: {response: any}",
        "swarm.unlock_key: {response: any}",
        "system.info: {response: {reveal: {RegistryConfig.IndexConfigs: any}}}",
        "system.auth: {body: {serveraddress: any}}",
        "plugins.privileges: {query: {remote: any}}",
        "containers.logs: {including_sockguard: true}",
    ),
    Level.DISTURB: (
        *("containers.stop", "containers.restart", "containers.kill", "containers.start"),
        *("containers.remove", "containers.prune", "containers.rename", "containers.update"),
        *("images.remove", "networks.create", "networks.connect", "volumes.create"),
        *("volumes.remove", "swarm.update", "swarm.leave", "services.remove", "nodes.update"),
        *("secrets.create", "configs.update", "plugins.disable", "build.prune", "exec.resize"),
        "images.pull: {image: {like: 'ghcr.io/acme/*'}}",
        "containers.update: {body: {RestartPolicy.Name: any}}",
        "networks.create: {body: {Options: any, Driver: any}}",
        "networks.connect: {networks: any}",
        "nodes.update: {body: {Role: worker}}",
    ),
    Level.CODE: (
        *("containers.create", "services.create", "services.update", "exec.create", "exec.start"),
        *("images.pull", "images.pull: {query: {fromImage: {like: '*/*'}}}"),
        create("image: {like: 'ghcr.io/acme/*'}"),
        body("HostConfig.Privileged: false"),
        body("HostConfig.NetworkMode: [bridge, none]"),
        body("HostConfig.CapAdd: {each: [CHOWN, net_raw, CAP_SYS_NICE]}"),
        body("HostConfig.CapAdd: {equals: [CHOWN]}"),
        body("HostConfig.SecurityOpt: {equals: [no-new-privileges]}"),
        body("HostConfig.Binds: {each: {like: 'web-*:/**'}}"),
        body("HostConfig.Binds: {each: ['web:/data', 'db:/data']}"),
        body("HostConfig.Binds: {equals: ['web:/data']}"),
        body("HostConfig.Mounts: {each: {fields: {Type: tmpfs}}}"),
        body("HostConfig.Mounts: {each: {fields: {Type: volume, Source: {like: 'web-*'}}}}"),
        create("capabilities: [CHOWN, MKNOD]"),
        create("devices: [/dev/ttyUSB0, 'nvidia:all', 'c 188:* rwm']"),
        create("devices: {like: '/dev/video*'}"),
        create("networks: any, ports: any, user: any"),
        create("namespaces: 'network=container:vpn'"),
        paths("/dev/null"),
        paths("/srv/builds"),
        paths("{under: [/srv/builds, /mnt/certificates]}"),
        paths("{path: /etc/localtime}"),
        "containers.start: {query: {checkpoint: any}}",
        "containers.attach: {query: {stdin: true}, target: {label: {a: b}}}",
    ),
    Level.ROOT: (
        *("build.run", "build.session", "build.grpc", "images.load", "images.tag"),
        *("images.import", "containers.commit", "containers.archive_put"),
        *("plugins.pull", "plugins.create", "plugins.enable", "plugins.set", "plugins.upgrade"),
        *("swarm.init", "swarm.join", "engine/everything"),
        "swarm.inspect: {response: any}",
        "swarm.inspect: {response: {reveal: {JoinTokens: any}}}",
        "swarm.update: {body: {CAConfig.SigningCAKey: any}}",
        "nodes.update: {body: {Role: any}}",
        "checkpoints.remove: {query: {dir: any}}",
        "checkpoints.create: {body: any}",
        "containers.start: {query: {checkpoint-dir: any}}",
        "containers.stop: {including_sockguard: true}",
        "containers.archive_put: {compressed: true, target: {label: {a: b}}}",
        "containers.attach: {query: {stdin: true}}",
        "containers.attach_ws: {query: any}",
        "exec.create: {body: {Privileged: any}}",
        "exec.create: {body: {Privileged: {always: true}}}",
        "exec.start: {target: any}",
        "volumes.create: {body: {DriverOpts: any}}",
        "volumes.create: {body: {DriverOpts: {entries: {type: tmpfs}}}}",
        "volumes.create: {body: {Driver: {like: 'rexray/*'}}}",
        "volumes.create: {body: any}",
        "volumes.create: {host_paths: {under: /srv, writable: true}}",
        "build.run: {query: {networkmode: host}, image: {like: 'ghcr.io/acme/*'}}",
        "build.run: {namespaces: network=host, image: {like: 'ghcr.io/acme/*'}}",
        "services.create: {body: {TaskTemplate.PluginSpec: any}}",
        "services.create: {body: {TaskTemplate.ContainerSpec.Mounts: any}}",
        "services.create: {body: {TaskTemplate.ContainerSpec: any}}",
        "services.create: {host_paths: /srv/builds}",
        "services.update: {query: {rollback: any}}",
        create("body: any"),
        body("HostConfig: any"),
        body("HostConfig: {fields: {Privileged: any}}"),
        body("HostConfig: {equals: {Privileged: true}}"),
        body("HostConfig.Privileged: any"),
        body("HostConfig.Privileged: true"),
        body("HostConfig.Privileged: [false, true]"),
        body("HostConfig.Privileged: {always: true}"),
        body("HostConfig.CapAdd: any"),
        body("HostConfig.CapAdd: {each: [CHOWN, ALL]}"),
        body("HostConfig.CapAdd: {each: {like: 'NET_*'}}"),
        body("HostConfig.SecurityOpt: {equals: ['seccomp=unconfined']}"),
        body("HostConfig.MaskedPaths: {equals: []}"),
        body("HostConfig.VolumesFrom: {equals: [web]}"),
        body("HostConfig.NetworkMode: host"),
        body("HostConfig.Binds: any"),
        body("HostConfig.Binds: {each: any}"),
        body("HostConfig.Binds: {each: {like: '*:/data'}}"),
        body("HostConfig.Binds: {each: {like: ['web-*:/**', '/srv/**']}}"),
        body("HostConfig.Binds: {each: ['web:/data', '/:/host']}"),
        body("HostConfig.Binds: {equals: ['/etc:/etc:ro']}"),
        body("HostConfig.Mounts: any"),
        body("HostConfig.Mounts: {each: {fields: {Type: volume}}}"),
        body("HostConfig.Mounts: {each: {fields: {Type: volume, Source: {like: '*-data'}}}}"),
        body("HostConfig.Mounts: {each: {fields: {Source: {like: 'web-*'}}}}"),
        body("HostConfig.Mounts: {each: {fields: {Type: [volume, bind], Source: {like: 'a*'}}}}"),
        body(
            "HostConfig.Mounts: {each: {fields: {Type: volume, Source: web,"
            " VolumeOptions: {fields: {DriverConfig: any}}}}}"
        ),
        create("host_paths: /srv/builds"),
        create("host_paths: any"),
        create("host_paths: /dev/null, body: {HostConfig.Binds: {each: {like: 'web-*:/**'}}}"),
        create("capabilities: SYS_ADMIN"),
        create("capabilities: any"),
        create("capabilities: {like: 'CAP_SYS_*'}"),
        create("devices: any"),
        create("devices: [/dev/null, /dev/sda]"),
        create("devices: [/dev/ttyUSB0, /dev/tty1]"),
        create("devices: {like: ['nvidia:*', '/dev/s*']}"),
        create("devices: {like: 'b *:*'}"),
        create("namespaces: any"),
        create("namespaces: pid=host"),
        create("namespaces: network=host"),
        create("namespaces: {like: 'network=container:*'}"),
        create("namespaces: {like: '*=host'}"),
        paths("any"),
        paths("/"),
        paths("{under: /}"),
        paths("/proc"),
        paths("[/srv/a, /var/run/libvirt/libvirt-sock]"),
        paths("/var/run/docker.sock"),
        paths("/run/docker.sock"),
        paths("/run"),
        paths("/var"),
        paths("/home"),
        paths("{under: /home}"),
        paths("/home/me/.docker/run"),
        paths("/srv/engine.sock"),
        paths("{path: /srv/data, writable: true}"),
        paths("{under: /srv/builds, writable: true}"),
        paths("[/srv/a, {path: [/srv/b, /srv/c], writable: true}]"),
    ),
}


@pytest.mark.parametrize(
    ("item", "level"), [(item, level) for level, items in AMOUNTS.items() for item in items]
)
def test_a_line_amounts_to_what_somebody_can_make_of_it(item: str, level: Level) -> None:
    found = risks(item)
    assert found.level is level, [cause.sentence for cause in found.causes]
    assert found.causes[0].level is level
    assert str(found.causes[0].source) == "policy.yaml:3"


def test_a_role_without_lines_amounts_to_nothing() -> None:
    client = policy_of("allow: []").clients["main"]
    assert risks_of(client) == Risks(Level.NOTHING)
    assert amounts_to(risks_of(client)) == "nothing: no operation is granted"


@pytest.mark.parametrize("operation", granted())
def test_an_operation_is_never_told_for_less_than_it_was_rated(operation: str) -> None:
    least = LEAST[OPERATIONS[operation].risk]
    found = risks(widest(operation)).level
    assert found >= least or operation in RATES_ITS_ANSWER
    if operation in RATES_ITS_ANSWER:
        assert found is Level.SECRETS


@pytest.mark.parametrize("operation", granted())
def test_a_line_amounts_to_no_less_than_each_sensitive_thing_that_it_names(operation: str) -> None:
    for one in sensitive_fields(operation):
        if "[]" in one.path or "{" in one.path:
            continue
        found = risks(f"{operation}: {{body: {{{one.path}: any}}}}")
        assert found.level >= one.field.level, one.path
        assert any(cause.sentence.startswith(f"{one.path}: ") for cause in found.causes)
    for name, parameter in OPERATIONS[operation].parameters.items():
        if parameter.sensitive:
            found = risks(f"{operation}: {{query: {{{name}: any}}}}")
            assert found.level >= parameter.level, name
            assert f"{name}: {parameter.hands_over}" in {one.sentence for one in found.causes}


@pytest.mark.parametrize("operation", [n for n in granted() if OPERATIONS[n].masks])
def test_whoever_is_shown_anything_masked_reads_secrets(operation: str) -> None:
    answer = OPERATIONS[operation].answer
    assert answer is not None
    masked = [path for path, place in places_of(answer.shape) if masks(place)]
    assert masked
    for path in masked:
        found = risks(f"{operation}: {{response: {{reveal: {{'{path}': any}}}}}}")
        assert any(cause.level >= Level.SECRETS for cause in found.causes), path


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_set_amounts_to_what_its_operations_do(name: str) -> None:
    if name == "engine/everything":
        return
    parts = [risks(operation).level for operation in SETS[name]]
    assert risks(name).level is max(parts)


# --- own objects -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "level"),
    [
        ("containers.logs", Level.METADATA),
        ("containers.inspect: {response: any}", Level.METADATA),
        ("containers.stop", Level.METADATA),
        ("system.events: {response: any}", Level.METADATA),
        # A container's name and its use of the host are felt by others.
        ("containers.rename", Level.DISTURB),
        ("containers.update", Level.DISTURB),
        ("networks.create", Level.DISTURB),
        ("volumes.create", Level.DISTURB),
        # Answers about the host, and objects that are shared.
        ("system.info: {response: any}", Level.SECRETS),
        ("images.get: {shared: true}", Level.SECRETS),
        ("images.tag: {shared: true}", Level.ROOT),
        ("services.create: {shared: true, host_paths: /srv/a}", Level.ROOT),
        # What runs is the client's own, what it runs with may be the host's.
        ("exec.create", Level.CODE),
        ("containers.archive_put", Level.CODE),
        ("containers.attach: {query: {stdin: true}}", Level.CODE),
        ("containers.create: {host_paths: /dev/null}", Level.CODE),
        ("containers.create: {host_paths: /run}", Level.ROOT),
        ("containers.create: {body: {HostConfig.Privileged: any}}", Level.ROOT),
        ("containers.archive_put: {compressed: true}", Level.ROOT),
        ("containers.commit: {shared: true}", Level.ROOT),
        ("checkpoints.create: {body: any}", Level.ROOT),
    ],
)
def test_a_client_that_is_kept_to_its_own_objects_disturbs_nobody_else_with_them(
    item: str, level: Level
) -> None:
    assert own_risks(item).level is level


ALSO = "clients: {one: {own_objects_only: true, also: {volumes: [cache]}, allow: [CREATE]}}"


@pytest.mark.parametrize(
    ("create", "mounts"),
    [
        ("{containers.create: {host_paths: /dev/null}}", True),
        ("{containers.create: {body: {HostConfig.Binds: {each: {like: 'c*:/**'}}}}}", True),
        ("{containers.create: {body: {HostConfig.Tmpfs: any}}}", False),
        ("containers.create", False),
        ("volumes.create", False),
    ],
)
def test_volumes_of_others_that_a_client_may_mount_are_told(create: str, *, mounts: bool) -> None:
    found = risks_of(policy_of(ALSO.replace("CREATE", create)).clients["one"])
    told = [one for one in found.causes if one.sentence.startswith("also: ")]
    assert [(one.level, "(cache)" in one.sentence) for one in told] == [(Level.CODE, True)] * mounts


# --- words -----------------------------------------------------------------------------------


def test_what_it_amounts_to_is_told_in_one_line() -> None:
    assert amounts_to(risks("containers.list")) == "metadata, by containers.list"
    many = risks("containers/lifecycle")
    assert amounts_to(many) == (
        "disturb containers, by containers.resize, containers.start, containers.stop,"
        " containers.restart, containers.kill, containers.pause and 1 more"
    )


def test_secrets_are_told_beside_what_says_nothing_of_them() -> None:
    found = risks("containers.stop", "containers.logs")
    assert (
        amounts_to(found)
        == "disturb containers, by containers.stop; and secrets, by containers.logs"
    )
    assert "secrets" not in amounts_to(risks("build.run", "containers.logs"))


def test_causes_are_in_the_order_of_their_strength_and_told_once() -> None:
    found = risks("containers.logs", "system.ping", "containers.create", "containers.stop")
    assert [one.level for one in found.causes] == sorted(
        (one.level for one in found.causes), reverse=True
    )
    assert len(set(found.causes)) == len(found.causes)
    assert found.causes[0] == Cause(
        Level.CODE,
        found.causes[0].source,
        "containers.create",
        OPERATIONS["containers.create"].hands_over,
    )


def test_a_cause_names_the_objects_that_it_is_limited_to() -> None:
    (cause,) = risks("containers.stop: {target: {name: 'web-*', label: {a: b, c: any}}}").causes
    assert cause.sentence == (
        'Stops containers. Only of containers named "web-*" labelled a=b labelled c.'
    )


def test_a_client_in_report_mode_has_root_whatever_its_lines_say() -> None:
    client = policy_of("mode: report\nallow: [system.ping]").clients["main"]
    found = risks_of(client)
    assert amounts_to(found) == "root on the host, by report mode"
    assert found.causes[0].sentence == "Report mode lets through what no line allows."


def test_roles_are_weighed_where_nobody_has_them() -> None:
    policy = policy_of(
        "roles: {a: {allow: [containers.logs]}, b: {allow: [containers.logs], mode: report},"
        " c: {allow: [containers.logs], own_objects_only: true}}"
    )
    found = {name: risks_of(one).level for name, one in weighed(policy).items()}
    assert found == {"a": Level.SECRETS, "b": Level.ROOT, "c": Level.METADATA}
    served = policy_of("roles: {a: {allow: []}}\nclients: {web: {role: a}}")
    assert weighed(served) == served.clients


# --- more never amounts to less --------------------------------------------------------------

ITEMS = sorted(
    {
        *(item for items in AMOUNTS.values() for item in items if item != "engine/everything"),
        *granted(),
        *(widest(name) for name in granted()),
        *("containers.rename: {target: {name: 'web-*'}}", "images.tag: {image: {like: 'a.b/c*'}}"),
        *("exec.create: {target: {name: 'web-*'}}", "exec.create: {target: {label: {a: b}}}"),
    }
)
OPERATION_OF = {item: item.partition(":")[0] for item in ITEMS}
DRAWN = st.lists(st.sampled_from(ITEMS), max_size=6, unique_by=OPERATION_OF.__getitem__)
OTHERS = "other: {allow: [{containers.create: {body: any, image: {like: 'a.b/**'}}}]}"


@settings(max_examples=150, deadline=None)
@given(items=DRAWN, more=st.sampled_from(ITEMS))
def test_a_line_more_never_lowers_the_level(items: list[str], more: str) -> None:
    items = [one for one in items if OPERATION_OF[one] != OPERATION_OF[more]]
    few, many = (_clients(some) for some in (items, [*items, more]))
    assert many.level >= few.level


@settings(max_examples=60, deadline=None)
@given(items=DRAWN)
def test_being_kept_to_ones_own_objects_never_raises_the_level(items: list[str]) -> None:
    own = [one for one in items if _loads_as_own(one)]
    assert own_risks(*own).level <= _clients(own).level


@settings(max_examples=60, deadline=None)
@given(items=DRAWN)
def test_an_alternative_more_never_lowers_the_level(items: list[str]) -> None:
    for item in items:
        operation, narrow, words = item.partition(": ")
        if narrow:
            either = f"{operation}: {{any_of: [{words}, {{query: any}}]}}"
            try:
                found = risks(either)
            except PolicyError:
                continue
            assert found.level >= risks(item).level


def _clients(items: list[str]) -> Risks:
    policy = policy_of(f"clients:\n  one: {{allow: {allow(items)}}}\n  {OTHERS}\n")
    return risks_of(policy.clients["one"], policy.clients.values())


def _loads_as_own(item: str) -> bool:
    try:
        own_risks(item)
    except PolicyError:
        return False
    return True


def test_no_sentence_says_that_what_an_answer_shows_is_masked() -> None:
    for name, operation in OPERATIONS.items():
        if operation.masks:
            told = [cause.sentence for cause in risks(f"{name}: {{response: any}}").causes]
            assert told
            assert not any("masked" in one for one in told), told
