"""A history as a busy host has it: audit events of several clients over some days.

Must never depend on anything but its seed: two runs write the same events.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.audit.event import (
    Kind,
    asked_of,
    decision_form,
    format_time,
    outcome_form,
    who_of,
)
from sockguard.audit.store import Store
from sockguard.audit.ulid import UlidSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_POLICY = "8f" * 32
_BEGAN = 1_780_000_000.0  # 2026-05-28
_SEGMENT = 16 << 20
_CAP = 4 << 30
_FLUSH_EVERY = 1000
_STREAMS = ("containers.logs", "system.events", "containers.attach")


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


def write_history(folder: Path, events: int, *, seed: int = 1) -> None:
    """Write so many events to a folder, in segments, as `sockguard serve` would."""
    chance = random.Random(seed)
    clock = [_BEGAN]
    store = Store.open(
        folder, now=lambda: clock[0], segment_bytes=_SEGMENT, total_bytes=_CAP, host="bench"
    )
    ids = UlidSource(lambda: clock[0], chance.randbytes)
    try:
        for number, (seconds, form, values) in enumerate(_lines(chance, ids, clock, events)):
            store.append_form(form, (format_time(seconds), *values))
            if number % _FLUSH_EVERY == 0:
                store.flush()
    finally:
        store.close()


type_of_line = tuple[float, str, tuple[object, ...]]


def _lines(
    chance: random.Random, ids: UlidSource, clock: list[float], events: int
) -> Iterator[type_of_line]:
    yield clock[0], _plain(Kind.START, "serving policy bench"), (ids(),)
    left = events - 1
    waiting: list[tuple[float, str, tuple[object, ...]]] = []
    while left > 0:
        clock[0] += chance.expovariate(4.0)
        while left > 0 and waiting and waiting[0][0] <= clock[0]:
            yield waiting.pop(0)
            left -= 1
        if left > 0:
            decision, outcome = _request(chance, ids(), clock[0])
            yield decision
            left -= 1
            if outcome is not None:
                waiting.append(outcome)
                waiting.sort(key=lambda one: one[0])


def _request(
    chance: random.Random, event_id: str, now: float
) -> tuple[type_of_line, type_of_line | None]:
    habit = chance.choices(_HABITS, [one.weight for one in _HABITS])[0]
    who = _who(chance, habit)
    if habit.refused and chance.random() < 0.04:
        operation, reason, detail = chance.choice(habit.refused)
        status, ended, writes = (429 if reason == "rate_limited" else 403), "refused", True
        asked = _refused(chance, habit, operation, reason, detail)
    else:
        writes = bool(habit.writes) and chance.random() < 0.3
        operation = chance.choice(habit.writes if writes else habit.reads)
        status, ended = chance.choices((200, 204, 404, 304), (90, 5, 4, 1))[0], "complete"
        asked = _allowed(chance, habit, operation, writes=writes)
    is_stream = operation in _STREAMS and ended == "complete"
    lasts = chance.expovariate(1 / 600) if is_stream else chance.expovariate(1 / 0.02)
    form = outcome_form(who, operation=operation, policy=_POLICY)
    told = (event_id, status, 0, chance.randrange(200, 60_000), lasts * 1000, ended)
    decision = (now, decision_form(who, asked), (event_id,))
    return decision, (now + lasts, form, told)


def _who(chance: random.Random, habit: _Habit) -> str:
    return who_of(
        {
            "host": "bench",
            "engine_id": "7TQ2:LNPM:XQ2Z",
            "client": habit.client,
            "role": habit.client,
            "caller": f"uid=1000 gid=1000 pid={chance.randrange(300, 30_000)}",
            "listener": habit.client,
        }
    )


def _object(chance: random.Random, habit: _Habit, operation: str) -> str:
    if operation.endswith((".list", ".create", ".version", ".info", ".events", ".pull")):
        return ""
    number = int(chance.paretovariate(1.0)) % habit.objects
    return random.Random(number).randbytes(32).hex() if number % 3 else f"{habit.client}-{number}"


def _allowed(chance: random.Random, habit: _Habit, operation: str, *, writes: bool) -> str:
    target = _object(chance, habit, operation)
    grant = f"policy.yaml:{10 + len(operation)}: {operation}"
    named = f" {target}" if target else ""
    return asked_of(
        {
            **_asked(chance, operation, target, writes=writes),
            "decision": "allow",
            "grant": grant,
            "text": f"client '{habit.client}' may {operation}{named} by {grant}",
        }
    )


def _refused(chance: random.Random, habit: _Habit, operation: str, reason: str, detail: str) -> str:
    target = _object(chance, habit, operation)
    at = f": {detail}" if detail else ""
    return asked_of(
        {
            **_asked(chance, operation, target, writes=True),
            "decision": "deny",
            "reason": reason,
            "detail": detail,
            "text": f"{operation} is not allowed for client '{habit.client}'{at}",
            "hint": f"- {operation}  # Gives away what it gives away.",
        }
    )


def _asked(
    chance: random.Random, operation: str, target: str, *, writes: bool
) -> dict[str, object]:
    return {
        "operation": operation,
        "method": "POST" if writes else "GET",
        "path": f"/{operation.split('.', maxsplit=1)[0]}/{target or 'json'}",
        "api_version": "1.47",
        "target": target,
        "read_only": not writes,
        "mode": "enforce",
        "policy": _POLICY,
        "user_agent": f"Docker-Client/28.{chance.randrange(3)}.0 (linux)",
    }


def _plain(kind: Kind, text: str) -> str:
    """Write the line of an event that is no request, with the places that a store fills in."""
    return (
        f'{{"v":1,"seq":%d,"time":"%s","id":"%s","kind":"{kind}","host":"bench","text":"{text}"}}\n'
    )


def timed(folder: Path, events: int) -> float:
    """Write a history and return the seconds that it took."""
    began = time.perf_counter()
    write_history(folder, events)
    return time.perf_counter() - began
