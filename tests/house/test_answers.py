"""The tables of answers against the Engine's own documents: nothing missing, nothing invented.

What stands otherwise in the tables than in the documents is explained here, and so is what the
tables mask: it is written out a second time, so that no change to it goes unseen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sockguard.engine.answer import (
    PLAIN,
    Answer,
    AnswerShape,
    Form,
    Map,
    Masked,
    places_of,
)
from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.operation import Risk
from sockguard.engine.shape import below, fold
from tests.support.documented import FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sockguard.engine.operation import Operation

WITH_ANSWER = [operation for operation in OPERATIONS.values() if operation.answer is not None]

BEYOND_THE_DOCUMENTS = (
    ("services.*", r"(\[\]\.)?PreviousSpec\b.*", "Engine source, api/types/swarm: as Spec"),
    ("(services|tasks).*", r".*ContainerSpec\.PullOptions", "swarmkit, ContainerSpec"),
    ("(services|tasks).*", r".*PluginSpec\.Env", "Engine source, swarm/runtime"),
    ("volumes.*|system.df", (r".*ClusterVolume\.Spec\.(Secrets|AccessibilityRequirements|"
     r"CapacityRange|Availability)\b.*"), "Engine source, api/types/volume: beside AccessMode"),
    ("system.df", r"(Image|Container|Volume|BuildCache)Usage\.Items\[\]\..*",
     "documented as anything; Engine source, api/types: what the lists hold"),
    ("system.df", r"Images\[\]\.Manifests\[\]\.ImageData\.Identity\b.*", "as in images.list"),
    ("system.df", r"Containers\[\]\.Health\b.*", "as in containers.list"),
    ("system.events", r"(id|from|status)", "Engine source, api/types/events: old spellings"),
    ("system.events", r"Actor\.Attributes\.[a-z-]+", "Engine source, daemon/reload.go"),
    ("checkpoints.list", r"\[\](\.Name)?", "Engine source, api/types/checkpoint"),
)  # fmt: skip

FAULTS_OF_THE_DOCUMENTS = (
    (r".*\.Volumes\.additionalProperties", "a schema's keyword read as a field (1.25 to 1.36)"),
    (r"Actor\.Attributes\{\}", "a free map; some of its keys are the Engine's own"),
    (r".*\.Data\[\]", "bytes in base64, which are one text (1.30)"),
    (r".*IPAM\.Config\[\]\{\}", "the pools of a network, as a free map (1.25 to 1.40)"),
    (r".*IPAM\.Options\[\](\{\})?", "a map, as a list of maps (1.25 to 1.38)"),
    (r"HostConfig\.PortBindings\{\}\.Host(Ip|Port)", "one binding instead of a list"),
    (r"NetworkSettings\.Ports\[\].*", "a map, as a list (1.25 to 1.31)"),
    (r"HostConfig\.NanoCPUs", "a misprint of 1.27 for NanoCpus"),
    (r".*Description\.Resources\.NanoCpus", "a misprint of 1.27 for NanoCPUs"),
    (r"(\[\]\.)?Spec\.(TaskTemplate|Mode|UpdateConfig|RollbackConfig|Networks|EndpointSpec)\b.*",
     "of secrets.*: the specification of a service, up to 1.29"),
    (r".*Description\.TLSInfo\.(?!TrustRoot|CertIssuer).*",
     "of a node: the specification of a swarm, 1.30, 1.31"),
    (r".*Interface\.Types\[\]\..*", "an object, up to 1.51: the Engine writes one text"),
    (r"Containers\[\]\[\].*", "a list of containers, as a list of lists (1.25 to 1.39)"),
    (r"Id", "of secrets.create and configs.create: the Engine's own type has ID"),
    (r"(Untagged|Deleted)", "of services.update: a deleted image (1.25 to 1.27)"),
    (r"VolumesDeleted(\[\])?", "of networks.prune: volumes (1.25)"),
    (r"Descriptor\.(MediaType|Size|Digest|URLs)(\[\])?", "in capitals, up to 1.39"),
    (r"Platforms\[\]\.(Architecture|OS|OSVersion|OSFeatures|Variant|Features)(\[\])?",
     "in capitals, up to 1.39"),
)  # fmt: skip

_MOUNT_SPECS = "Mounts[].Source Mounts[].VolumeOptions.DriverConfig.Options"
_CONFIG = "Env Cmd Healthcheck.Test Entrypoint OnBuild"
_TASK_SPEC = (
    "ContainerSpec.Command ContainerSpec.Args ContainerSpec.Env ContainerSpec.Mounts[].Source"
    " ContainerSpec.Mounts[].VolumeOptions.DriverConfig.Options ContainerSpec.HealthCheck.Test"
    " ContainerSpec.Hosts ContainerSpec.Sysctls ContainerSpec.PullOptions PluginSpec.Env"
    " LogDriver.Options"
)
_CLUSTER = (
    "Spec.CAConfig.ExternalCAs Spec.CAConfig.SigningCAKey Spec.TaskDefaults.LogDriver.Options"
)


def within(path: str, names: str) -> str:
    return " ".join(f"{path}.{name}" for name in names.split())


_HOST_CONFIG = (
    "BlkioWeightDevice[].Path BlkioDeviceReadBps[].Path BlkioDeviceWriteBps[].Path"
    " BlkioDeviceReadIOps[].Path BlkioDeviceWriteIOps[].Path Devices[].PathOnHost"
    " DeviceRequests[].Options Binds ContainerIDFile LogConfig.Config ExtraHosts Sysctls"
    f" Annotations {_MOUNT_SPECS}"
)
_CONTAINER = "Command HostConfig.Annotations Mounts[].Source"
_INSPECT = (
    "Path Args State.Error State.Health.Log[].Output ResolvConfPath HostnamePath HostsPath LogPath"
    f" {within('HostConfig', _HOST_CONFIG)} GraphDriver.Data Storage.RootFS Mounts[].Source"
    f" {within('Config', _CONFIG)}"
)
_VOLUME = (
    "Mountpoint Status Options ClusterVolume.Info.VolumeContext"
    " ClusterVolume.PublishStatus[].PublishContext"
)
_SERVICE = within("Spec.TaskTemplate", _TASK_SPEC) + " " + within(
    "PreviousSpec.TaskTemplate", _TASK_SPEC
)  # fmt: skip
_SECRET = "Spec.Data Spec.Templating.Options Spec.Driver.Options"
_PLUGIN = (
    "Settings.Mounts[].Source Settings.Env Settings.Args Settings.Devices[].Path Config.Entrypoint"
    " Config.Linux.Devices[].Path Config.Mounts[].Source Config.Env[].Value Config.Args.Value"
)
MASKED = {
    "containers.list": _CONTAINER,
    "containers.inspect": _INSPECT,
    "containers.wait": "Error.Message",
    "exec.inspect": "ProcessConfig.entrypoint ProcessConfig.arguments",
    "images.inspect": f"{within('ContainerConfig', _CONFIG)} {within('Config', _CONFIG)}"
    " GraphDriver.Data",
    "images.history": "CreatedBy",
    "images.attestations": "Statement",
    **dict.fromkeys(("volumes.list", "volumes.inspect", "volumes.create"), _VOLUME),
    "system.info": "DiscoveryBackend ClusterStore DockerRootDir InitPath HttpProxy HttpsProxy"
    " NoProxy RegistryConfig.IndexConfigs RegistryConfig.Mirrors Runtimes Swarm.Error"
    f" Swarm.RemoteManagers[].Addr {within('Swarm.Cluster', _CLUSTER)} CDISpecDirs"
    " Containerd.Address NRI.Info",
    "system.events": "Action status"
    f" {within('Actor.Attributes', 'registry-mirrors runtimes cluster-store cluster-store-opts')}",
    "system.df": f"{within('Containers[]', _CONTAINER)} {within('Volumes[]', _VOLUME)}"
    f" BuildCache[].Description {within('ContainerUsage.Items[]', _CONTAINER)}"
    f" {within('VolumeUsage.Items[]', _VOLUME)} BuildCacheUsage.Items[].Description",
    "swarm.inspect": f"JoinTokens {_CLUSTER}",
    "swarm.unlock_key": "UnlockKey",
    **dict.fromkeys(("services.list", "services.inspect"), _SERVICE),
    **dict.fromkeys(
        ("tasks.list", "tasks.inspect"), within("Spec", _TASK_SPEC) + " Status.Err"
    ),
    **dict.fromkeys(("secrets.list", "secrets.inspect"), _SECRET),
    **dict.fromkeys(("configs.list", "configs.inspect"), "Spec.Data Spec.Templating.Options"),
    **dict.fromkeys(("plugins.list", "plugins.inspect", "plugins.remove"), _PLUGIN),
}  # fmt: skip
"""The masked places of every answer that has any, as policies name them."""

RATED_LOWER = """
containers.list containers.wait images.attestations plugins.remove secrets.inspect secrets.list
system.df system.info volumes.create
"""
"""Operations whose answers mask something although `routes.json` rates them no reading of secrets.
"""
NOT_IN_JSON = "containers.logs services.logs tasks.logs debug.read"
"""Operations rated so whose answers are streams of bytes: granting them hands all over."""


def name_of(operation: Operation) -> str:
    return operation.name


def parts(shape: AnswerShape, path: str) -> list[tuple[str, AnswerShape]]:
    """What stands directly in a shape, in the documents' form: `Env[]`, `Labels{}`."""
    if isinstance(shape, list):
        return [(f"{path}[]", shape[0])]
    if isinstance(shape, Map):
        return [(f"{path}{{}}", shape.values)]
    if isinstance(shape, dict):
        return [(below(path, key), part) for key, part in shape.items()]
    return []


