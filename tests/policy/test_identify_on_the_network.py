"""Callers of network listeners: one client, or nobody."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sockguard.errors import Reason, Refusal
from sockguard.identity.caller import Caller, CallingContainer
from sockguard.identity.certificate import Certificate, certificate_of
from sockguard.policy.identify import identify, matches
from tests.support.policies import policy_of

if TYPE_CHECKING:
    from sockguard.policy.model import Policy

TLS = "tls://0.0.0.0:2376"
A, B = "ab" * 32, "cd" * 32

POLICY = policy_of(
    f"""
    clients:
      by_spiffe: {{allow: [], match: {{cert: {{spiffe: spiffe://home.lab/ci/*}}}}}}
      below: {{allow: [], match: {{cert: {{spiffe: spiffe://home.lab/ops/**}}}}}}
      by_dns: {{allow: [], match: {{cert: {{dns: "*.home.lab"}}}}}}
      by_email: {{allow: [], match: {{cert: {{email: "*@home.lab"}}}}}}
      by_name: {{allow: [], match: {{cert: {{common_name: Ann O.}}}}}}
      by_pin: {{allow: [], match: {{cert: {{sha256: "{A}"}}}}}}
      twice: {{allow: [], match: {{cert: {{dns: two.lab, common_name: two}}}}}}
      fenced: {{allow: [], match: {{cert: {{dns: fenced.lab}}, from: [10.1.0.0/16, "fd00::/8"]}}}}
      there: {{allow: [], match: {{from: 192.168.7.0/24, anyone_there: true}}}}
      agent: {{allow: [], match: {{container: {{name: "agent-*"}}}}}}
      labelled: {{allow: [], match: {{container: {{label: {{role: db, tier: "1"}}}}}}}}
      main_one: {{allow: [], socket: main, match: {{uid: 1000}}}}
      own: {{allow: []}}
    """
)
NOBODY = Certificate(B)


def caller(
    certificate: Certificate | None = None,
    *,
    address: str = "10.0.0.5",
    name: str = "",
    labels: tuple[tuple[str, str], ...] = (),
) -> Caller:
    container = CallingContainer("4b" * 32, name, labels) if name else None
    return Caller(TLS, address=ip_address(address), certificate=certificate, container=container)


def read(*names: tuple[str, str], subject: str = "") -> Certificate:
    """What TLS would have told of a certificate with these names."""
    parsed = {"subject": ((("commonName", subject),),), "subjectAltName": names}
    return certificate_of(parsed, b"")


def reason_for(policy: Policy, caller: Caller) -> Reason:
    with pytest.raises(Refusal) as caught:
        identify(policy, caller)
    return caught.value.reason


@pytest.mark.parametrize(
    ("who", "client"),
    [
        (caller(replace(NOBODY, spiffe="spiffe://home.lab/ci/7")), "by_spiffe"),
        (caller(replace(NOBODY, spiffe="spiffe://home.lab/ops/a")), "below"),
        (caller(replace(NOBODY, spiffe="spiffe://home.lab/ops/a/b")), "below"),
        (caller(replace(NOBODY, dns=("else.org", "web.home.lab"))), "by_dns"),
        (caller(read(("DNS", "WEB.Home.Lab"))), "by_dns"),
        (caller(replace(NOBODY, email=("x@else.org", "ops@home.lab"))), "by_email"),
        (caller(replace(NOBODY, common_name="Ann O.")), "by_name"),
        (caller(Certificate(A)), "by_pin"),
        (caller(replace(NOBODY, dns=("two.lab",), common_name="two")), "twice"),
        (caller(replace(NOBODY, dns=("fenced.lab",)), address="10.1.2.3"), "fenced"),
        (caller(replace(NOBODY, dns=("fenced.lab",)), address="fd00::1"), "fenced"),
        (caller(address="192.168.7.9"), "there"),
        (caller(name="agent-7"), "agent"),
        (caller(NOBODY, name="agent-7"), "agent"),
        (caller(name="x", labels=(("role", "db"), ("tier", "1"), ("a", "b"))), "labelled"),
    ],
)
def test_a_caller_on_the_network_is_the_one_client_it_matches(who: Caller, client: str) -> None:
    assert identify(POLICY, who).name == client


NOT_NAMES = [
    read(("DNS", "*.home.lab")),
    read(("DNS", "web.home.lab.")),
    read(("DNS", "web.home.lab\0.evil.org")),
    read(("DNS", "evil.org\0.home.lab")),
    read(("DNS", "a.b.home.lab")),
    read(("DNS", "home.lab")),
    read(("DNS", ".home.lab")),
    read(("DNS", "web.home.lab.evil.org")),
    read(("DNS", "web.hоme.lab")),  # noqa: RUF001 - a Cyrillic letter
    read(("DNS", "wıb.home.lab")),  # noqa: RUF001 - LATIN SMALL LETTER DOTLESS I
    read(("URI", "spiffe://home.lab/ci")),
    read(("URI", "spiffe://home.lab/ci/")),
    read(("URI", "spiffe://home.lab/ci/a/b")),
    read(("URI", "spiffe://home.lab/ci/..")),
    read(("URI", "spiffe://home.lab/ci/../ops/a")),
    read(("URI", "spiffe://home.lab/ci/*")),
    read(("URI", "spiffe://home.lab/ops")),
    read(("URI", "spiffe://home.lab/ops/**")),
    read(("URI", "spiffe://home.lab.evil.org/ops/a")),
    read(("URI", "spiffe://evil.org/home.lab/ops/a")),
    read(("URI", "Spiffe://home.lab/ops/a")),
    read(("URI", "spiffe://HOME.lab/ops/a")),
    read(("URI", "spiffe://home.lab/ops/a"), ("URI", "spiffe://home.lab/ops/b")),
    read(("URI", "spiffe://home.lab/ops/a"), ("URI", "urn:x")),
    read(("DNS", "spiffe://home.lab/ops/a")),
    read(("email", "ops@home.lab.evil.org")),
    read(("email", "ops@sub.home.lab")),
    read(("email", "ops@evil.org@home.lab")),
    read(("email", "*@home.lab")),
    read(("email", "ops@home.lab\0")),
    read(("DNS", "ops@home.lab")),
    read(("email", "web.home.lab")),
    read(subject="ann o."),
    read(subject="Ann O. "),
    read(subject="Ann O.\0evil"),
    read(subject="web.home.lab"),
    read(subject="spiffe://home.lab/ops/a"),
    read(("DNS", "two.lab")),
    read(("DNS", "fenced.lab")),
    NOBODY,
]


@pytest.mark.parametrize("certificate", NOT_NAMES)
def test_a_name_that_only_looks_like_one_makes_nobody_a_client(certificate: Certificate) -> None:
    assert reason_for(POLICY, caller(certificate)) is Reason.UNKNOWN_CALLER


@pytest.mark.parametrize(
    "who",
    [
        caller(),
        caller(address="::ffff:192.168.7.9"),
        caller(address="::192.168.7.9"),
        caller(address="192.168.8.9"),
        caller(replace(NOBODY, dns=("fenced.lab",)), address="10.2.0.1"),
        caller(name="agent"),
        caller(name="Agent-7"),
        caller(name="my-agent-7"),
        caller(name="x", labels=(("role", "db"),)),
        caller(name="x", labels=(("role", "db"), ("tier", ""))),
        caller(name="x", labels=(("Role", "db"), ("tier", "1"))),
    ],
)
def test_what_is_asked_has_to_hold_wholly(who: Caller) -> None:
    assert reason_for(POLICY, who) is Reason.UNKNOWN_CALLER


def test_two_clients_at_once_are_refused() -> None:
    both = caller(replace(NOBODY, dns=("web.home.lab",), email=("ops@home.lab",)))
    assert reason_for(POLICY, both) is Reason.AMBIGUOUS_CALLER
    with pytest.raises(Refusal, match="is 'by_dns', 'by_email' at once; narrow the match of one"):
        identify(POLICY, both)
    assert reason_for(POLICY, caller(Certificate(A), name="agent-7")) is Reason.AMBIGUOUS_CALLER


def test_a_refusal_says_what_is_known_and_what_is_not() -> None:
    with pytest.raises(Refusal) as caught:
        identify(POLICY, caller())
    assert caught.value.message == (
        f"no client on listener '{TLS}' matches address=10.0.0.5: it has shown no certificate, and"
        " not exactly one container is known at its address"
    )
    with pytest.raises(Refusal) as caught:
        identify(POLICY, caller(NOBODY, name="other"))
    assert caught.value.message == (
        f"no client on listener '{TLS}' matches address=10.0.0.5 sha256={B}"
        " container=other/4b4b4b4b4b4b"
    )


UNSAID = "the Engine does not say which container calls: it answered 500"


def test_whoever_could_be_known_by_a_container_is_told_that_the_engine_does_not_say() -> None:
    with pytest.raises(Refusal) as caught:
        identify(POLICY, replace(caller(), unsaid=UNSAID))
    assert (caught.value.reason, caught.value.message) == (Reason.FACT_FAILED, UNSAID)


def test_whoever_is_a_client_without_a_container_is_that_client_whatever_the_engine_says() -> None:
    known = replace(caller(address="192.168.7.9"), unsaid=UNSAID)
    assert identify(POLICY, known).name == "there"
    both = caller(replace(NOBODY, dns=("web.home.lab",), email=("ops@home.lab",)))
    assert reason_for(POLICY, replace(both, unsaid=UNSAID)) is Reason.AMBIGUOUS_CALLER


def test_whoever_a_container_would_not_help_is_unknown_whatever_the_engine_says() -> None:
    match = "{cert: {dns: a.lab}, from: 10.0.0.0/8, container: {name: agent-1}}"
    policy = policy_of(f"clients: {{agent: {{allow: [], match: {match}}}}}")
    held = replace(NOBODY, dns=("a.lab",))
    near = replace(caller(held), unsaid=UNSAID)
    assert reason_for(policy, near) is Reason.FACT_FAILED
    for other in (replace(near, certificate=NOBODY), replace(near, address=ip_address("::1"))):
        assert reason_for(policy, other) is Reason.UNKNOWN_CALLER
    main = policy_of("allow: []")
    assert reason_for(main, near) is Reason.UNKNOWN_CALLER


# --- two sorts of listeners ------------------------------------------------------------------

EVERYTHING_KNOWN = {
    "uid": 1000,
    "gid": 1000,
    "certificate": Certificate(
        A, "spiffe://home.lab/ops/a", ("web.home.lab",), ("ops@home.lab",), "Ann O."
    ),
    "container": CallingContainer("4b" * 32, "agent-7", (("role", "db"), ("tier", "1"))),
}


@pytest.mark.parametrize("listener", ["main", "own", "the network", TLS, "by_dns", "agent"])
@pytest.mark.parametrize("name", [name for name, c in POLICY.clients.items() if c.match.by_network])
def test_no_unix_caller_is_a_client_of_the_network(listener: str, name: str) -> None:
    who = Caller(listener, **EVERYTHING_KNOWN)  # type: ignore[arg-type]
    assert not matches(POLICY.clients[name].match, who)
    only = replace(POLICY, clients={name: POLICY.clients[name]})
    assert reason_for(only, who) is Reason.UNKNOWN_CALLER


@pytest.mark.parametrize("listener", ["main", "own", "main_one", TLS])
@pytest.mark.parametrize("name", ["main_one", "own"])
def test_no_caller_on_the_network_is_a_client_of_a_unix_socket(listener: str, name: str) -> None:
    address = ip_address("10.0.0.5")
    who = Caller(listener, address=address, **EVERYTHING_KNOWN)  # type: ignore[arg-type]
    only = replace(POLICY, clients={name: POLICY.clients[name]})
    assert reason_for(only, who) is Reason.UNKNOWN_CALLER


def test_whoever_opens_the_main_socket_is_nobody_on_the_network() -> None:
    assert reason_for(policy_of("allow: []"), caller(NOBODY)) is Reason.UNKNOWN_CALLER
    network = policy_of("clients: {a: {allow: [], match: {cert: {dns: a}}}}")
    assert reason_for(network, Caller("main", uid=0)) is Reason.UNKNOWN_CALLER
    assert reason_for(network, Caller("a", uid=0)) is Reason.UNKNOWN_CALLER


# --- what more or less is known --------------------------------------------------------------

DNS = st.sampled_from(["web.home.lab", "two.lab", "fenced.lab", "else.org"])
EMAILS = st.sampled_from(["ops@home.lab", "x@else.org"])
CERTIFICATES = st.builds(
    Certificate,
    st.sampled_from([A, B]),
    st.sampled_from(["", "spiffe://home.lab/ci/1", "spiffe://home.lab/ops/a"]),
    st.lists(DNS, max_size=3).map(tuple),
    st.lists(EMAILS, max_size=2).map(tuple),
    st.sampled_from(["", "Ann O.", "two"]),
)
CONTAINERS = st.builds(
    CallingContainer,
    st.just("4b" * 32),
    st.sampled_from(["agent-1", "db"]),
    st.lists(st.sampled_from([("role", "db"), ("tier", "1")])).map(tuple),
)
CALLERS = st.builds(
    lambda address, certificate, container: Caller(
        TLS, address=ip_address(address), certificate=certificate, container=container
    ),
    st.sampled_from(["10.1.2.3", "10.0.0.5", "192.168.7.1", "fd00::1", "fe80::1"]),
    st.none() | CERTIFICATES,
    st.none() | CONTAINERS,
)


def matched(who: Caller) -> set[str]:
    return {name for name, client in POLICY.clients.items() if matches(client.match, who)} - {"own"}


@given(CALLERS)
def test_of_whom_less_is_known_no_more_holds(who: Caller) -> None:
    lesser = [replace(who, certificate=None), replace(who, container=None)]
    if held := who.certificate:
        fewer = [
            replace(held, spiffe=""),
            replace(held, dns=held.dns[1:]),
            replace(held, email=()),
            replace(held, common_name=""),
        ]
        lesser += [replace(who, certificate=one) for one in fewer]
    if runs := who.container:
        lesser.append(replace(who, container=replace(runs, labels=runs.labels[1:])))
    for one in lesser:
        assert matched(one) <= matched(who)


NAMES = st.tuples(
    st.sampled_from(["DNS", "URI", "email"]),
    st.sampled_from(
        [
            *("web.home.lab", "ops@home.lab", "spiffe://home.lab/ops/a", "spiffe://home.lab/ci/1"),
            *("*.home.lab", "web.home.lab\0", "spiffe://home.lab/*", "*@home.lab", "fenced.lab"),
        ]
    ),
)


@given(st.lists(NAMES, max_size=5), st.lists(NAMES, max_size=3))
def test_names_added_to_a_certificate_make_only_those_clients_that_they_name(
    names: list[tuple[str, str]], more: list[tuple[str, str]]
) -> None:
    """A second URI takes the first one away; nothing is ever gained by what is lost."""
    before, added = (matched(caller(read(*one))) for one in (names, more))
    after = matched(caller(read(*names, *more)))
    assert after <= before | added


@given(CALLERS, st.sets(st.sampled_from(sorted(POLICY.clients))))
def test_a_client_taken_away_makes_nobody_who_was_one_client_another(
    who: Caller, gone: set[str]
) -> None:
    left = {name: client for name, client in POLICY.clients.items() if name not in gone}
    try:
        before = identify(POLICY, who).name
    except Refusal as refusal:
        if refusal.reason is Reason.UNKNOWN_CALLER:
            assert reason_for(replace(POLICY, clients=left), who) is Reason.UNKNOWN_CALLER
        return
    if before in gone:
        assert reason_for(replace(POLICY, clients=left), who) is Reason.UNKNOWN_CALLER
    else:
        assert identify(replace(POLICY, clients=left), who).name == before
