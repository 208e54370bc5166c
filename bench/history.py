"""A history as a busy host has it: audit events of several clients over some days.

Must never depend on anything but its seed: two runs write the same requests.
"""

from __future__ import annotations

import json
import random
from bisect import insort
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from sockguard.audit.closed_store import Keeping
from sockguard.audit.event import (
    Kind,
    asked_of,
    decision_form,
    ended_as,
    format_time,
    outcome_form,
    who_of,
)
from sockguard.audit.key_store import PRIVATE
from sockguard.audit.pack_store import pack
from sockguard.audit.segment_store import segments
from sockguard.audit.store import Store
from sockguard.audit.ulid import UlidSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLICY = "8f" * 32
_BEGAN = 1_780_000_000.0  # 2026-05-28
_KEEPING = Keeping(16 << 20, 4 << 30)
_FLUSH_EVERY = 1000
_HOST = "bench"
_REFUSED, _WRITING = 0.04, 0.3
_STREAM_SECONDS, _SECONDS = 600.0, 0.02
_EVENLY = 0.6  # the smaller, the more evenly objects are asked for
_OF_NO_OBJECT = (".list", ".create", ".version", ".info", ".events", ".pull")
_BODY = json.dumps(
    {
        "Image": "registry.example/shop:1.4",
        "Cmd": ["npm", "run", "test"],
        "Env": ["CI=***", "NODE_ENV=***"],
        "Labels": {"ci.job": "4711", "ci.project": "shop"},
        "HostConfig": {"AutoRemove": True, "NetworkMode": "ci", "Binds": ["cache:/root/.npm"]},
    }
)
_STREAMS = ("containers.logs", "system.events", "containers.attach")


_Line = tuple[float, str, str, str]
"""Seconds since 1970, a form of `sockguard.audit.event`, the id, and how it ended."""


@dataclass(frozen=True, slots=True)
class _Habit:
    """What a client asks for: how often among all, which operations, and of how many objects."""

    client: str
    weight: int
    reads: tuple[str, ...]
    writes: tuple[str, ...] = ()
    refused: tuple[tuple[str, str, str], ...] = ()
    objects: int = 20


_HABITS = (
    _Habit("traefik", 50, ("containers.list", "containers.inspect", "system.version"), objects=60),
    _Habit(
        "portainer",
        25,
        ("containers.list", "containers.inspect", "images.list", "containers.logs"),
        ("containers.restart", "containers.stop"),
        (("exec.create", "not_granted", ""), ("secrets.list", "not_granted", "")),
        objects=400,
    ),
    _Habit(
        "ci",
        20,
        ("images.inspect", "containers.inspect", "containers.wait"),
        ("containers.create", "containers.start", "containers.delete", "images.pull"),
        (
            ("containers.create", "body", "HostConfig.Privileged"),
            ("containers.create", "view", "host_paths"),
            ("containers.kill", "rate_limited", ""),
        ),
        objects=20_000,
    ),
    _Habit("monitor", 5, ("system.events", "system.info", "containers.stats"), objects=60),
)

_WEIGHTS = [one.weight for one in _HABITS]


def write_history(folder: Path, events: int, *, seed: int = 1, packed: bool = False) -> None:
    """Write so many events to a folder, in segments, as `sockguard serve` would.

    Those that are closed are packed at the end where that is asked for.
    """
    chance = random.Random(seed)
    clock = [_BEGAN]
    store = Store.open(
        folder, now=lambda: clock[0], keeping=_KEEPING, host=_HOST, key=folder / PRIVATE
    )
    ids = UlidSource(lambda: clock[0], chance.randbytes)
    try:
        for number, line in enumerate(_lines(chance, ids, clock, events)):
            seconds, form, event_id, ended = line
            store.append_form(form, format_time(seconds), event_id, ended)
            if number % _FLUSH_EVERY == 0:
                store.flush()
    finally:
        store.close()
    for closed in segments(folder)[:-1] if packed else ():
        pack(closed, lambda: True)


def _lines(
    chance: random.Random, ids: UlidSource, clock: list[float], events: int
) -> Iterator[_Line]:
    yield clock[0], _plain(Kind.START, "serving policy bench"), ids(), ""
    left = events - 1
    waiting: list[_Line] = []
    while left > 0:
        clock[0] += chance.expovariate(4.0)
        while left > 0 and waiting and waiting[0][0] <= clock[0]:
            yield waiting.pop(0)
            left -= 1
        if left > 0:
            decision, outcome = _request(chance, ids(), clock[0])
            yield decision
            left -= 1
            insort(waiting, outcome, key=lambda one: one[0])


