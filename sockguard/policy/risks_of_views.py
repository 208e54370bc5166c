"""What the views of a grant amount to: each constraint is tried with things that tell levels apart.

Must never call a view harmless for lack of a trial that it admits: then it counts by its worst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sockguard.engine.bodies.host_config import HOST_CONFIG
from sockguard.engine.level import Level
from sockguard.engine.paths import is_reserved, normal_path
from sockguard.engine.ports import read_ports
from sockguard.engine.shape import Field
from sockguard.engine.view import Item
from sockguard.engine.views.capabilities import CAPABILITIES
from sockguard.engine.views.namespaces import HOSTS, KINDS
from sockguard.engine.views.networks import DEFAULT
from sockguard.policy.cause import Cause, told
from sockguard.policy.risks_of_paths import COMMANDING, DISKS, WRITES, Found, rate_device, rate_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sockguard.policy.model import Grant
    from sockguard.policy.view import ViewConstraint

STRANGER = "zq-stranger"
"""A name that nobody gives: a constraint that admits it admits all names."""

_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|([^\s,{}\[\]"]+)')
_ESCAPE = re.compile(r'\\(["\\])')
_WORDS = frozenset({"any", "true", "false"})


@dataclass(frozen=True, slots=True)
class Trial:
    """How a view is tried: with which things beside those that the policy writes, and their worth.

    `worst` is what a constraint counts for that admits none of them, or none in the form in which
    the policy writes it; None where the things tried are all that there are. `normal` brings what
    the policy writes to the form of things that are gathered.
    """

    values: tuple[str, ...]
    rate: Callable[[Item], Found]
    worst: Found | None
    normal: Callable[[str], str] = str


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
    found = [trial.rate(item) for value in trial.values for item in _held(view, constraint, value)]
    for pattern in patterns_in(constraint.text):
        found += _rated(view, trial, constraint, pattern) or filter(None, [trial.worst])
    return max(found, key=lambda one: one.level, default=trial.worst)


def _rated(view: str, trial: Trial, constraint: ViewConstraint, pattern: str) -> list[Found]:
    """Rate what a text of the policy's means: with something for each `*`, else as it stands."""
    for text in (_filled(pattern), pattern):
        held = list(_held(view, constraint, trial.normal(text)))
        if held:
            return [trial.rate(item) for item in held]
    return []


def admits_strangers(constraint: ViewConstraint, values: Iterable[str]) -> bool:
    """Tell whether a constraint admits one of these things, which no policy would name."""
    return any(constraint.holds(Item(value, "")) for value in values)


def writes_below(constraint: ViewConstraint) -> bool:
    """Tell whether `host_paths` admits writing to whatever lies below a folder."""
    below = (f"{text.rstrip('/')}/{STRANGER}" for text in texts_in(constraint.text))
    return any(constraint.holds(Item(path, "host_paths", writable=True)) for path in below)


def texts_in(text: str) -> list[str]:
    """Return the texts in a constraint as the policy writes it, with something for each glob."""
    return [_filled(pattern) for pattern in patterns_in(text)]


def _filled(pattern: str) -> str:
    return re.sub(r"\*+", "x", pattern)


def patterns_in(text: str) -> list[str]:
    """Return the texts and globs in a constraint as the policy writes it, without its words."""
    found = ((match[1], match[2]) for match in _TOKEN.finditer(text))
    return [
        plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
        for quoted, plain in found
        if quoted is not None or not (plain.endswith(":") or plain in _WORDS)
    ]


def _held(view: str, constraint: ViewConstraint, value: str) -> Iterator[Item]:
    """Yield what a constraint admits of one thing; of a path, what lies below it too."""
    below = [f"{value.rstrip('/')}/{STRANGER}"] if view == "host_paths" else []
    for one in (value, *below):
        for writable in (False, True):
            reserved = view == "host_paths" and is_reserved(one)
            item = Item(one, view, writable=writable, reserved=reserved)
            if constraint.holds(item):
                yield item


# --- namespaces and capabilities --------------------------------------------------------------

_HOST_NETWORK = Found(
    Level.ROOT,
    "Reaches what listens on loopback addresses and abstract sockets of the host, which may command"
    " it.",
)
_NETWORK = Found(Level.CODE, "Reaches what listens on loopback addresses of another container.")
_STRANGE_NAMESPACE = Found(Level.ROOT, "Shares what the host or other containers keep apart.")


def _rate_namespace(item: Item) -> Found:
    word, _, mode = item.value.partition("=")
    if word == "network" and mode != HOSTS and STRANGER not in mode:
        return _NETWORK
    if word == "network":  # any container is one, too, that shares the network of the host
        return _HOST_NETWORK
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
    "host_paths": Trial(
        ("/", "/etc", "/srv", "/proc", "/dev", "/run/docker.sock", *COMMANDING),
        rate_path,
        WRITES,
        lambda text: normal_path(text) or text,
    ),
    "devices": Trial(
        ("/dev/sda", "/dev/mem", "/dev/null", "a *:* rwm", "b 8:0 rwm", "c 1:1 rwm", "cdi:all"),
        rate_device,
        DISKS,
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
    "networks": Trial(
        (STRANGER, DEFAULT),
        _rate_network,
        _ANY_NETWORK,
        lambda text: DEFAULT if text == "default" else text,
    ),
    "ports": Trial(
        ("*:22/tcp", "*:53/udp", "*:80/tcp", "*:443/tcp", "*:*/tcp"), _rate_port, _ANY_PORT
    ),
}
_STRANGE = Found(Level.ROOT, "What it admits is not known.")
_UNKNOWN = Trial((), lambda _: _STRANGE, _STRANGE)
