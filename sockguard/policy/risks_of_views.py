"""What the views of a grant amount to: each constraint is tried with things that tell levels apart.

Must never call a view harmless for lack of a trial that it admits: then it counts by its worst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.bodies.host_config import HOST_CONFIG
from sockguard.engine.level import Level
from sockguard.engine.paths import is_reserved, lies_within, normal_path
from sockguard.engine.ports import read_ports
from sockguard.engine.shape import Field
from sockguard.engine.view import Item
from sockguard.engine.views.capabilities import CAPABILITIES
from sockguard.engine.views.namespaces import KINDS
from sockguard.policy.cause import Cause, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sockguard.policy.model import Grant
    from sockguard.policy.view import ViewConstraint

STRANGER = "zq-stranger"
"""A name that nobody gives: a constraint that admits it admits all names."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,{}\[\]"]+)')


@dataclass(frozen=True, slots=True)
class Found:
    """What admitting one thing amounts to."""

    level: Level
    says: str


@dataclass(frozen=True, slots=True)
class Trial:
    """How a view is tried: with which things beside those that the policy writes, and their worth.

    `worst` is what a constraint counts for that admits none of them; None where the things tried
    are all that there are.
    """

    values: tuple[str, ...]
    rate: Callable[[Item], Found]
    worst: Found | None


def view_causes(grant: Grant) -> Iterator[Cause]:
    """Yield what each view that the grant names amounts to at its worst."""
    for name, constraint in grant.views.items():
        found = weigh(name, constraint)
        if found is not None:
            says = told(name, constraint.text, found.says)
            yield Cause(found.level, grant.source, grant.operation, says)


def weigh(view: str, constraint: ViewConstraint) -> Found | None:
    """Return the strongest that a constraint admits; None for nothing to speak of."""
    if view in NEVER_MORE:
        return None
    trial = TRIALS.get(view, _UNKNOWN)
    admitted = [trial.rate(item) for item in _things(view, trial, constraint)]
    return max(admitted, key=lambda one: one.level, default=trial.worst)


def admits_strangers(constraint: ViewConstraint, values: Iterable[str]) -> bool:
    """Tell whether a constraint admits one of these things, which no policy would name."""
    return any(constraint.holds(Item(value, "")) for value in values)


def writes_below(constraint: ViewConstraint) -> bool:
    """Tell whether `host_paths` admits writing to whatever lies below a folder."""
    below = (f"{text.rstrip('/')}/{STRANGER}" for text in texts_in(constraint.text))
    return any(constraint.holds(Item(path, "host_paths", writable=True)) for path in below)


def texts_in(text: str) -> list[str]:
    """Return the texts in a constraint as the policy writes it, with something for each glob."""
    found = (quoted or plain for quoted, plain in _TOKEN.findall(text))
    return [re.sub(r"\*+", "x", one) for one in found if not one.endswith(":")]


def _things(view: str, trial: Trial, constraint: ViewConstraint) -> Iterator[Item]:
    """Yield what is tried and admitted; of a path, what lies below it too."""
    for text in (*trial.values, *texts_in(constraint.text)):
        below = [f"{text.rstrip('/')}/{STRANGER}"] if view == "host_paths" else []
        for value in (text, *below):
            for writable in (False, True):
                reserved = view == "host_paths" and is_reserved(value)
                item = Item(value, view, writable=writable, reserved=reserved)
                if constraint.holds(item):
                    yield item


# --- paths of the host ------------------------------------------------------------------------

_SOCKETS = ("/run", "/var/lib/kubelet", "/var/lib/rancher", "/var/snap")
"""Where the sockets of Engines and other masters of the host lie: read-only does not close one."""
_READS = Found(Level.SECRETS, "Reads files of the host.")
_WRITES = Found(
    Level.ROOT,
    "Writes to the host: whoever can write below a path can plant a link there that leads out of"
    " it.",
)
_SOCKET = Found(Level.ROOT, "Reaches a socket through which the host is commanded, as root.")


def _rate_path(item: Item) -> Found:
    path = normal_path(item.value) or item.value
    if ".sock" in path or any(lies_within(path, s) or lies_within(s, path) for s in _SOCKETS):
        return _SOCKET
    return _WRITES if item.writable else _READS


# --- devices ----------------------------------------------------------------------------------