def _request(chance: random.Random, event_id: str, now: float) -> tuple[_Line, _Line]:
    habit = chance.choices(_HABITS, _WEIGHTS)[0]
    who = _who(habit.client, chance.randrange(300, 30_000))
    agent = f"Docker-Client/28.{chance.randrange(3)}.0 (linux)"
    if habit.refused and chance.random() < _REFUSED:
        operation, reason, detail = chance.choice(habit.refused)
        status, ended = (429 if reason == "rate_limited" else 403), "refused"
        target = _object(chance, habit, operation)
        asked = _refused(habit.client, agent, operation, target, reason, detail)
    else:
        writes = bool(habit.writes) and chance.random() < _WRITING
        operation = chance.choice(habit.writes if writes else habit.reads)
        status, ended = chance.choices((200, 204, 404, 304), (90, 5, 4, 1))[0], "complete"
        target = _object(chance, habit, operation)
        asked = _allowed(habit.client, agent, operation, target, writes=writes)
    streams = operation in _STREAMS and ended == "complete"
    lasts = chance.expovariate(1 / (_STREAM_SECONDS if streams else _SECONDS))
    form = outcome_form(who, operation=operation, policy=_POLICY)
    told = ended_as(status, 0, chance.randrange(200, 60_000), lasts, ended)
    return (now, decision_form(who, asked), event_id, ""), (now + lasts, form, event_id, told)


@lru_cache(maxsize=100_000)
def _who(client: str, pid: int) -> str:
    caller = f"uid=1000 gid=1000 pid={pid}"
    names = {"client": client, "role": client, "listener": client, "caller": caller}
    return who_of({"host": _HOST, "engine_id": "7TQ2:LNPM:XQ2Z", **names})


def _object(chance: random.Random, habit: _Habit, operation: str) -> str:
    """Choose an object, of which a few are asked for most of the time."""
    if operation.endswith(_OF_NO_OBJECT):
        return ""
    number = int(chance.paretovariate(_EVENLY)) % habit.objects
    return _named(habit.client, number)


@lru_cache(maxsize=100_000)
def _named(client: str, number: int) -> str:
    """Name an object: two of three by their full id, as most programs do."""
    whole = random.Random(f"{client}-{number}").randbytes(32).hex()
    return whole if number % 3 else f"{client}-{number}"


@lru_cache(maxsize=100_000)
def _allowed(client: str, agent: str, operation: str, target: str, *, writes: bool) -> str:
    grant = f"policy.yaml:{10 + len(operation)}: {operation}"
    named = f" {target}" if target else ""
    text = f"client '{client}' may {operation}{named} by {grant}"
    told = {"decision": "allow", "grant": grant, "text": text}
    return asked_of({**_asked(agent, operation, target, writes=writes), **told})


@lru_cache(maxsize=100_000)
def _refused(  # noqa: PLR0913, PLR0917 - all that makes a refusal
    client: str, agent: str, operation: str, target: str, reason: str, detail: str
) -> str:
    at = f": {detail}" if detail else ""
    told = {
        "decision": "deny",
        "reason": reason,
        "detail": detail,
        "text": f"{operation} is not allowed for client '{client}'{at}",
        "hint": f"- {operation}  # Gives away what it gives away.",
    }
    return asked_of({**_asked(agent, operation, target, writes=True), **told})


def _asked(agent: str, operation: str, target: str, *, writes: bool) -> dict[str, object]:
    body = _BODY if operation == "containers.create" else ""
    return {
        "operation": operation,
        "method": "POST" if writes else "GET",
        "path": f"/{operation.split('.', maxsplit=1)[0]}/{target or 'json'}",
        "query": "all=1" if operation.endswith(".list") else "",
        "body": body,
        "body_sha256": sha256(body.encode()).hexdigest() if body else "",
        "api_version": "1.47",
        "target": target,
        "read_only": not writes,
        "mode": "enforce",
        "policy": _POLICY,
        "user_agent": agent,
    }


def _plain(kind: Kind, text: str) -> str:
    """Write the form of an event that is no request."""
    return f'"kind":"{kind}","host":"{_HOST}","text":"{text}"'
