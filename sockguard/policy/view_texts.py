"""The constraints of those views whose things are names: networks, devices, signals and the like.

Must never accept a text that no thing of its view can ever have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sockguard.engine.names import NAMED
from sockguard.engine.paths import normal_path
from sockguard.engine.references import JOINED
from sockguard.engine.views.capabilities import CAPABILITIES, normal_capability
from sockguard.engine.views.devices import RULE
from sockguard.engine.views.namespaces import HOSTS, KINDS
from sockguard.engine.views.networks import DEFAULT
from sockguard.engine.views.signal import NAME_OF, normal_signal
from sockguard.policy.complaints import did_you_mean
from sockguard.policy.view_words import Texts, glob_of, reader, same_as

if TYPE_CHECKING:
    from sockguard.policy.view_words import Test


# --- signals and capabilities ----------------------------------------------------------------


def _signal(text: str) -> Test:
    normal = normal_signal(text)
    if normal is None:
        near = did_you_mean(text.upper().removeprefix("SIG"), NAME_OF.values())
        raise ValueError(f"{text!r} is no signal{near}")
    return same_as(normal)


def _capability(text: str) -> Test:
    normal = normal_capability(text)
    if normal is None or normal not in CAPABILITIES:
        near = did_you_mean(normal or text, CAPABILITIES)
        raise ValueError(f"{text!r} is no capability{near}")
    return same_as(normal)


def _capabilities(pattern: str) -> Test:
    return glob_of(pattern.upper().removeprefix("CAP_"))


def _signals(pattern: str) -> Test:
    return glob_of(pattern.upper().removeprefix("SIG"))


# --- networks and namespaces -----------------------------------------------------------------


def _network(text: str) -> Test:
    if text == HOSTS or text.startswith(JOINED):
        raise ValueError(f"{text} is no network; write namespaces: network={text}")
    if text == "none":
        raise ValueError("none is no network and passes by itself")
    if not NAMED["network"](text):
        raise ValueError(f"{text!r} is a name that no network can have")
    return same_as(DEFAULT if text == "default" else text)


def _namespace(text: str) -> Test:
    word, equals, mode = text.partition("=")
    kind = KINDS.get(word)
    if not equals or kind is None:
        near = did_you_mean(word, KINDS) or f"; the kinds are {', '.join(KINDS)}"
        raise ValueError(f"write KIND=MODE, as in pid=host, not {text!r}{near}")
    name = mode.removeprefix(JOINED)
    if mode in kind.own:
        raise ValueError(f"{text} shares nothing and passes by itself")
    is_joined = kind.joined and mode.startswith(JOINED) and NAMED["container"](name)
    if mode not in kind.shared and not is_joined:
        modes = [*sorted(kind.shared), *([f"{JOINED}NAME"] if kind.joined else [])]
        raise ValueError(f"{word} takes {' or '.join(modes)}, not {mode!r}")
    return same_as(text)


def _namespaces(pattern: str) -> Test:
    word, equals, _ = pattern.partition("=")
    if not equals or not ("*" in word or word in KINDS):
        near = did_you_mean(word, KINDS)
        raise ValueError(f'write KIND=MODE, as in "pid=container:*", not {pattern!r}{near}')
    return glob_of(pattern)


# --- devices ---------------------------------------------------------------------------------

_DEVICES = 'a path, a rule such as "c 188:* rwm", or DRIVER:DEVICE such as nvidia:all'


def _device(text: str) -> Test:
    is_path = text.startswith("/")
    if is_path and normal_path(text) != text:
        raise ValueError(f"takes absolute, clean paths, not {text!r}")
    if not is_path and not RULE.fullmatch(text) and (" " in text or ":" not in text):
        raise ValueError(f"write {_DEVICES}, not {text!r}")
    return same_as(text)


def _devices(pattern: str) -> Test:
    if not pattern.startswith(("/", "*")) and ":" not in pattern:
        raise ValueError(f"write {_DEVICES}, not {pattern!r}")
    return glob_of(pattern)


read_signal = reader(Texts("signal", _signal, _signals, numbers=True))
read_capabilities = reader(Texts("capabilities", _capability, _capabilities))
read_networks = reader(Texts("networks", _network, glob_of))
read_namespaces = reader(Texts("namespaces", _namespace, _namespaces))
read_devices = reader(Texts("devices", _device, _devices))
