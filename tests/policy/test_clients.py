from __future__ import annotations

import pytest

from sockguard.policy.load import PolicyError, load_text
from sockguard.policy.model import Limits, Match, Mode, Rate, SocketFile
from tests.support.policies import complaints_about, policy_of


def complaint(text: str) -> str:
    return " | ".join(complaints_about(text))


def client(text: str) -> str:
    return "clients:\n  web: {allow: [system/hello], " + text + "}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (client("match: {}"), "an empty match would match everybody; leave it out"),
        (
            client("match: {cert: {dns: a}}, socket: main"),
            "this one is recognised on the network listeners, by certificate dns a",
        ),
        (client("match: {user: 5}"), "match has no key 'user'"),
        (client("match: {uid: alice}"), "uid must be a whole number from 0 on"),
        (client("match: {uid: true}"), "uid must be a whole number"),
        (client("match: {uid: -1}"), "uid must be a whole number from 0 on"),
        (client("match: {uid: 4294967295}"), "beyond what the kernel knows"),
        (client("match: {uid: []}"), "uid is a number or a list of at least one"),
        (client("socket: mine"), "socket is main, or a mapping of mode, uid and gid"),
        (client("socket: {mode: 0660}"), 'modes are quoted text, as in "0660"'),
        (client("socket: {mode: 0o660}"), "modes are quoted text"),
        (client('socket: {mode: "660x"}'), "mode is three octal digits"),
        (client('socket: {mode: "7777"}'), "mode is three octal digits"),
        (client("socket: {owner: 5}"), "socket has no key 'owner'"),
        (client("mode: off"), "mode is enforce or report"),
        (client("own_objects_only: 1"), "own_objects_only must be true or false, not a number"),
        (client("also: {networks: [a]}"), "also stands beside own_objects_only: it widens that"),
        (client("own_objects_only: true, also: {images: [a]}"), "also has no key 'images'"),
        (
            client("own_objects_only: true, also: {networks: a}"),
            "a list of names in also must be a",
        ),
        (client("limits: {requests: 50}"), "requests is N/second or N/minute"),
        (client("limits: {requests: 50/hour}"), "requests is N/second or N/minute"),
        (client("limits: {requests: 0/second}"), "requests is N/second or N/minute"),
        (client("limits: {streams: 0}"), "streams must be a whole number from 1 on"),
        (client("limits: {body: lots}"), "body is a size in bytes or with KiB, MiB or GiB"),
        (client("limits: {body: 0}"), "body is a size"),
        (client("limits: {burst: 5}"), "limits has no key 'burst'; it has requests, streams, body"),
        (
            client("deny: []"),
            "the client 'web' has no key 'deny': a policy only allows; what it do",
        ),
        ("allow: []\ndeny: [exec.create]", "a policy has no key 'deny': a policy only allows"),
        (client("role: reader"), "the client 'web' has both `role` and `allow`: keep one"),
        ("clients: {web: {}}", "the client 'web' needs a `role` by name or an `allow` of its own"),
        ("clients: {web: {role: [a]}}", "role must be text, not a list"),
        ("clients: {main: {allow: []}}", "the client 'main' is reserved"),
        ("roles: {main: {allow: []}}", "the role 'main' is reserved"),
        ("clients: {Web: {allow: []}}", "the client 'Web' is no name"),
        ("clients: {../x: {allow: []}}", "the client '../x' is no name"),
        ("clients: {" + "w" * 64 + ": {allow: []}}", "is no name"),
        ("roles: {reader: {}}", "the role 'reader' has no allow; [] grants nothing"),
        ("roles: {reader: {allow: [], match: {uid: 1}}}", "the role 'reader' has no key 'match'"),
        ("mode: report\nclients: {}", "mode stands beside a top-level allow"),
        (
            "allow: []\nclients: {web: {allow: []}}",
            "a top-level allow is for one caller: with clients, give each its own",
        ),
        (
            "clients: {web: {role: readr}}\nroles: {reader: {allow: []}}",
            "there is no role 'readr' (did you mean reader?)",
        ),
        (
            "roles:\n  reader: {allow: []}\n  reader: {allow: []}",
            "the key 'reader' stands here twice (first in line 3)",
        ),
        ("version: 1\nallow: []", "the key 'version' stands here twice"),
    ],
)
def test_a_client_that_cannot_be_meant_is_refused(text: str, says: str) -> None:
    assert says in complaint(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "clients:\n  web:\n  allow:\n    - system/hello",
            "4: no client is called 'allow': mind the indentation of this word",
        ),
        (
            "clients:\n  web:\n    allow: []\n  match: {uid: 5}",
            "5: no client is called 'match': mind the indentation of this word",
        ),
        (
            "roles:\n  reader:\n  allow: [system/hello]",
            "4: no role is called 'allow': mind the indentation of this word",
        ),
        ("clients:\n  web:", "3: the client 'web' must be a mapping, not nothing"),
        ("roles: {reader: }", "2: the role 'reader' must be a mapping, not nothing"),
        ("roles: {reader: {alow: []}}", "2: the role 'reader' has no key 'alow' (did you mean a"),
        ("clients: {web: {alow: []}}", "2: the client 'web' has no key 'alow' (did you mean allow"),
        ("clients: {web: {allow: [], match: 5}}", "2: match must be a mapping, not a number"),
        ("alow: []\nmode: report", "2: a policy has no key 'alow' (did you mean allow?)"),
        (
            "clients: {web: {role: reeder}}\nexpect: [{as: web, do: GET /info, thn: deny}]",
            "2: there is no role 'reeder'",
        ),
    ],
)
def test_one_mistake_has_one_complaint(text: str, says: str) -> None:
    first, *others = complaints_about(text)
    assert first.startswith(says)
    assert others == (
        ["3: a case of expect has no key 'thn' (did you mean then?)"] * ("thn" in text)
    )


