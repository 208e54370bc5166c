"""Each kind of call of docker-py gives the same results, errors and effects as directly."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import docker
import pytest
from docker.types import Healthcheck, IPAMConfig, IPAMPool, LogConfig, Mount, Ulimit

from tests.support.docker_cli import scrubbed
from tests.support.docker_py import Task, archive, box, later, on_both, tls_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.conftest import Side

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def failure(
    call: Callable[..., object], *arguments: Any, **settings: Any
) -> tuple[int | None, str]:
    """Status and words of the error that the call must raise."""
    with pytest.raises(docker.errors.APIError) as caught:
        call(*arguments, **settings)
    return caught.value.status_code, scrubbed(str(caught.value.explanation))


def live_and_die(client: Any) -> object:
    one, states = box(client), []
    deeds: list[Callable[[], object]] = [
        one.pause, one.unpause, lambda: one.stop(timeout=0), one.start,
        lambda: one.restart(timeout=0), lambda: one.kill("KILL"),
    ]  # fmt: skip
    for deed in deeds:
        deed()
        one.wait(condition="not-running") if deed is deeds[-1] else None
        one.reload()
        states.append(one.status)
    one.remove(v=True)
    return states


def change_what_runs(client: Any) -> object:
    one = box(client)
    one.rename("renamed")
    one.update(mem_limit="64m", memswap_limit="64m", restart_policy={"Name": "always"})
    one.reload()
    settings = one.attrs["HostConfig"]
    return one.name, settings["Memory"], settings["RestartPolicy"], one.top()["Titles"]


def create_under_many_settings(client: Any) -> object:
    one = client.containers.create(
        "busybox", ["true"], name="many", hostname="h", environment={"A": "b"}, user="5:6",
        labels={"l": "ü"}, working_dir="/w", mem_limit="64m", nano_cpus=500_000_000,
        cap_add=["NET_ADMIN"], cap_drop=["MKNOD"], read_only=True, tmpfs={"/t": "size=1m"},
        ulimits=[Ulimit(name="nofile", soft=10, hard=20)], network_mode="none", pids_limit=9,
        mounts=[Mount("/v", "kept", type="volume", read_only=True)], init=False, shm_size="1m",
        healthcheck=Healthcheck(test=["CMD", "true"], interval=10**9), stop_signal="INT",
        log_config=LogConfig(type="json-file", config={"max-size": "1m"}), tty=True,
        stdin_open=True, extra_hosts={"far": "10.0.0.1"}, dns=["10.0.0.2"], auto_remove=False,
        sysctls={"net.ipv4.ip_forward": "0"}, devices=["/dev/null:/dev/void:r"],
        security_opt=["no-new-privileges"], group_add=["9"], oom_score_adj=10, privileged=False,
        volumes={"/tmp": {"bind": "/b", "mode": "ro"}}, restart_policy={"Name": "no"},
    )  # fmt: skip
    return one.attrs["HostConfig"], one.attrs["Config"]["Env"], len(one.attrs["Mounts"])


def read_logs(client: Any) -> object:
    one = box(client, "sh", "-c", "seq 9; sleep 0.3; echo err >&2; sleep 0.3; echo late")
    followed = [bytes(piece) for piece in one.logs(stream=True, follow=True)]
    now = int(time.time())
    return (
        b"".join(followed), one.logs(tail=3), one.logs(stdout=False), one.logs(stderr=False),
        one.logs(since=now + 60), one.logs(until=now + 60), one.logs(tail=0),
        scrubbed(one.logs(timestamps=True, tail=2).decode()),
    )  # fmt: skip


def execute_in_every_way(client: Any) -> object:
    one, api = box(client), client.api
    terminal = one.exec_run(later("stty size"), tty=True, environment={"A": "b"})
    detached = one.exec_run(["touch", "/made"], detach=True)
    made = api.exec_create(one.id, later("id; pwd; exit 5"), user="7", workdir="/tmp")
    said = api.exec_start(made["Id"])
    told = api.exec_inspect(made["Id"])
    pieces = one.exec_run(later("echo o; sleep 0.2; echo e >&2"), stream=True, demux=True)
    missing = one.exec_run(["/no/such/program"]).exit_code
    unknown = failure(api.exec_inspect, "nothing"), failure(api.exec_start, "nothing")
    return (
        terminal, detached.output, said, told["ExitCode"], told["Running"], list(pieces.output),
        missing, unknown,
    )  # fmt: skip


def attach_and_talk(client: Any) -> object:
    one = client.containers.create("busybox", ["sh", "-c", "cat; echo end"], stdin_open=True)
    connection = one.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    one.start()
    raw = connection._sock
    raw.settimeout(20)
    raw.sendall(b"typed\n")
    said = b""
    while not said.endswith(b"typed\n"):  # else both lines may share a frame
        said += raw.recv(4096)
    raw.shutdown(1)
    said += b"".join(iter(lambda: raw.recv(4096), b""))
    connection.close()
    return said, one.wait()


def watch_with_filters(client: Any) -> object:
    since = time.time()
    one = box(client, "true", name="watched", labels={"only": "this"})
    one.wait()
    one.remove()
    client.volumes.create("watched").remove()
    until = time.time() + 1

    def seen(**filters: Any) -> list[tuple[str, str]]:
        events = client.events(since=since, until=until, decode=True, filters=filters)
        return [(event["Type"], event["Action"]) for event in events]

    return (
        seen(container="watched"), seen(event=["die", "destroy"]), seen(image="busybox"),
        seen(label="only=this"), seen(volume="watched"), seen(type=["volume", "network"]),
        seen(network="nothing"), seen(scope="swarm"), seen(daemon="nothing"),
        seen(nonsense="x"),
    )  # fmt: skip


def look_at_changes_and_statistics(client: Any) -> object:
    one = box(client, "sh", "-c", "touch /made; sleep 60")
    time.sleep(0.5)
    once = one.stats(stream=False)
    stream = one.stats(decode=True)
    many = [sorted(next(stream)) for _ in range(2)]
    stream.close()
    return one.diff(), sorted(once), many, once["pids_stats"]["current"]


def commit_export_import(client: Any) -> object:
    one = client.containers.create("busybox", ["true"])
    image = one.commit("committed", tag="new", author="a", message="m", changes="ENV A=b")
    exported = b"".join(one.export())
    said = client.api.import_image_from_data(exported, repository="imported", tag="new")
    history = client.images.get("imported:new").history()
    seen = image.tags, image.attrs["Author"], len(exported), scrubbed(str(said)), len(history)
    client.images.remove("committed:new")
    client.images.remove("imported:new", force=True)
    return seen


def tag_and_list_images(client: Any) -> object:
    image = client.images.get("busybox")
    image.tag("tagged", "one")
    listed = client.images.list(name="tagged"), client.images.list(filters={"dangling": True})
    seen = [sorted(one.tags) for one in listed[0]]
    client.images.remove("tagged:one")
    gone = failure(client.images.get, "tagged:one"), failure(client.images.remove, "tagged:one")
    return seen, gone, sorted(image.attrs), client.api.history("busybox")[0]["Size"]


def ask_registries_that_do_not_answer(client: Any) -> object:
    api = client.api
    client.images.get("busybox").tag("localhost:1/pushed", "one")
    seen = (
        failure(client.images.pull, "localhost:1/nothing", tag="x"),
        scrubbed(client.images.push("localhost:1/pushed", tag="one")),
        failure(api.inspect_distribution, "localhost:1/nothing"),
        failure(client.images.search, "localhost:1/nothing"),
        failure(client.login, "somebody", "secret", registry="http://localhost:1"),
        failure(client.images.get_registry_data, "localhost:1/nothing"),
    )
    client.images.remove("localhost:1/pushed:one")
    return seen


def build_what_fails(client: Any) -> object:
    said = []
    recipes = b"FROM busybox\nRUN echo before; exit 5\n", b"NONSENSE\n", b"FROM nothing-here:x\n"
    for recipe in recipes[:1]:
        with pytest.raises(docker.errors.BuildError) as caught:
            client.images.build(fileobj=io.BytesIO(recipe), nocache=True, forcerm=True)
        said.append([scrubbed(str(line)) for line in caught.value.build_log])
    return said, failure(client.images.build, fileobj=io.BytesIO(recipes[1]))


def build_with_options(client: Any) -> object:
    context = io.BytesIO(archive("Other", b"FROM busybox\nARG A\nRUN echo $A > /a\nCMD cat /a\n"))
    image, _ = client.images.build(
        fileobj=context, custom_context=True, dockerfile="Other", buildargs={"A": "ü b"},
        labels={"l": "x"}, tag="built:py", nocache=True, forcerm=True, network_mode="none",
        container_limits={"memory": 1 << 26}, shmsize=1 << 20, extra_hosts={"far": "10.0.0.1"},
    )  # fmt: skip
    said = client.containers.run("built:py", remove=True)
    client.images.remove("built:py", force=True)
    return said, image.attrs["Config"]["Labels"]


def copy_and_fail(client: Any) -> object:
    one = client.containers.create("busybox")
    stat = client.api.get_archive(one.id, "/bin/cat")[1]
    return (
        stat["linkTarget"], stat["mode"], failure(one.get_archive, "/nothing"),
        failure(one.put_archive, "/no/such", archive("a", b"b")),
        failure(one.put_archive, "/tmp", b"nonsense" * 999),
        one.put_archive("/tmp", archive("a b ü", b"")), one.put_archive("/tmp", b""),
    )  # fmt: skip


def network_life(client: Any) -> object:
    pool = IPAMConfig(pool_configs=[IPAMPool("10.213.9.0/24", gateway="10.213.9.1")])
    one = client.networks.create("life", internal=True, labels={"only": "this"}, ipam=pool)
    member = box(client)
    one.connect(member, aliases=["other"], ipv4_address="10.213.9.77")
    twice = failure(one.connect, member)
    busy = failure(one.remove)
    one.reload()
    joined = [each.name == member.name for each in one.containers]
    one.disconnect(member, force=True)
    listed = [each.name for each in client.networks.list(filters={"label": "only=this"})]
    pruned = client.networks.prune(filters={"label": "only=this"})
    gone = failure(client.networks.get, "life"), failure(client.networks.create, "host")
    return scrubbed(str((twice, busy, gone)), member.name), joined, listed, pruned


def volume_life(client: Any) -> object:
    one = client.volumes.create("life", driver_opts={"type": "tmpfs", "device": "tmpfs"})
    user = client.containers.create("busybox", volumes=["life:/v"])
    busy = failure(one.remove)
    user.remove()
    listed = [each.name for each in client.volumes.list(filters={"name": "life"})]
    one.remove()
    return busy, listed, failure(one.remove), failure(client.volumes.get, "life")


def prune(client: Any) -> object:
    for kind in (client.containers, client.images, client.networks, client.volumes):
        kind.prune()
    client.containers.create("busybox", name="spare")
    gone = client.containers.prune()
    built = client.api.prune_builds()
    return len(gone["ContainersDeleted"]), client.volumes.prune(), client.networks.prune(), built


def conflicts(client: Any) -> object:
    one = client.containers.create("busybox", ["sleep", "60"], name="taken")
    clash = failure(client.containers.create, "busybox", name="taken")
    not_running = failure(one.pause), failure(one.kill), failure(one.exec_run, "true")
    one.start()
    one.start()  # 304
    running = failure(one.remove), failure(one.unpause)
    one.stop(timeout=0)
    one.stop(timeout=0)  # 304
    bad = failure(client.containers.create, "busybox", mem_limit=1), failure(one.rename, "taken")
    return clash, not_running, running, bad


def unknown_objects(client: Any) -> object:
    api = client.api
    calls = (
        api.start, api.stop, api.restart, api.kill, api.pause, api.unpause, api.wait, api.logs,
        api.top, api.diff, api.inspect_container, api.remove_container, api.inspect_image,
        api.remove_image, api.history, api.inspect_network, api.remove_network,
        api.inspect_volume, api.remove_volume, api.inspect_plugin, api.remove_plugin,
    )  # fmt: skip
    return [failure(call, "nothing") for call in calls]


def without_a_swarm(client: Any) -> object:
    kinds = (client.nodes, client.services, client.secrets, client.configs)
    lists = [failure(kind.list) for kind in kinds]
    return lists, failure(client.swarm.leave), failure(client.services.get, "x")


def the_system(client: Any) -> object:
    info = client.info()
    same = ("Driver", "OSType", "NCPU", "MemTotal", "ServerVersion", "Plugins", "Warnings", "Swarm")
    return (
        client.ping(), client.version(), [info[name] for name in same], sorted(info),
        sorted(client.df()), [plugin.name for plugin in client.plugins.list()],
    )  # fmt: skip


def many_at_once(client: Any) -> object:
    one = box(client)
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda n: one.exec_run(later(f"echo {n}")).output, range(16)))


def one_connection_for_many(client: Any) -> object:
    return [len(client.containers.list(all=True)) for _ in range(200)]


TASKS = (
    live_and_die, change_what_runs, create_under_many_settings, read_logs, execute_in_every_way,
    attach_and_talk, watch_with_filters, look_at_changes_and_statistics, commit_export_import,
    tag_and_list_images, ask_registries_that_do_not_answer, build_what_fails, build_with_options,
    copy_and_fail, network_life, volume_life, prune, conflicts, unknown_objects,
    without_a_swarm, the_system, many_at_once, one_connection_for_many,
)  # fmt: skip


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.__name__)
def test_a_task_gives_the_same(task: Task, sides: tuple[Side, Side]) -> None:
    direct, guarded = on_both(task, sides)
    assert guarded == direct


def test_each_version_lists_and_inspects_the_same(sides: tuple[Side, Side]) -> None:
    seen = []
    for side in sides:
        side.engine.docker("create", "--name=old", "busybox", "true")
        tls = tls_of(side)
        versions = [docker.APIClient(side.host, f"1.{one}", tls=tls) for one in range(24, 42)]
        listed = [(api.containers(all=True), api.inspect_container("old")) for api in versions]
        seen.append(scrubbed(str(listed), *side.words))
        for api in versions:
            api.close()
        side.engine.remove_containers()
    assert seen[1] == seen[0]
