"""The page on troubleshooting has each reason, and the words that answers really have."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sockguard.errors import Reason, status_of
from sockguard.wire.tls import CAUSES
from tests.support.guarded import of
from tests.support.raw_client import connected, read_head, request
from tests.support.stack import running_stack
from tests.support.tree import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.demo_engine import RunningDemo

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
WORDS = " ".join(PAGE.replace("`", "").split())
ROW = re.compile(r"^\| ((?:`[a-z_]+`(?:, )?)+) \| (\d[^|]*) \|", re.MULTILINE)
NAME = re.compile(r"[a-z_]+")

POLICY = (
    f"""
version: 1
clients:
  nobody: {{match: {{uid: {os.getuid() + 1}}}, allow: [system/hello]}}
  one: {{socket: main, match: {{uid: {os.getuid()}}}, allow: [system/hello]}}
  two: {{socket: main, match: {{gid: {os.getgid()}}}, allow: [system/hello]}}
"""
    """
  all: {allow: [engine/everything]}
  some:
    allow:
      - system/hello
      - containers.attach
      - containers.create: {host_paths: /srv/x, body: {HostConfig.Memory: {at_most: 1GiB}}}
      - containers.restart: {target: {name: web}}
      - containers.stop: {query: {signal: TERM}}
      - containers.kill: {signal: HUP}
  labelled: {allow: [containers.create: {target: {label: {team: shop}}}]}
  rated: {limits: {requests: 1/minute}, allow: [system/hello]}
  streaming: {limits: {streams: 1}, allow: [system.events]}
  small: {limits: {body: 100}, allow: [containers.create: {body: any}, images.load]}
