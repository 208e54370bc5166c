"""Both dialects by the requests that their rules let through and refuse, in the real judge."""

from __future__ import annotations

import shlex
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import pytest

from sockguard.compat.dialects import DIALECTS
from sockguard.compat.follow import CLIENT, follow
from sockguard.policy.load import load_text
from sockguard.policy.rehearse import rehearse
from tests.compat.requests_by_section import (
    ACTIONS,
    LET_THROUGH_THERE,
    NEVER,
    ON_BY_DEFAULT,
    PAUSES,
    SECTIONS,
    SUB_RESOURCES,
    WRITE_OF_A_SUB_RESOURCE,
    lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sockguard.policy.model import Policy

BOTH = ("tecnativa", "linuxserver")
EVERY_SECTION = " ".join(f"{name}=1" for name in SECTIONS)
SHUT_OFF = " ".join(f"ALLOW_{name}=1" for name in SUB_RESOURCES)
EVERY_ACTION = " ".join(f"ALLOW_{name}=1" for name in (*ACTIONS, *PAUSES))
EVERYTHING = f"{EVERY_SECTION} {SHUT_OFF} {EVERY_ACTION} POST=1"


class Case(NamedTuple):
    """A request under some variables, and whether it passes."""

    dialect: str
    variables: str
    request: str
    passes: bool

    def __str__(self) -> str:
        said = self.variables if len(self.variables) < 60 else f"{self.variables[:57]}..."
        return f"{self.dialect} {said or 'nothing'}: {self.request[:60]}"


@cache
def policy_for(dialect: str, variables: str) -> Policy:
    environ = dict(word.split("=", 1) for word in shlex.split(variables))
    return load_text(follow(dialect, environ).policy)


def passes(case: Case) -> bool:
    method, target, *body = case.request.split(" ", 2)
    client = policy_for(case.dialect, case.variables).clients[CLIENT]
    data = body[0].encode() if body else None
    return rehearse(client, method, target, data).decision.allowed


def all_but(name: str) -> str:
    return EVERYTHING.replace(f" {name}=1", "").removeprefix(f"{name}=1 ")


def of_sections(dialect: str) -> Iterator[Case]:
    for name, (reads, writes) in SECTIONS.items():
        for request in lines(reads):
            yield Case(dialect, f"{name}=1", request, passes=True)
            yield Case(dialect, all_but(name), request, passes=False)
        for request in lines(writes):
            yield Case(dialect, f"{name}=1 POST=1", request, passes=True)
            yield Case(dialect, f"{name}=1", request, passes=False)
            if not is_an_action(request):
                yield Case(dialect, all_but(name), request, passes=False)


def is_an_action(request: str) -> bool:
    words = ("start", "stop", "restart", "kill", "pause", "unpause")
    path = request.split()[1].partition("?")[0]
    return path.rpartition("/")[2] in words and "/exec/" not in path


def of_defaults(dialect: str) -> Iterator[Case]:
    for name, requests in ON_BY_DEFAULT.items():
        for request in lines(requests):
            yield Case(dialect, "", request, passes=True)
            yield Case(dialect, f"{name}=0", request, passes=False)
            yield Case(dialect, f"{EVERYTHING} {name}=0", request, passes=False)
    for reads, _ in SECTIONS.values():
        yield from (Case(dialect, "", request, passes=False) for request in lines(reads))


def of_what_never_passes(dialect: str) -> Iterator[Case]:
    for request in (*lines(NEVER), *lines(LET_THROUGH_THERE)):
        yield Case(dialect, EVERYTHING, request, passes=False)
    web = "GET /containers/web/attach/ws?stdin=1&stream=1"
    yield Case(dialect, all_but("POST"), web, passes=False)
    yield Case(dialect, "CONTAINERS=1 POST=1", web, passes=True)


def requests_of(table: dict[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, request) for name, text in table.items() for request in lines(text))


def of_tecnativa() -> Iterator[Case]:
    """Actions need POST; sub-resources are part of CONTAINERS; pauses have no variable."""
    for name, request in requests_of(ACTIONS):
        yield Case("tecnativa", f"ALLOW_{name}=1 POST=1", request, passes=True)
        yield Case("tecnativa", f"ALLOW_{name}=1", request, passes=False)
        yield Case("tecnativa", f"ALLOW_{name}=1 CONTAINERS=1", request, passes=False)
    for name, request in requests_of(PAUSES):
        yield Case("tecnativa", f"ALLOW_{name}=1 POST=1", request, passes=False)
    for _, request in requests_of(SUB_RESOURCES):
        yield Case("tecnativa", "CONTAINERS=1", request, passes=True)
        yield Case("tecnativa", all_but("CONTAINERS"), request, passes=False)
    yield Case("tecnativa", "CONTAINERS=1 POST=1", WRITE_OF_A_SUB_RESOURCE, passes=True)
    yield Case("tecnativa", "CONTAINERS=1", WRITE_OF_A_SUB_RESOURCE, passes=False)


def of_linuxserver() -> Iterator[Case]:
    """Actions need nothing else; sub-resources are shut off first, and open nothing themselves."""
    for name, request in requests_of({**ACTIONS, **PAUSES}):
        yield Case("linuxserver", f"ALLOW_{name}=1", request, passes=True)
        yield Case("linuxserver", f"ALLOW_{name}=1 POST=0", request, passes=True)
        yield Case("linuxserver", EVERY_ACTION.replace(f"ALLOW_{name}=1", ""), request,
                   passes="/stop" in request)  # fmt: skip
        yield Case("linuxserver", f"LIBPOD_ALLOW_{name}=1 POST=1", request, passes=False)
    for name, request in requests_of(SUB_RESOURCES):
        yield Case("linuxserver", f"CONTAINERS=1 ALLOW_{name}=1", request, passes=True)
        yield Case("linuxserver", "CONTAINERS=1", request, passes=False)
        yield Case("linuxserver", f"ALLOW_{name}=1", request, passes=False)
        yield Case("linuxserver", all_but(f"ALLOW_{name}"), request, passes=False)
    for variables, passing in (
        ("CONTAINERS=1 POST=1", False),
        ("CONTAINERS=1 ALLOW_ARCHIVE=1", False),
        ("CONTAINERS=1 ALLOW_ARCHIVE=1 POST=1", True),
    ):
        yield Case("linuxserver", variables, WRITE_OF_A_SUB_RESOURCE, passing)
    yield Case("linuxserver", "SERVICES=1", "GET /services/web/logs?stdout=1", passes=True)


def of_actions_alone(dialect: str) -> Iterator[Case]:
    """An action opens that action, of containers that are there, and nothing beside it."""
    for request in (
        'POST /containers/create?name=x {"Image":"a"}',
        'POST /containers/web/exec {"Cmd":["sh"]}',
        "POST /containers/web/attach?stdin=1",
        "POST /containers/web/wait",
        "DELETE /containers/web",
        "GET /containers/json",
        "GET /containers/web/json",
        "POST /services/web/update?version=1 {}",
    ):
        yield Case(dialect, f"{EVERY_ACTION} POST=1", request, passes=False)


VALUES = (
    *((text, True) for text in ("1", "2", "-1", "01", "+1", "1abc", "1.0")),
    *((text, False) for text in (
        "0", "00", "0x1", "0.5", "true", "TRUE", "yes", "on", "abc1", " 1", "", "-0", "+-1",
        "99999999999999999999", "\u0661",
    )),
)  # fmt: skip


def of_values(dialect: str) -> Iterator[Case]:
    for text, on in VALUES:
        yield Case(dialect, f"CONTAINERS='{text}'", "GET /containers/json", on)
        yield Case(dialect, f"PING='{text}'", "HEAD /_ping", on)
        yield Case(dialect, f"VOLUMES=1 POST='{text}'", "DELETE /volumes/data", on)


TABLES = (of_sections, of_defaults, of_what_never_passes, of_actions_alone, of_values)


def cases() -> Iterable[Case]:
    for dialect in BOTH:
        for table in TABLES:
            yield from table(dialect)
    yield from of_tecnativa()
    yield from of_linuxserver()


CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_request_passes_where_it_does_there(case: Case) -> None:
    assert passes(case) is case.passes


def test_there_are_cases_enough_of_each_dialect() -> None:
    assert set(DIALECTS) == set(BOTH)
    assert all(len({one for one in CASES if one.dialect == name}) >= 200 for name in BOTH)


@pytest.mark.parametrize("dialect", BOTH)
def test_the_policy_says_what_it_hands_over(dialect: str) -> None:
    text = follow(dialect, {"CONTAINERS": "1", "POST": "1"}).policy
    assert "# client 'anybody' amounts to root on the host, by " in text
    assert "- containers.remove: {query: any}  # Deletes containers, by force" in text
    assert {"tecnativa": "v0.4.1 of 2025-09", "linuxserver": "2026-08-18"}[dialect] in text


@pytest.mark.parametrize("dialect", BOTH)
def test_reading_containers_alone_is_never_more_than_secrets(dialect: str) -> None:
    names = ("CONTAINERS", *(f"ALLOW_{name}" for name in SUB_RESOURCES))
    text = follow(dialect, dict.fromkeys(names, "1")).policy
    assert "# client 'anybody' amounts to secrets, by " in text