def test_a_client_may_be_called_like_a_word_of_the_language() -> None:
    policy = policy_of(
        "clients: {limits: {allow: []}, role: {role: match}}\nroles: {match: {allow: []}}"
    )
    assert policy.clients.keys() == {"limits", "role"}


@pytest.mark.parametrize("version", ["2", '"1"', "1.0", "true", "null", "[1]"])
def test_only_version_1_is_read(version: str) -> None:
    with pytest.raises(PolicyError, match="reads `version: 1`"):
        load_text(f"version: {version}\nallow: []\n")
    with pytest.raises(PolicyError, match="`version: 1` is missing"):
        load_text("allow: []\n")


def test_a_client_has_a_socket_of_its_own_unless_it_shares_the_main_one() -> None:
    policy = policy_of(
        """
        clients:
          own: {allow: []}
          set: {allow: [], socket: {mode: "0660", uid: 5, gid: 1000}}
          shared: {allow: [], socket: main, match: {uid: [1000, 1001], gid: 5}}
        """
    )
    assert policy.clients["own"].socket == SocketFile()
    assert policy.clients["set"].socket == SocketFile(0o660, 5, 1000)
    assert policy.clients["shared"].socket is None
    assert policy.clients["shared"].match == Match((1000, 1001), (5,))


def test_a_top_level_allow_is_the_client_and_the_role_main() -> None:
    policy = policy_of("allow: [system/hello]\nmode: report\nlimits: {streams: 5}")
    main = policy.clients["main"]
    assert (main.name, main.role.name, main.socket) == ("main", "main", None)
    assert (main.mode, main.limits.streams) == (Mode.REPORT, 5)
    assert policy.roles["main"] is main.role


def test_a_clients_mode_and_each_of_its_limits_replace_the_roles() -> None:
    policy = policy_of(
        """
        roles:
          busy: {allow: [], mode: report, limits: {requests: 50/second, streams: 3, body: 4MiB}}
        clients:
          plain: {role: busy}
          own: {role: busy, mode: enforce, limits: {requests: 10/minute}}
        """
    )
    assert policy.clients["plain"].mode is Mode.REPORT
    assert policy.clients["plain"].limits == Limits(Rate(50, 1), 3, 4 * 1024**2)
    assert policy.clients["own"].mode is Mode.ENFORCE
    assert policy.clients["own"].limits == Limits(Rate(10, 60), 3, 4 * 1024**2)


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("", "match: {uid: 5}", True),
        ("", "", True),
        ("match: {uid: 5}", "match: {uid: 6}", False),
        ("match: {uid: [5, 6]}", "match: {uid: [6, 7]}", True),
        ("match: {uid: 5}", "match: {uid: 5, gid: 1}", True),
        ("match: {uid: 5, gid: 2}", "match: {uid: 5, gid: 1}", False),
        ("match: {uid: 5}", "match: {gid: 1}", False),
        ("match: {gid: 1}", "match: {gid: [1, 2]}", True),
    ],
)
def test_overlaps_that_the_keys_show_are_found_at_load(one: str, other: str, overlap: bool) -> None:
    text = (
        f"clients:\n  a: {{allow: [], socket: main, {one}}}\n"
        f"  b: {{allow: [], socket: main, {other}}}\n"
    )
    if overlap:
        assert "client 'b' and client 'a' (policy.yaml:3) match the same callers" in complaint(text)
    else:
        policy_of(text)


def test_clients_with_sockets_of_their_own_never_overlap() -> None:
    policy_of("clients: {a: {allow: []}, b: {allow: []}}")