"""
)


class Case(NamedTuple):
    """A request, and the words of its answer that the page has to have."""

    words: str
    client: str
    do: str
    body: object = None


CREATE = "POST /v1.47/containers/create"
MEMORY = {"Image": "busybox", "HostConfig": {"Memory": 1 << 20}}

CASES = [
    Case("is not allowed for client", "some", "GET /v1.47/info"),
    Case("which has to be named under query", "some", "POST /v1.47/containers/web/attach?stdin=1"),
    Case(
        "which has to be named under body",
        "some",
        CREATE,
        {**MEMORY, "HostConfig": {"Memory": 1 << 20, "Privileged": True}},
    ),
    Case(
        "which is not what the policy admits there",
        "some",
        CREATE,
        {"Image": "busybox", "HostConfig": {"Memory": 1 << 40}},
    ),
    Case("which has to be given", "some", CREATE, {"Image": "busybox"}),
    Case("which sockguard does not know", "some", CREATE, {**MEMORY, "Rootfs": "/"}),
    Case("does not admit", "some", "POST /v1.47/containers/web/kill?signal=KILL"),
    Case("Labels, which lack a label of the target", "labelled", CREATE, {"Image": "busybox"}),
    Case("which Engines read from API 1.42 on", "some", "POST /v1.41/containers/web/stop"),
    Case("No such container:", "some", "POST /v1.47/containers/db/restart"),
    Case(
        "holds sockguard:masked, which stands for a value that this client was not shown",
        "all",
        CREATE,
        {"Image": "busybox", "Env": ["A=sockguard:masked"]},
    ),
    Case("no client on listener", "nobody", "GET /_ping"),
    Case("at once", "main", "GET /_ping"),
    Case("is too old. Minimum supported API version is", "all", "GET /v1.22/info"),
    Case("is too new. Maximum supported API version is", "all", "GET /v1.99/info"),
    Case("no operation of the Engine API is", "all", "GET /v1.47/nothing"),
    Case("must be spelt exactly so", "all", CREATE, {"Image": "busybox", "hostConfig": {}}),
    Case("a field is misspelt", "all", CREATE, {"Image": "busybox", "hostConfig": {}}),
    Case("query parameter all is given 2 times", "all", "GET /containers/json?all=1&all=0"),
    Case("wrong type", "all", CREATE, []),
    Case("the path holds an empty segment", "all", "GET //containers/json"),
    Case("the body is over the limit of", "small", CREATE, {"Image": "b" * 200}),
]


def test_each_reason_stands_in_the_page() -> None:
    told = re.findall(r"`([a-z_]+)`", PAGE)
    assert set(Reason) <= set(told)


def test_the_table_of_reasons_has_the_status_of_each() -> None:
    told = {name: statuses for names, statuses in ROW.findall(PAGE) for name in NAME.findall(names)}
    assert told.keys() == {*Reason}
    assert [one for one in Reason if str(status_of(one)) not in told[one]] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.words)
def test_the_words_of_an_answer_stand_in_the_page(
    case: Case, short_path: Path, engine: RunningDemo
) -> None:
    method, _, target = case.do.partition(" ")
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        answer = of(stack, case.client).ask(method, target, case.body)
        again = of(stack, case.client).ask(method, target, case.body)
    assert engine.path
    assert case.words in (answer.message + again.message).replace("`", "")
    assert case.words in WORDS


def test_the_words_about_an_engine_that_is_away_stand_in_the_page(short_path: Path) -> None:
    with running_stack(short_path, short_path / "nowhere.sock") as stack:
        said = of(stack, "main").ask("GET", "/v1.47/info").message
    assert "cannot be reached" in said
    assert "cannot be reached" in WORDS


def test_the_words_about_too_many_requests_and_streams_stand_in_the_page(
    short_path: Path, engine: RunningDemo
) -> None:
    with running_stack(short_path, short_path / "engine.sock", policy=POLICY) as stack:
        said = [of(stack, "rated").ask("GET", "/_ping").body for _ in range(2)][-1].decode()
        with connected(stack.socket("streaming")) as streaming:
            streaming.sendall(request("GET", "/v1.47/events"))
            read_head(streaming)
            said += of(stack, "streaming").ask("GET", "/v1.47/events").message
    assert engine.path
    for words in ("is over its", "streams open already"):
        assert words in said
        assert words in WORDS


@pytest.mark.parametrize("words", sorted(set(CAUSES.values())))
def test_what_is_said_of_a_handshake_stands_in_the_page(words: str) -> None:
    assert words in WORDS


NETWORK = (
    ("certs/files_store.py", "cannot be read by uid", "others may read or change this key"),
    (
        "certs/reading.py",
        *("the key is encrypted", "it is DER", "it has to be PEM"),
        *("is no authority: it lacks the CA flag", "may not sign certificates"),
    ),
    (
        "certs/tls_dir.py",
        *("is not for servers", "expired on", "is not valid before", "which is for another key"),
        *("so nobody could connect", "is a stranger's", "is no whole list", "lacks cRLSign"),
        *("was not signed by the authority of that name", "so OpenSSL refuses everybody"),
    ),
    ("certs/tls_dir_store.py", "is no folder", "is missing; a TLS folder holds"),
    ("cli/network.py", "comes over the network, where nothing listens", "can serve nobody"),
    ("cli/network.py", "systemd passes a socket named '"),
    ("identity/listener.py", "must begin with tls:// or tcp://", "must be an address and a port"),
    ("options.py", "names one listener twice"),
    ("policy/identify.py", "it has shown no certificate"),
    ("policy/identify.py", "not exactly one container is known at its address"),
    ("proxy/browsers.py", "shows that a page in a browser sent this"),
    ("proxy/browsers.py", "Host names neither an address nor localhost"),
    (
        "proxy/calling_containers.py",
        "the container at the caller's address is another now, or has another name",
        "it ended what it sends before the Engine knew of one, so another may have its address now",
        "the Engine's events broke off, so it is not known which container calls; connect again",
    ),
    ("proxy/container_lists.py", "the Engine does not say which container calls"),
    ("proxy/certificates.py", "using those from before"),
    ("proxy/handshakes.py", "no whole handshake within"),
    ("proxy/handshakes.py", "too many handshakes are under way, most of this address"),
    (
        "proxy/network.py",
        "too many callers wait to be known by their container, most of this address",
    ),
    (
        "proxy/network_sockets.py",
        *("systemd passes two sockets named", "systemd passes no socket of this name"),
        *("which does not listen; use ListenStream=", "is no socket", "that is a Unix socket;"),
        "choose an address of this host and a port that nothing else listens at",
    ),
    (
        "proxy/tls_files.py",
        "change while they are read; try again",
        "was verified under other authorities; connect again",
    ),
    ("proxy/tls_files.py", "the caller's certificate is revoked"),
    ("proxy/tls_files.py", "the caller's certificate has expired"),
    ("proxy/tls_peer.py", "the caller left within the handshake"),
    ("settings.py", "TLS needs --tls-dir", "could read and forge requests; use tls://"),
)


@pytest.mark.parametrize(
    ("file", "words"), [(file, words) for file, *several in NETWORK for words in several]
)
def test_words_about_listeners_and_certificates_are_those_of_the_source(
    file: str, words: str
) -> None:
    source = (ROOT / "sockguard" / file).read_text(encoding="utf-8")
    joined = re.sub(r'"\s*\n\s*f?"', "", source)
    assert words in joined
    assert words in WORDS


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ("no connection is free", "proxy/server.py"),
        ("no room to read a body", "proxy/limits.py"),
        ("the audit log cannot be kept", "proxy/record.py"),
        ("an error of sockguard itself, see its own log", "proxy/connection.py"),
        ("there is no verdict: ", "proxy/facts.py"),
        ("what answers at the upstream socket is no Docker Engine", "proxy/engine_facts.py"),
        ("belongs to sockguard itself", "policy/decide.py"),
    ],
)
def test_words_that_are_hard_to_provoke_are_still_those_of_the_source(
    words: str, file: str
) -> None:
    assert words in (ROOT / "sockguard" / file).read_text(encoding="utf-8")
    assert words.strip() in WORDS