def fields_in(shape: AnswerShape, path: str = "") -> Iterator[tuple[str, AnswerShape]]:
    for inside, part in parts(shape, path):
        yield inside, part
        yield from fields_in(part, inside)


def whole(answer: Answer) -> AnswerShape:
    """The shape of everything that is answered, not of one element of it."""
    if answer.form is Form.LIST:
        return [answer.shape]
    if answer.form is Form.WRAPPED:
        return {answer.wrapper: [answer.shape], **answer.beside}
    return answer.shape


def known_fields(operation: Operation) -> dict[str, AnswerShape]:
    assert operation.answer is not None
    return dict(fields_in(whole(operation.answer)))


def has_explanation(operation: Operation, path: str) -> bool:
    return any(
        re.fullmatch(name, operation.name) and re.fullmatch(pattern, path)
        for name, pattern, _ in BEYOND_THE_DOCUMENTS
    )


def is_fault(path: str) -> bool:
    return any(re.fullmatch(pattern, path) for pattern, _ in FAULTS_OF_THE_DOCUMENTS)


def test_every_documented_answer_has_a_table() -> None:
    assert FIELDS.keys() - {operation.name for operation in WITH_ANSWER} == set()


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_every_documented_field_is_in_the_table(operation: Operation) -> None:
    known = known_fields(operation)
    masked = tuple(path for path, shape in known.items() if isinstance(shape, Masked))
    missing = {
        path
        for path in FIELDS.get(operation.name, {})
        if path not in known and not path.startswith(masked)
    }
    assert {path for path in missing if not is_fault(path)} == set()


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_no_field_is_invented(operation: Operation) -> None:
    invented = known_fields(operation).keys() - FIELDS.get(operation.name, {}).keys()
    assert {path for path in invented if not has_explanation(operation, path)} == set()


