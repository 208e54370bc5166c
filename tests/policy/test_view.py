"""What policies say of views: each word holds for what it says, in every spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sockguard.engine.catalogue.all import OPERATIONS
from sockguard.engine.facts import Facts
from sockguard.engine.paths import WAYS_TO_ROOT
from sockguard.engine.view import Asking, Item
from sockguard.engine.views.all import VIEWS
from sockguard.policy.complaints import Complaints
from sockguard.policy.model import Source
from sockguard.policy.tree import Entry, Node
from sockguard.policy.view import ViewConstraint, read_view
from tests.support.go_paths import go_clean

if TYPE_CHECKING:
    from collections.abc import Callable

PLACE = Source("policy.yaml", 7)
OPERATION = {name: next(iter(sorted(view.operations))) for name, view in VIEWS.items()}
HEX = "ab" * 32
DIGEST = f"sha256:{HEX}"


def node(value: object) -> Node:
    if isinstance(value, dict):
        return Node(PLACE, {key: Entry(PLACE, node(item)) for key, item in value.items()})
    if isinstance(value, list):
        return Node(PLACE, tuple(map(node, value)))
    return Node(PLACE, value)  # type: ignore[arg-type]


def attempt(view: str, value: object) -> tuple[ViewConstraint, list[str]]:
    complaints = Complaints()
    operation = OPERATIONS[OPERATION[view]]
    constraint = read_view(VIEWS[view], operation, Entry(PLACE, node(value)), complaints)
    return constraint, [one.message for one in complaints.found]


def read(view: str, value: object) -> ViewConstraint:
    constraint, complaints = attempt(view, value)
    assert complaints == []
    return constraint


def admitted(constraint: ViewConstraint, *values: str) -> list[str]:
    return [value for value in values if constraint.holds(Item(value, "somewhere"))]


@pytest.mark.parametrize(
    ("view", "constraint", "good", "bad"),
    [
        ("image", "alpine", ["docker.io/library/alpine:latest"], ["docker.io/library/alpine:1"]),
        ("image", "alpine:1", ["docker.io/library/alpine:1"], ["docker.io/library/alpine:*"]),
        ("image", ["acme/a", "x"], ["docker.io/acme/a:latest", "docker.io/library/x:latest"], []),
        ("image", HEX, [DIGEST], ["docker.io/library/" + HEX + ":latest", "sha256:abab"]),
        ("image", DIGEST, [DIGEST], []),
        (
            "image",
            f"alpine@{DIGEST}",
            [f"docker.io/library/alpine@{DIGEST}", f"docker.io/library/alpine:1@{DIGEST}"],
            ["docker.io/library/alpine:1", f"docker.io/library/alpine@sha256:{'0' * 64}"],
        ),
        (
            "image",
            f"alpine:1@{DIGEST}",
            [f"docker.io/library/alpine@{DIGEST}", f"docker.io/library/alpine:1@{DIGEST}"],
            ["docker.io/library/alpine:1"],
        ),
        (
            "image",
            {"like": "docker.io/library/alpine:3.*"},
            ["docker.io/library/alpine:3.19"],
            [
                "docker.io/library/alpine:*",
                f"docker.io/library/alpine@{DIGEST}",
                f"docker.io/library/alpine:3.19@{DIGEST}",
            ],
        ),
        (
            "image",
            {"like": "docker.io/library/alpine@*"},
            [f"docker.io/library/alpine@{DIGEST}", f"docker.io/library/alpine:3.19@{DIGEST}"],
            ["docker.io/library/alpine:3.19"],
        ),
        (
            "image",
            {"like": ["ghcr.io/acme/*", "docker.io/library/*"]},
            [
                *("ghcr.io/acme/app:1", f"ghcr.io/acme/app:1@{DIGEST}", "ghcr.io/acme/app:*"),
                "docker.io/library/alpine:latest",
            ],
            ["ghcr.io/acme/a/b:1", "ghcr.io/evil/app:1", "sha256:cafe", DIGEST, ""],
        ),
        ("image", {"like": "sha256:*"}, [DIGEST, "sha256:cafe"], ["docker.io/library/a:1"]),
        ("image", {"like": "**"}, [DIGEST, "docker.io/library/a:1", "x.io/a/b/c:1"], [""]),
        ("ports", 8080, ["*:8080/tcp", "127.0.0.1:8080/udp"], ["*:8081/tcp", "*:*/tcp"]),
        ("ports", ["127.0.0.1:*"], ["127.0.0.1:*/tcp", "127.0.0.1:5/udp"], ["*:5/tcp"]),
        ("ports", "8000-8010/tcp", ["*:8000-8005/tcp"], ["*:8000/udp", "*:8010-8011/tcp"]),
        ("ports", {"one_of": [80, 443]}, ["*:80/tcp", "*:443/tcp"], ["*:80-443/tcp"]),
        ("networks", "web", ["web"], ["bridge", "web2", ""]),
        ("networks", ["web", "default"], ["web", "bridge"], ["host", "none"]),
        ("networks", {"like": "ci-*"}, ["ci-1"], ["bridge"]),
        ("user", "0", ["root"], ["1000", ""]),
        ("user", "root", ["root"], ["1000"]),
        ("user", "01000", ["1000"], ["1000:1000", "root"]),
        ("user", ["node", "1000:1000"], ["node", "1000:1000"], ["1000", ""]),
        ("user", {"like": "*"}, ["root", "node"], [""]),
        (
            "user",
            {"at_least": 1000},
            ["1000", "65534", "1000:1000"],
            ["root", "999", "1000:0", "1000:docker", "node", "node:1000", ""],
        ),
        ("user", {"at_least": 0}, ["root", "1"], ["node", ""]),
        ("capabilities", "cap_net_admin", ["NET_ADMIN"], ["ALL", "NET_RAW"]),
        ("capabilities", ["NET_RAW", "ALL"], ["NET_RAW", "ALL"], ["SYS_ADMIN"]),
        ("capabilities", {"like": "CAP_NET_*"}, ["NET_RAW"], ["SYS_ADMIN"]),
        ("devices", "/dev/kvm", ["/dev/kvm"], ["/dev", "/dev/kvm2"]),
        ("devices", {"like": "/dev/ttyUSB*"}, ["/dev/ttyUSB0"], ["/dev/ttyS0", "/dev"]),
        ("devices", "nvidia:all", ["nvidia:all"], ["nvidia:0", "cdi:all"]),
        ("devices", "c 188:* rwm", ["c 188:* rwm"], ["c 188:0 rwm", "a *:* rwm"]),
        ("namespaces", "pid=host", ["pid=host"], ["ipc=host", "network=host"]),
        ("namespaces", {"like": "network=container:*"}, ["network=container:a"], ["network=host"]),
        ("namespaces", ["ipc=shareable", "cgroup=container:a"], ["cgroup=container:a"], []),
        ("signal", "HUP", ["HUP"], ["KILL", "TERM"]),
        ("signal", 1, ["HUP"], ["KILL"]),
        ("signal", ["sighup", "15", "SIGRTMIN+3"], ["HUP", "TERM", "RTMIN+3"], ["KILL"]),
        ("signal", {"like": "SIGUSR*"}, ["USR1", "USR2"], ["HUP"]),
        ("signal", {"equals": "HUP"}, ["HUP"], ["INT"]),
    ],
)
def test_a_constraint_holds_for_what_it_says_and_nothing_else(
    view: str, constraint: object, good: list[str], bad: list[str]
) -> None:
    held = read(view, constraint)
    assert admitted(held, *good) == good
    assert admitted(held, *bad) == []


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_any_admits_all_but_what_has_no_form(view: str) -> None:
    held = read(view, "any")
    assert held.text == "any"
    assert held.holds(Item("", "somewhere"))
    assert held.holds(Item("/", "somewhere", writable=True, reserved=True))
    assert not held.holds(Item("x", "somewhere", strange=True))


@pytest.mark.parametrize(
    ("view", "constraint"),
    [
        ("image", {"like": "**"}),
        ("networks", {"like": "**"}),
        ("user", {"like": "**"}),
        ("host_paths", {"under": "/"}),
        ("devices", {"like": "**"}),
    ],
)
def test_the_widest_word_does_not_admit_what_has_no_form(view: str, constraint: object) -> None:
    held = read(view, constraint)
    assert not held.holds(Item("/x", "somewhere", strange=True))
    assert not held.holds(Item("", "somewhere"))


@pytest.mark.parametrize(
    ("view", "constraint", "says"),
    [
        ("image", "alp*", 'write {like: "alp*"}'),
        ("image", "Alpine", "a name that no image can have"),
        ("image", "deadbeef", "write all of the id"),
        ("image", "sha256:dead", "write all of the id"),
        ("image", {"like": "alpine:*"}, "write docker.io/library/alpine:*, not alpine:*"),
        ("image", {"like": "acme/*"}, "write docker.io/acme/*, not acme/*"),
        ("image", {"like": "docker.io/alpine"}, "write docker.io/library/alpine:*"),
        ("image", {"like": "index.docker.io/a/b:*"}, "write docker.io/a/b:*"),
        ("image", {"like": "ghcr.io/acme/app"}, "write ghcr.io/acme/app:*"),
        ("image", {"like": "docker.io/*"}, "write docker.io/library/*"),
        ("image", {"like": "cafe"}, "write sha256:*"),
        ("image", {"lik": "x"}, "image has no word 'lik' (did you mean like?)"),
        ("image", {"at_least": 5}, "image has no word 'at_least'"),
        ("image", 5, "image takes texts, not a number: quote it"),
        ("image", [], "image takes a list of at least one text"),
        ("image", {}, "image has an empty constraint; write any"),
        ("image", [["a"]], "image takes texts, not a list"),
        ("host_paths", "srv", "host_paths takes absolute, clean paths, not 'srv'"),
        ("host_paths", "/srv/", "host_paths takes absolute, clean paths"),
        ("host_paths", "/srv:ro", "it is read-only unless the item says `writable: true`"),
        ("host_paths", "/srv/../etc", "host_paths takes absolute, clean paths"),
        ("host_paths", ["/srv", 5], "host_paths takes absolute, clean paths, not a number"),
        ("host_paths", {"under": []}, "host_paths takes absolute, clean paths, not a list"),
        ("host_paths", "/srv/*", "host_paths knows no globs: write under"),
        ("host_paths", {"undr": "/srv"}, "host_paths has no key 'undr' (did you mean under?)"),
        ("host_paths", {"writable": True}, "by one of `path` and `under`"),
        ("host_paths", {"under": "/a", "path": "/b"}, "by one of `path` and `under`"),
        ("host_paths", {"under": "/a", "writable": 1}, "writable must be true or false"),
        ("host_paths", {"under": "/etc/app"}, "nothing lies under /etc/app, since /etc leads to"),
        ("host_paths", {"under": "/var/run"}, "nothing lies under /run"),
        ("host_paths", [], "host_paths takes a list of at least one path"),
        ("ports", "http", "write [ADDRESS:]PORT[-PORT][/PROTOCOL]"),
        ("ports", 0, "write [ADDRESS:]PORT"),
        ("ports", {"like": "80*"}, "ports has no word 'like'; it has equals, one_of"),
        ("networks", "host", "host is no network; write namespaces: network=host"),
        ("networks", "container:web", "write namespaces: network=container:web"),
        ("networks", "none", "none is no network and passes by itself"),
        ("networks", "a/b", "a name that no network can have"),
        ("user", 1000, "user takes texts, not a number: quote it"),
        ("user", "", "'' is no user"),
        ("user", "-1", "'-1' is no user"),
        ("user", {"at_least": "1000"}, "at_least takes a whole number"),
        ("user", {"at_most": 5}, "user has no word 'at_most' (did you mean at_least?)"),
        ("capabilities", "NET_ADMN", "is no capability (did you mean NET_ADMIN?)"),
        ("capabilities", True, "capabilities takes texts, not true or false: quote it"),
        ("devices", "kvm", "write a path, a rule such as"),
        ("devices", "/dev/../x", "takes absolute, clean paths"),
        ("namespaces", "host", "write KIND=MODE, as in pid=host, not 'host'"),
        ("namespaces", "pids=host", "(did you mean pid?)"),
        ("namespaces", "uts=container:x", "uts takes host, not 'container:x'"),
        ("namespaces", "ipc=private", "shares nothing and passes by itself"),
        ("namespaces", "pid=container:", "pid takes host or container:NAME"),
        ("namespaces", {"like": "container:*"}, "write KIND=MODE"),
        ("signal", "HUPP", "'HUPP' is no signal (did you mean HUP?)"),
        ("signal", 0, "'0' is no signal"),
    ],
)
def test_what_a_view_cannot_mean_is_said(view: str, constraint: object, says: str) -> None:
    held, complaints = attempt(view, constraint)
    assert any(says in message for message in complaints), complaints
    assert not held.holds(Item("/srv", "somewhere"))


def test_a_view_is_of_no_use_to_an_operation_that_asks_for_nothing_of_it() -> None:
    complaints = Complaints()
    entry = Entry(PLACE, node("any"))
    read_view(VIEWS["signal"], OPERATIONS["images.pull"], entry, complaints)
    assert "images.pull asks for nothing that signal gathers" in complaints.found[0].message


# --- paths of the host -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "good", "bad"),
    [
        ("/srv", [Item("/srv", "")], [Item("/srv", "", writable=True), Item("/srv/a", "")]),
        ({"path": "/srv", "writable": True}, [Item("/srv", "", writable=True)], []),
        (
            ["/etc/localtime", {"path": "/run/docker.sock", "writable": True}],
            [
                Item("/etc/localtime", "", reserved=True),
                Item("/run/docker.sock", "", writable=True, reserved=True),
            ],
            [
                Item("/etc", "", reserved=True),
                Item("/etc/localtime", "", writable=True, reserved=True),
            ],
        ),
        ("/var/run/docker.sock", [Item("/run/docker.sock", "", reserved=True)], []),
        (
            {"under": ["/srv", "/opt"]},
            [Item("/srv", ""), Item("/srv/a/b", ""), Item("/opt/x", "")],
            [
                *(Item("/srvx", ""), Item("/", ""), Item("/srv/a", "", writable=True)),
                *(Item("/srv/own", "", reserved=True), Item("nfs:/srv/a", "", reserved=True)),
            ],
        ),
        (
            {"under": "/srv", "writable": True},
            [Item("/srv/a", "", writable=True), Item("/srv/a", "")],
            [Item("/srv/own", "", writable=True, reserved=True)],
        ),
        (
            [{"under": "/srv"}, {"under": "/data", "writable": True}],
            [Item("/srv/a", ""), Item("/data/a", "", writable=True)],
            [Item("/srv/a", "", writable=True)],
        ),
        ({"under": "/"}, [Item("/srv", "")], [Item("/etc", "", reserved=True), Item("x:/a", "")]),
    ],
)
def test_paths_are_written_out_or_lie_under_a_folder(
    constraint: object, good: list[Item], bad: list[Item]
) -> None:
    held = read("host_paths", constraint)
    assert [item for item in good if not held.holds(item)] == []
    assert [item for item in bad if held.holds(item)] == []


OWN = "/srv/builds/sockguard"
names = st.text(st.sampled_from("ab.:/\\~*\0 ,"), max_size=8)
pieces = st.sampled_from(
    [
        "/srv/builds",
        "/srv",
        "sockguard",
        "..",
        ".",
        "/",
        "etc",
        "/var/run",
        "/run",
        "a",
        ":ro",
        ":/x",
    ]
)
invented = st.one_of(
    st.text(max_size=20),
    st.lists(st.one_of(pieces, names), max_size=6).map("/".join),
    st.lists(st.one_of(pieces, names), max_size=6).map("".join),
)
options = st.dictionaries(
    st.sampled_from(["type", "o", "device", "size"]),
    st.one_of(invented, st.sampled_from(["none", "tmpfs", "bind", "rbind,ro", "overlay", "nfs"])),
)
mounts = st.fixed_dictionaries(
    {},
    optional={
        "Type": st.sampled_from(["bind", "volume", "tmpfs", "image", "", "Bind"]),
        "Source": invented,
        "ReadOnly": st.booleans(),
        "VolumeOptions": st.fixed_dictionaries(
            {"DriverConfig": st.fixed_dictionaries({"Options": options})}
        ),
    },
)


def as_the_engine_reads(document: dict[str, dict[str, list[object]]]) -> list[str]:
    """Read all sources that are bound, cleaned as Go does it, with a parser of its own."""
    found = []
    for bind in document["HostConfig"]["Binds"]:
        parts = str(bind).split(":", 3)
        if 1 < len(parts) < 4 and parts[0].startswith("/"):
            found.append(go_clean(parts[0]))
    for mount in document["HostConfig"]["Mounts"]:
        assert isinstance(mount, dict)
        if mount.get("Type") == "bind":
            found.append(go_clean(mount.get("Source", "")))
        made = mount.get("VolumeOptions", {}).get("DriverConfig", {}).get("Options", {})
        if mount.get("Type") == "volume" and {"bind", "rbind"} & set(made.get("o", "").split(",")):
            found.append(go_clean(made.get("device", "")))
    return found


def is_kept(path: str) -> bool:
    """Tell whether a path leads to root or to sockguard, asked the long way round."""
    kept = {*WAYS_TO_ROOT, *(f"/var{way}" for way in WAYS_TO_ROOT if way == "/run"), OWN}
    return any(f"{path}/".startswith(f"{one}/") or f"{one}/".startswith(f"{path}/") for one in kept)


near = st.tuples(st.just("/srv/builds/"), invented, st.sampled_from([":/x:ro", ":/x", ""]))


@given(st.lists(st.one_of(invented, near.map("".join)), max_size=3), st.lists(mounts, max_size=2))
@example(["/srv/builds/../../etc:/x:ro"], [])
@example(["/srv/builds/sockguard/policy:/x:ro"], [])
@example(["/srv/builds/a:/x:ro"], [{"Type": "bind", "Source": "/srv/builds//a", "ReadOnly": True}])
def test_what_lies_under_a_folder_does_so_for_the_engine_too(
    binds: list[str], mounted: list[dict[str, object]]
) -> None:
    document: dict[str, dict[str, list[object]]] = {
        "HostConfig": {"Binds": list(binds), "Mounts": list(mounted)}
    }
    asking = Asking("containers.create", document=document, reserved=frozenset({OWN}))
    held = read("host_paths", {"under": "/srv/builds"})
    items = VIEWS["host_paths"].gather(asking, Facts()).items
    if all(map(held.holds, items)):
        for path in as_the_engine_reads(document):
            assert f"{path}/".startswith("/srv/builds/"), path
            assert not is_kept(path), path


@given(st.lists(invented, max_size=3))
def test_whatever_is_sent_a_gathered_path_has_a_form_or_is_strange(binds: list[str]) -> None:
    document = {"HostConfig": {"Binds": binds}}
    items = (
        VIEWS["host_paths"].gather(Asking("containers.create", document=document), Facts()).items
    )
    any_path: Callable[[Item], bool] = read("host_paths", "any").holds
    for item in items:
        assert item.strange is not any_path(item)
        assert item.strange or item.value == go_clean(item.value)
