"""What the lines of a Dockerfile make of an image's configuration.

Must never run a line: RUN, COPY and ADD change nothing here.
"""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from demo.call import EngineError
from demo.creation import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

JsonObject = dict[str, Any]


def changed(config: JsonObject, changes: Iterable[str]) -> JsonObject:
    """A configuration after the `changes` of a commit or import; EngineError 400 for others."""
    for line in changes:
        word = line.strip().partition(" ")[0].upper()
        if word not in CHANGES:
            raise EngineError(400, f"{word} is not a valid change command")
        config = applied(config, line)
    return config


def applied(config: JsonObject, line: str) -> JsonObject:
    """A configuration after one line of a Dockerfile."""
    word, _, rest = line.strip().partition(" ")
    change = CHANGES.get(word.upper())
    return config | change(config, rest.strip()) if change else config


def pairs(text: str) -> dict[str, str]:
    """`a=1 "b=2 3"`, or the old form `a 1`."""
    words = shlex.split(text)
    if words and "=" not in words[0]:
        return {words[0]: " ".join(words[1:])}
    return dict(word.split("=", 1) for word in words if "=" in word)


def _command(text: str) -> list[str]:
    if text.startswith("["):
        try:
            return [str(word) for word in json.loads(text)]
        except ValueError:
            pass
    return ["/bin/sh", "-c", text]


def _label(config: JsonObject, text: str) -> JsonObject:
    return {"Labels": (config.get("Labels") or {}) | pairs(text)}


def _env(config: JsonObject, text: str) -> JsonObject:
    new = [f"{name}={value}" for name, value in pairs(text).items()]
    return {"Env": environment(new, config.get("Env") or [])}


def _volumes(config: JsonObject, text: str) -> JsonObject:
    places: list[str] = json.loads(text) if text.startswith("[") else text.split()
    return {"Volumes": (config.get("Volumes") or {}) | {place: {} for place in places}}


def _ports(config: JsonObject, text: str) -> JsonObject:
    ports: JsonObject = {port if "/" in port else f"{port}/tcp": {} for port in text.split()}
    return {"ExposedPorts": (config.get("ExposedPorts") or {}) | ports}


def _on_build(config: JsonObject, text: str) -> JsonObject:
    return {"OnBuild": [*(config.get("OnBuild") or []), text]}


def _check(_: JsonObject, text: str) -> JsonObject:
    words = shlex.split(text)
    start = words.index("CMD") + 1 if "CMD" in words else len(words)
    return {
        "Healthcheck": {"Test": ["CMD-SHELL", " ".join(words[start:])] if words[start:] else []}
    }


CHANGES: dict[str, Callable[[JsonObject, str], JsonObject]] = {
    "LABEL": _label,
    "ENV": _env,
    "USER": lambda _, text: {"User": text},
    "WORKDIR": lambda _, text: {"WorkingDir": text},
    "STOPSIGNAL": lambda _, text: {"StopSignal": text},
    "CMD": lambda _, text: {"Cmd": _command(text)},
    "ENTRYPOINT": lambda _, text: {"Entrypoint": _command(text)},
    "VOLUME": _volumes,
    "EXPOSE": _ports,
    "ONBUILD": _on_build,
    "HEALTHCHECK": _check,
}