def test_what_is_explained_is_needed() -> None:
    invented = [
        (operation, path)
        for operation in WITH_ANSWER
        for path in known_fields(operation).keys() - FIELDS.get(operation.name, {}).keys()
    ]
    for name, pattern, _ in BEYOND_THE_DOCUMENTS:
        assert any(
            re.fullmatch(name, operation.name) and re.fullmatch(pattern, path)
            for operation, path in invented
        )
    missing = [
        path
        for operation in WITH_ANSWER
        for path in FIELDS.get(operation.name, {}).keys() - known_fields(operation).keys()
    ]
    for pattern, _ in FAULTS_OF_THE_DOCUMENTS:
        assert any(re.fullmatch(pattern, path) for path in missing)


def fits(shape: AnswerShape, kind: str) -> bool:
    """Whether a value of the documented type is what the table says, masked values aside."""
    if kind == "array":
        return isinstance(shape, list | Masked)
    if kind == "object":
        return isinstance(shape, dict | Map | Masked)
    return kind == "any" or isinstance(shape, Masked) or shape is PLAIN


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_fields_have_the_documented_type(operation: Operation) -> None:
    documented = FIELDS.get(operation.name, {})
    wrong = {
        path: documented[path]["type"]
        for path, shape in known_fields(operation).items()
        if path in documented and not fits(shape, documented[path]["type"])
    }
    assert wrong == {}


