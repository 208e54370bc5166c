"""What `match` says of callers on the network, and what it refuses to say."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from sockguard.policy.cert_match import pattern_of
from sockguard.policy.model import MAIN, NETWORK, ContainerMatch, Match
from sockguard.policy.schema import policy_schema
from tests.support.policies import complaints_about, policy_of

VALIDATOR = Draft202012Validator(policy_schema())
FINGERPRINT = "ab" * 32


def client(match: str) -> str:
    return f"clients: {{web: {{allow: [], match: {match}}}}}"


def match_of(text: str) -> Match:
    return policy_of(client(text)).clients["web"].match


def fits_schema(text: str) -> bool:
    document: Any = yaml.safe_load("version: 1\n" + text)
    return VALIDATOR.is_valid(document)


GOOD = [
    "{cert: {spiffe: spiffe://home.lab/ops}}",
    "{cert: {spiffe: [spiffe://home.lab/ns/*/sa/ops, spiffe://home.lab/ci/**]}}",
    "{cert: {dns: web.home.lab}}",
    "{cert: {dns: ['*.home.lab', 'web.*.lab', Web]}}",
    "{cert: {email: ops@home.lab}}",
    "{cert: {email: '*@home.lab'}}",
    "{cert: {common_name: 'Ann O.'}}",
    f"{{cert: {{sha256: '{FINGERPRINT}'}}}}",
    f"{{cert: {{sha256: '{':'.join(['AB'] * 32)}'}}}}",
    f"{{cert: {{dns: web, sha256: '{FINGERPRINT}'}}, from: 10.0.0.0/8, container: {{name: web}}}}",
    "{from: 10.0.0.0/8, anyone_there: true}",
    "{from: [10.1.2.3, 'fd00::/8', '::1'], anyone_there: true}",
    "{from: 10.0.0.0/8, cert: {dns: web}}",
    "{from: 10.0.0.0/8, container: {name: web}}",
    "{container: {name: [web, 'web-*', 'ci_*_1']}}",
    "{container: {label: {com.acme/role: agent, tier: '1'}}}",
    "{container: {name: web, label: {role: agent}}}",
]


@pytest.mark.parametrize("match", GOOD)
def test_a_match_by_network_loads_and_editors_take_it(match: str) -> None:
    found = policy_of(client(match)).clients["web"]
    assert (found.match.by_network, found.socket, found.listener) == (True, None, NETWORK)
    assert fits_schema(client(match))


def test_what_is_compared_has_one_spelling() -> None:
    match = match_of(
        "{cert: {dns: WEB.Home.lab, email: '*@Home.Lab', sha256: '" + ":".join(["AB"] * 32) + "'},"
        " from: [10.1.2.3, 'FD00::/8']}"
    )
    assert match.cert is not None
    assert match.cert.names == {
        "dns": ("web.home.lab",),
        "email": ("*@home.lab",),
        "sha256": (FINGERPRINT,),
    }
    assert match.networks == (ip_network("10.1.2.3/32"), ip_network("fd00::/8"))


def test_a_container_is_recognised_by_globs_and_labels() -> None:
    match = match_of("{container: {name: web-*, label: {role: agent}}}")
    assert match.container == ContainerMatch(("web-*",), {"role": "agent"})


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ("{cert: any}", "cert says which kind of name it asks for (spiffe, dns, email, common_na"),
        ("{cert: {}}", "cert says which kind of name"),
        ("{cert: [web]}", "cert says which kind of name"),
        ("{cert: {san: web}}", "cert has no key 'san'"),
        ("{cert: {cn: web}}", "cert has no key 'cn'"),
        ("{cert: {dns: []}}", "dns is a name or a list of at least one"),
        ("{cert: {dns: 5}}", "dns must be text, not a number; write it in quotes"),
        ("{cert: {dns: [{like: a}]}}", "dns must be text, not a mapping"),
        ("{cert: {dns: ''}}", "dns '' is no DNS name"),
        ("{cert: {dns: '*'}}", "dns '*' is no DNS name, as in web.home.lab: `*` may stand for one"),
        ("{cert: {dns: '*.*'}}", "dns '*.*' is no DNS name"),
        ("{cert: {dns: '**.lab'}}", "dns '**.lab' is no DNS name"),
        ("{cert: {dns: 'w*.lab'}}", "dns 'w*.lab' is no DNS name"),
        ("{cert: {dns: web.lab.}}", "dns 'web.lab.' is no DNS name"),
        ("{cert: {dns: 10.0.0.5}}", "dns '10.0.0.5' is no DNS name"),
        ("{cert: {dns: wéb}}", "is no DNS name"),
        ("{cert: {spiffe: ops}}", "spiffe 'ops' is no SPIFFE ID of a workload"),
        ("{cert: {spiffe: spiffe://home.lab}}", "is no SPIFFE ID of a workload"),
        ("{cert: {spiffe: spiffe://*/ops}}", "is no SPIFFE ID of a workload"),
        ("{cert: {spiffe: '**'}}", "is no SPIFFE ID of a workload"),
        ("{cert: {spiffe: spiffe://**}}", "is no SPIFFE ID of a workload"),
        ("{cert: {spiffe: spiffe://a/web-*}}", "`*` may stand for a whole segment of its path"),
        ("{cert: {spiffe: spiffe://a/**/ops}}", "`**` as the last one for all below"),
        ("{cert: {spiffe: spiffe://a/***}}", "is no SPIFFE ID"),
        ("{cert: {spiffe: spiffe://a/ops/}}", "is no SPIFFE ID"),
        ("{cert: {email: ops}}", "email 'ops' is no address"),
        ("{cert: {email: '*@*'}}", "email '*@*' is no address"),
        ("{cert: {email: 'ops@*.lab'}}", "email 'ops@*.lab' is no address"),
        ("{cert: {email: 'o*@a.lab'}}", "`*` may stand for all before the @"),
        ("{cert: {email: '**@a.lab'}}", "is no address"),
        ("{cert: {common_name: 'web-*'}}", "is no common name that counts"),
        ("{cert: {common_name: ' web'}}", "is no common name that counts"),
        ("{cert: {sha256: 'abcd'}}", "sha256 'abcd' is no SHA-256 fingerprint: 64 hex digits"),
        (f"{{cert: {{sha256: '{'ab' * 31}*'}}}}", "is no SHA-256 fingerprint"),
        ("{from: 10.0.0.0/8}", "from alone makes everybody this client who can send from these"),
        ("{from: 10.0.0.0/8, anyone_there: false}", "from alone makes everybody this client"),
        ("{from: [], anyone_there: true}", "from is a network or a list of at least one"),
        ("{from: web, anyone_there: true}", "from 'web' is no network, as in 10.0.0.0/8"),
        ("{from: '', anyone_there: true}", "from '' is no network"),
        ("{from: 10, anyone_there: true}", "from must be text, not a number"),
        ("{from: 10.0.0.0/33, anyone_there: true}", "is no network"),
        ("{from: 10.0.0.0/255.0.0.0, anyone_there: true}", "is no network"),
        ("{from: 10.0.0.0/08, anyone_there: true}", "is no network"),
        ("{from: 10.0.0.01, anyone_there: true}", "is no network"),
        ("{from: '10', anyone_there: true}", "is no network"),
        ("{from: 10.0.0, anyone_there: true}", "is no network"),
        ("{from: 'fe80::1%eth0', anyone_there: true}", "is no network"),
        (
            "{from: 10.1.2.3/8, anyone_there: true}",
            "has bits set behind its prefix: write 10.0.0.0/8 for the network, or 10.1.2.3 for",
        ),
        ("{from: 'fd00::1/8', anyone_there: true}", "write fd00::/8 for the network, or fd00::1"),
        (
            "{from: '::ffff:10.0.0.0/104', anyone_there: true}",
            "callers with an IPv4 address are known by that; write 10.0.0.0/8",
        ),
        ("{from: '::ffff:10.1.2.3', anyone_there: true}", "write 10.1.2.3/32"),
        ("{anyone_there: true}", "anyone_there is for a from that stands alone"),
        ("{uid: 5, anyone_there: true}", "anyone_there is for a from that stands alone"),
        (
            "{from: 10.0.0.0/8, cert: {dns: a}, anyone_there: true}",
            "anyone_there is for a from that stands alone: leave it out here",
        ),
        ("{from: 10.0.0.0/8, anyone_there: yes}", "anyone_there must be true or false, not text"),
        (
            "{uid: 5, cert: {dns: web}}",
            "uid is known of callers on Unix sockets, cert of callers on network listeners",
        ),
        ("{gid: 5, from: 10.0.0.0/8}", "gid is known of callers on Unix sockets, from of callers"),
        ("{gid: 5, container: {name: web}}", "gid is known of callers on Unix sockets, container"),
        ("{container: web}", "container must be a mapping, not text"),
        ("{container: {}}", "container names the calling container by `name` or `label`"),
        ("{container: {image: web}}", "container has no key 'image'; it has name, label"),
        ("{container: {name: []}}", "name is a glob or a list of at least one"),
        ("{container: {name: 5}}", "container name must be text"),
        ("{container: {name: ''}}", "container name '' is no glob of letters"),
        ("{container: {name: /web}}", "container name '/web' is no glob of letters"),
        ("{container: {name: 'a b'}}", "is no glob of letters"),
        ("{container: {name: '*'}}", "also fits names that the Engine makes up"),
        ("{container: {name: '**'}}", "also fits names that the Engine makes up"),
        ("{container: {name: 'web*'}}", "put a hyphen into it, as in web-*"),
        ("{container: {name: '*_turing'}}", "also fits names that the Engine makes up"),
        ("{container: {name: '*3'}}", "also fits names that the Engine makes up"),
        ("{container: {label: {}}}", "label takes a mapping of labels to values"),
        ("{container: {label: role}}", "container label must be a mapping"),
        ("{container: {label: {role: ''}}}", "label role: a container is recognised by one text"),
        ("{container: {label: {role: any}}}", "label role: a container is recognised by one text"),
        ("{container: {label: {role: 5}}}", "label role must be text, not a number"),
        ("{container: {label: {role: [a, b]}}}", "label role must be text, not a list"),
    ],
)
def test_a_match_that_cannot_be_meant_is_refused(match: str, says: str) -> None:
    assert says in " | ".join(complaints_about(client(match)))


@pytest.mark.parametrize("match", ["{cert: {dns: a}}", "{from: 10.0.0.0/8, anyone_there: true}"])
@pytest.mark.parametrize("socket", ["main", '{mode: "0600"}'])
def test_a_client_of_the_network_has_no_unix_socket(match: str, socket: str) -> None:
    text = f"clients: {{web: {{allow: [], socket: {socket}, match: {match}}}}}"
    assert "socket is for clients on Unix sockets" in " | ".join(complaints_about(text))


def test_a_policy_says_which_listeners_it_needs() -> None:
    network = policy_of(client("{cert: {dns: a}}"))
    assert (network.uses_network, network.uses_main) == (True, False)
    main = policy_of("allow: []")
    assert (main.uses_network, main.uses_main) == (False, True)
    both = policy_of(
        "clients:\n  a: {allow: [], match: {cert: {dns: a}}}\n  b: {allow: [], socket: main}\n"
    )
    assert (both.uses_network, both.uses_main) == (True, True)
    assert both.clients["b"].listener == MAIN


def test_a_match_is_told_in_words() -> None:
    match = match_of(
        "{cert: {dns: [a, b], common_name: Ann}, from: [10.0.0.0/8, 'fd00::/8'],"
        " container: {name: [web, web-*], label: {role: x}}}"
    )
    assert match.describe() == (
        "by certificate dns a or b and common_name Ann, from 10.0.0.0/8 or fd00::/8,"
        " by container name web or web-* and label role=x"
    )


@pytest.mark.parametrize("kind", ["spiffe", "dns", "email", "common_name", "sha256"])
@pytest.mark.parametrize("text", ["*", "**", "", "*.", "*@", "spiffe://*/*", "*@*.*"])
def test_no_pattern_stands_for_everybody_with_a_certificate(kind: str, text: str) -> None:
    assert pattern_of(kind, text) == ""


def pair(one: str, other: str) -> str:
    return f"clients:\n  a: {{allow: [], match: {one}}}\n  b: {{allow: [], match: {other}}}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{cert: {dns: a.lab}}", "{cert: {dns: [b.lab, A.lab]}}"),
        ("{cert: {dns: a.lab}}", "{cert: {dns: '*.lab'}}"),
        ("{cert: {dns: a.lab}}", "{cert: {dns: a.lab, common_name: x}}"),
        ("{cert: {dns: a.lab}}", "{cert: {dns: '*.lab'}, from: 10.0.0.0/8}"),
        ("{cert: {spiffe: spiffe://a/x/y}}", "{cert: {spiffe: spiffe://a/**}}"),
        ("{cert: {spiffe: spiffe://a/*}}", "{cert: {spiffe: spiffe://a/**}}"),
        ("{cert: {spiffe: spiffe://a/**}}", "{cert: {spiffe: spiffe://a/*/x}}"),
        ("{cert: {email: '*@a.lab'}}", "{cert: {email: o@a.lab}}"),
        (
            "{from: 10.0.0.0/8, anyone_there: true}",
            "{from: [192.168.0.1, 10.1.0.0/16], anyone_there: true}",
        ),
        ("{from: 10.0.0.0/8, anyone_there: true}", "{from: 10.0.0.5, cert: {dns: a}}"),
        ("{container: {name: web-1}}", "{container: {name: web-*}}"),
        ("{container: {name: web-1*}}", "{container: {name: web-*}}"),
        ("{container: {label: {a: x}}}", "{container: {label: {a: x, b: y}}}"),
        ("{container: {label: {a: x}}}", "{container: {label: {a: x}, name: web}, from: '::/0'}"),
    ],
)
def test_two_clients_that_are_seen_to_be_one_do_not_load(one: str, other: str) -> None:
    for text in (pair(one, other), pair(other, one)):
        assert "match the same callers of the network listeners" in " ".join(complaints_about(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{cert: {dns: a.lab}}", "{cert: {dns: b.lab}}"),
        ("{cert: {dns: '*.lab'}}", "{cert: {dns: a.b.lab}}"),
        ("{cert: {dns: a.lab}}", "{cert: {spiffe: spiffe://a/x}}"),
        ("{cert: {dns: a.lab}}", "{from: 10.0.0.0/8, anyone_there: true}"),
        ("{cert: {dns: a.lab}, from: 10.0.0.0/8}", "{cert: {dns: a.lab}, from: 192.168.0.0/16}"),
        ("{from: 10.0.0.0/8, anyone_there: true}", "{from: 'fd00::/8', anyone_there: true}"),
        ("{from: 0.0.0.0/0, anyone_there: true}", "{from: '::/0', anyone_there: true}"),
        ("{container: {name: web}}", "{container: {name: db}}"),
        ("{container: {label: {a: x}}}", "{container: {label: {a: y}}}"),
        ("{container: {label: {a: x}}}", "{container: {label: {b: x}}}"),
        ("{container: {name: web, label: {a: x}}}", "{container: {label: {a: y}}}"),
        ("{uid: 5}", "{cert: {dns: a}}"),
    ],
)
def test_clients_that_need_not_meet_load(one: str, other: str) -> None:
    assert set(policy_of(pair(one, other)).clients) == {"a", "b"}