_PLAIN_DEVICES = re.compile(
    r"/dev/(?:null|zero|full|random|urandom|tty\w*|ttyUSB\w*|ttyACM\w*|snd(?:/.*)?|dri(?:/.*)?"
    r"|video\w*|kvm|net/tun|serial/.*)"
)
_PLAIN_RULES = re.compile(r"c (?:81|116|166|188|195|226):\S+ [rwm]+")
"""Cameras, sound, serial lines and graphics (the kernel's devices.txt)."""
_GRAPHICS = re.compile(r"(?:nvidia|amd|gpu):.*")
_DISKS = Found(Level.ROOT, "Opens devices of the host, which can be its disks or its memory.")
_DEVICE = Found(Level.CODE, "Opens devices of the host that hold none of its files.")


def _rate_device(item: Item) -> Found:
    plain = (_PLAIN_DEVICES, _PLAIN_RULES, _GRAPHICS)
    return _DEVICE if any(one.fullmatch(item.value) for one in plain) else _DISKS


# --- namespaces and capabilities --------------------------------------------------------------

_NETWORK = Found(
    Level.CODE, "Reaches what listens on loopback addresses of the host or of another container."
)
_STRANGE_NAMESPACE = Found(Level.ROOT, "Shares what the host or other containers keep apart.")


def _rate_namespace(item: Item) -> Found:
    word = item.value.partition("=")[0]
    if word == "network":  # of a HostConfig it would be any network, too
        return _NETWORK
    part = HOST_CONFIG[KINDS[word].name] if word in KINDS else None
    return Found(part.level, part.hands_over) if isinstance(part, Field) else _STRANGE_NAMESPACE


PLAIN_CAPABILITIES = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD"),
        *("NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
        *("IPC_LOCK", "LEASE", "NET_BROADCAST", "SYS_NICE"),
    }
)
"""Those that the Engine gives by itself (moby, oci/caps/defaults.go), and four that stay inside."""
_STRONG = Found(Level.ROOT, "Gives capabilities with which the host can be taken over.")
_PLAIN = Found(Level.CODE, "Gives capabilities that stay within the container.")


def _rate_capability(item: Item) -> Found:
    return _PLAIN if item.value in PLAIN_CAPABILITIES else _STRONG


# --- networks and ports -----------------------------------------------------------------------

_ANY_NETWORK = Found(Level.DISTURB, "Joins any network, and what others run there.")
_SOME_NETWORK = Found(Level.METADATA, "Joins these networks.")
_LOW_PORTS = 1024
_ANY_PORT = Found(Level.DISTURB, "Takes ports of the host that its own services use.")
_SOME_PORT = Found(Level.METADATA, "Takes ports of the host.")


def _rate_network(item: Item) -> Found:
    return _ANY_NETWORK if item.value == STRANGER else _SOME_NETWORK


def _rate_port(item: Item) -> Found:
    ports = read_ports(item.value)
    low = ports is None or 0 < ports.first < _LOW_PORTS
    return _ANY_PORT if low else _SOME_PORT


# --- the table --------------------------------------------------------------------------------

NEVER_MORE = frozenset({"image", "user", "signal"})
"""Views that only narrow: what they gather is plain, and passes without them."""

TRIALS: Mapping[str, Trial] = {
    "host_paths": Trial(("/", "/etc", "/srv", "/run/docker.sock"), _rate_path, _WRITES),
    "devices": Trial(
        ("/dev/sda", "/dev/mem", "/dev/null", "a *:* rwm", "b 8:0 rwm", "c 1:1 rwm", "cdi:all"),
        _rate_device,
        _DISKS,
    ),
    "namespaces": Trial(
        tuple(
            f"{word}={mode}"
            for word in KINDS
            for mode in ("host", "shareable", f"container:{STRANGER}")
        ),
        _rate_namespace,
        _STRANGE_NAMESPACE,
    ),
    "capabilities": Trial(tuple(sorted(CAPABILITIES)), _rate_capability, None),
    "networks": Trial((STRANGER, "bridge"), _rate_network, _ANY_NETWORK),
    "ports": Trial(
        ("*:22/tcp", "*:53/udp", "*:80/tcp", "*:443/tcp", "*:*/tcp"), _rate_port, _ANY_PORT
    ),
}
_STRANGE = Found(Level.ROOT, "What it admits is not known.")
_UNKNOWN = Trial((), lambda _: _STRANGE, _STRANGE)