def masked_places(answer: Answer) -> set[str]:
    """The places at which a policy finds something masked; within a map that is the map."""
    return {
        path
        for path, shape in places_of(answer.shape)
        if isinstance(shape, Masked)
        or (isinstance(shape, Map) and any(isinstance(s, Masked) for _, s in fields_in(shape)))
    }


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_the_masked_places_are_exactly_these(operation: Operation) -> None:
    assert operation.answer is not None
    assert masked_places(operation.answer) == set(MASKED.get(operation.name, "").split())
    assert operation.masks is (operation.name in MASKED)


def test_every_answer_called_secret_masks_something_and_these_others_do() -> None:
    secret = {name for name, one in OPERATIONS.items() if one.risk is Risk.READ_SECRET}
    masking = {name for name, operation in OPERATIONS.items() if operation.masks}
    assert masking - secret == set(RATED_LOWER.split())
    # Of the lines that ps prints none is like another: who grants them grants all of them.
    assert secret - masking == {"containers.top", *NOT_IN_JSON.split()}
    assert {name for name in NOT_IN_JSON.split() if OPERATIONS[name].answer is not None} == set()


def test_only_what_can_be_granted_has_a_table() -> None:
    assert [operation.name for operation in WITH_ANSWER if operation.refused] == []


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_what_showing_a_masked_value_gives_away_is_one_sentence(operation: Operation) -> None:
    for shape in known_fields(operation).values():
        if isinstance(shape, Masked):
            assert re.fullmatch(r"Shows [^.]*\.", shape.shows)


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_no_two_fields_of_an_object_are_one_to_a_reader_written_in_go(
    operation: Operation,
) -> None:
    assert operation.answer is not None
    objects = [whole(operation.answer), *known_fields(operation).values()]
    for shape in objects:
        if isinstance(shape, dict):
            assert len({fold(key) for key in shape}) == len(shape)


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_masked_is_a_field_or_what_a_map_holds_but_no_item_of_a_list(operation: Operation) -> None:
    for shape in known_fields(operation).values():
        if isinstance(shape, list):
            assert not isinstance(shape[0], Masked)
            assert not isinstance(shape[0], Map)


@pytest.mark.parametrize("operation", WITH_ANSWER, ids=name_of)
def test_a_list_in_a_wrapper_has_one_and_only_plain_fields_beside(operation: Operation) -> None:
    answer = operation.answer
    assert answer is not None
    assert bool(answer.wrapper) is (answer.form is Form.WRAPPED)
    assert not any(isinstance(shape, Masked) for _, shape in fields_in(answer.beside))


def test_objects_come_line_by_line_where_an_engine_takes_its_time() -> None:
    streams = {o.name for o in WITH_ANSWER if o.answer and o.answer.form is Form.LINES}
    assert streams == {"system.events", "containers.stats", "containers.wait"}
