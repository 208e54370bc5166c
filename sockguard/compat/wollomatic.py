"""What wollomatic/socket-proxy is told: expressions on paths by method, and who may ask.

Must never leave out a flag that it does not know: that proxy would not start with one either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from sockguard.compat.matched import expression
from sockguard.identity.listener import joined, listener_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sockguard.compat.matched import Expression

IMAGE = "wollomatic/socket-proxy"
RELEASE = "1.12"
LABELS = "socket-proxy.allow."
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE", "OPTIONS")

_METHOD_VARIABLE = "SP_ALLOW_"
_FLAGS = (
    "allowfrom",
    "allowbindmountfrom",
    "listenip",
    "proxyport",
    "socketpath",
    "proxysocketendpoint",
    "proxycontainername",
)
_WITHOUT_MEANING = (
    "loglevel",
    "shutdowngracetime",
    "watchdoginterval",
    "proxysocketendpointfilemode",
)
_SWITCHES = ("allowhealthcheck", "logjson", "stoponwatchdog")
_NEVER_EMPTY = ("listenip", "proxyport", "socketpath")
_NEAR = "127.0.0.1/32"
_FLAG = re.compile(r"--?(?P<name>[A-Za-z]+)(?:=(?P<value>.*))?", re.DOTALL)
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be asked: expressions, and below which folders of the host binds may lie."""

    expressions: tuple[Expression, ...]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """All that matters of one proxy's settings; `networks` and `hosts` are those let in.

    `socket` is the Unix socket that it offers instead of a port, `by_label` whether labels of other
    containers count, `unused` what of the callers it never looks at.
    """

    allowed: Allowed
    networks: tuple[str, ...]
    hosts: tuple[str, ...]
    listener: str
    upstream: str
    socket: str = ""
    by_label: bool = False
    unused: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())

    @property
    def lets_nobody_in(self) -> bool:
        """Tell whether nobody is let in but by labels: `-allowfrom=` is not as good as unset."""
        return not (self.networks or self.hosts or self.socket)


def read_settings(words: Sequence[str], environ: Mapping[str, str]) -> Told:
    """Read command and environment; what cannot be read is among the faults."""
    faults: list[str] = []
    flags = _flags(words, faults)
    values = {
        name: (flags.get(name) or [environ.get(f"SP_{name.upper()}", "")])[-1] for name in _FLAGS
    }
    asked = values["allowfrom"] if "allowfrom" in flags else values["allowfrom"] or _NEAR
    counting, unused = _that_count(asked)
    networks, hosts = _callers(counting, faults)
    faults += [
        f"-{name}= has no value" for name in _NEVER_EMPTY if flags.get(name, ["x"])[-1] == ""
    ]
    faults += [
        f"{key} is no variable of {IMAGE} {RELEASE}"
        for key in sorted(environ)
        if key.startswith(_METHOD_VARIABLE) and key.split("_")[2] not in METHODS
    ]
    upstream = values["socketpath"] or "/var/run/docker.sock"
    if not upstream.startswith("/"):
        faults.append(f"-socketpath={upstream}: must be an absolute path")
    return Told(
        Allowed(
            tuple(_expressions(_said(flags, environ), faults)),
            tuple(_folders(values["allowbindmountfrom"], faults)),
        ),
        tuple(networks),
        tuple(hosts),
        _listener(values["listenip"] or "127.0.0.1", values["proxyport"] or "2375", faults),
        upstream,
        values["proxysocketendpoint"],
        by_label=bool(values["proxycontainername"]) and not values["proxysocketendpoint"],
        unused=unused,
        faults=tuple(faults),
    )


def _listener(host: str, port: str, faults: list[str]) -> str:
    try:
        return str(listener_of(f"tcp://{joined(host, 0).removesuffix('0')}{port}"))
    except ValueError as error:
        faults.append(f"-listenip={host} -proxyport={port}: {error}")
        return ""


def read_labels(labels: Mapping[str, str]) -> tuple[Allowed, tuple[str, ...]]:
    """Read the labels of one container; what it may ask, and what cannot be read."""
    faults: list[str] = []
    said, folders = [], ""
    for name, value in labels.items():
        method = name.removeprefix(LABELS).partition(".")[0].upper()
        if name.removeprefix(LABELS).upper() == "BINDMOUNTFROM":
            folders = value
        elif method in METHODS:
            said.append((method, name, value))
        else:
            faults.append(f"the label {name} means nothing to {IMAGE} {RELEASE}")
    return Allowed(
        tuple(_expressions([one for one in said if one[2]], faults)),
        tuple(_folders(folders, faults)),
    ), tuple(faults)


def _flags(words: Sequence[str], faults: list[str]) -> dict[str, list[str]]:
    """Read flags as Go's package flag does: one dash or two, the value behind = or as next word."""
    known = {*_FLAGS, *_WITHOUT_MEANING, *(f"allow{method}" for method in METHODS)}
    found: dict[str, list[str]] = {}
    left = iter(words)
    for word in left:
        flag = _FLAG.fullmatch(word)
        if flag is not None and flag["name"] in _SWITCHES:
            continue
        if flag is None or flag["name"] not in known:
            faults.append(f"{word} is no flag of {IMAGE} {RELEASE}")
            continue
        value = flag["value"] if flag["value"] is not None else next(left, None)
        if value is None:
            faults.append(f"{word} has no value")
        else:
            found.setdefault(flag["name"], []).append(value)
    return found


def _said(
    flags: Mapping[str, list[str]], environ: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Yield method, place and text of each expression; flags go before variables, by method."""
    for method in METHODS:
        name = f"allow{method}"
        if flags.get(name):
            yield from ((method, f"-{name}", text) for text in flags[name] if text)
            continue
        variable = f"{_METHOD_VARIABLE}{method}"
        for key in sorted(environ):
            if environ[key] and (key == variable or key.startswith(f"{variable}_")):
                yield method, key, environ[key]


def _expressions(
    said: Sequence[tuple[str, str, str]] | Iterator[tuple[str, str, str]], faults: list[str]
) -> Iterator[Expression]:
    for method, place, text in said:
        try:
            yield expression(method, text, place)
        except ValueError as error:
            faults.append(f"{place}={text}: {error}")


def _folders(text: str, faults: list[str]) -> Iterator[str]:
    """Yield folders below which binds may lie; none where all may."""
    folders = [one.rstrip("/") or "/" for one in text.split(",") if one]
    for one in folders:
        if not one.startswith("/"):
            faults.append(f"the folder {one} of allowbindmountfrom does not begin with /")
        elif "/" not in folders:
            yield one


def _that_count(asked: str) -> tuple[list[str], tuple[str, ...]]:
    """Split who is let in from who stands behind the first network, where nobody ever looks.

    A network in CIDR form answers for good, whether the caller is in it or not; names and single
    addresses before it are looked up one by one (isAllowedClient in handlehttprequest.go).
    """
    every = [one for one in asked.split(",") if one]
    first = next((at for at, one in enumerate(every) if "/" in one), len(every))
    return list(dict.fromkeys(every[: first + 1])), tuple(every[first + 1 :])


def _callers(counting: Sequence[str], faults: list[str]) -> tuple[list[str], list[str]]:
    networks, hosts = [], []
    for one in counting:
        try:
            networks.append(str(ip_network(one, strict=False)))
        except ValueError:
            hosts.append(one)
    faults += [f"allowfrom: {one} is no host name" for one in hosts if not _HOST.fullmatch(one)]
    if networks and hosts:
        faults.append(
            "allowfrom has networks and host names: a caller could be both; take one kind"
        )
    return networks, hosts
