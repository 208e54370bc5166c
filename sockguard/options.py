"""The flags of `serve` and their variables, with what each may say.

Must never read a flag or a variable: `settings` does, and holds one against the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.compat.dialects import DIALECTS
from sockguard.export.target import targets_of
from sockguard.identity.listener import host_and_port, listener_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from sockguard.identity.listener import NetworkListener

_MAX_ID = 2**32 - 2  # (gid_t)-1 means "leave it" to chown(2)
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


@dataclass(frozen=True, slots=True)
class Option:
    """One flag of `serve` and its variable. `parse` raises ValueError with a sentence."""

    name: str
    default: str
    parse: Callable[[str], object]
    help: str
    switch: bool = False
    """Whether the flag stands alone; its variable says true or false."""
    several: bool = False
    """Whether the flag may be given again; its variable has a comma between values."""

    @property
    def flag(self) -> str:
        """As typed on a command line: `--socket-dir`."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """As set in an environment: `SOCKGUARD_SOCKET_DIR`."""
        return "SOCKGUARD_" + self.name.upper()


def _text(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def folder(text: str) -> Path:
    """Return the absolute path of a folder; raises ValueError."""
    return Path(_text(text)).absolute()


def _path_if_any(text: str) -> Path | None:
    return folder(text) if text else None


def _unix_address(text: str) -> Path:
    path = text.removeprefix("unix://")
    if not path.startswith("/"):
        raise ValueError("must be unix:// and an absolute path, as in unix:///var/run/docker.sock")
    return Path(path)


def _size(text: str) -> int:
    match = re.fullmatch(r"([1-9][0-9]{0,12})(KiB|MiB|GiB|)", text)
    if match is None:
        raise ValueError("must be a whole number with KiB, MiB or GiB, as in 16MiB")
    return int(match[1]) * _UNITS[match[2]]


def _days(text: str) -> int:
    """Return a number of days, 0 for none."""
    if re.fullmatch(r"([1-9][0-9]{0,4})?", text) is None:
        raise ValueError("must be a whole number of days, as in 90")
    return int(text or 0)


def _mode(text: str) -> int:
    if re.fullmatch(r"0?[0-7]{3}", text) is None:
        raise ValueError("must be three octal digits, as in 660 or 0660")
    return int(text, 8)


def _gid(text: str) -> int | None:
    if not text:
        return None
    if re.fullmatch(r"[0-9]{1,10}", text) is None or int(text) > _MAX_ID:
        raise ValueError(f"must be the number of a group, {_MAX_ID} at most")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"must be one of {', '.join(filter(None, words))}")
        return text

    return parse


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    return host_and_port(text)


def _listeners(text: str) -> tuple[NetworkListener, ...]:
    found = [listener_of(one) for one in text.replace(",", " ").split()]
    if len(set(found)) < len(found):
        raise ValueError("names one listener twice")
    return tuple(found)


def _truth(text: str) -> bool:
    if text not in _TRUTHS:
        raise ValueError("must be true or false")
    return _TRUTHS[text]


OPTIONS = (
    Option("policy", "read-only", _text, "a policy file, a folder of them, or a shipped role"),
    Option(
        "compat",
        "",
        _one_of("", "none", *DIALECTS),
        f"{' or '.join(DIALECTS)}: read the variables of that socket proxy instead of a policy",
    ),
    Option("socket_dir", "/run/sockguard", folder, "where the sockets are made"),
    Option("upstream", "unix:///var/run/docker.sock", _unix_address, "the Engine's own socket"),
    Option("audit_dir", "", str, "where events are kept (default: the state folder)"),
    Option("audit", "folder", _one_of("folder", "stdout"), "folder, or stdout for no folder"),
    Option("audit_segment", "16MiB", _size, "size at which an audit file is closed"),
    Option("audit_total", "256MiB", _size, "size of all audit files, the oldest goes first"),
    Option("audit_days", "", _days, "age at which an audit file goes, in days"),
    Option(
        "audit_key", "", _path_if_any, "key of the audit log (default: audit.key in its folder)"
    ),
    Option("recording_max", "64MiB", _size, "size at which a recorded session is ended"),
    Option("recording_total", "1GiB", _size, "size of all recordings, the oldest goes first"),
    Option(
        "export",
        "",
        targets_of,
        "also send events to syslog or OpenTelemetry, as in syslog+tls://logs.example.com:6514",
        several=True,
    ),
    Option("main_socket_mode", "0660", _mode, "mode of the main socket, in octal"),
    Option("main_socket_gid", "", _gid, "number of the group of the main socket"),
    Option(
        "log", "changes", _one_of("denied", "changes", "all"), "denied, changes or all requests"
    ),
    Option("log_format", "text", _one_of("text", "json"), "text or json on stdout"),
    Option("hints", "event", _one_of("event", "full"), "event, or full to answer with the grant"),
    Option(
        "no_watch",
        "false",
        _truth,
        "load a changed policy on SIGHUP only, not by itself",
        switch=True,
    ),
    Option(
        "listen",
        "",
        _listeners,
        "also serve callers of the network, as in tls://0.0.0.0:2376",
        several=True,
    ),
    Option("tls_dir", "", _path_if_any, "folder with ca.pem, cert.pem, key.pem and crl.pem"),
    Option("tls_min", "1.3", _one_of("1.3", "1.2"), "the oldest TLS that is spoken"),
    Option(
        "plain_on_any_network",
        "false",
        _truth,
        "let --listen tcp:// be an address that others than this host can reach",
        switch=True,
    ),
    Option("metrics", "", _address, "address and port of /healthz, /readyz and /metrics"),
    Option(
        "metrics_on_any_network",
        "false",
        _truth,
        "let --metrics be an address that others than this host can reach",
        switch=True,
    ),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add every flag; the default is left to the environment."""
    for option in OPTIONS:
        shown = f"{option.help} [{option.variable}; {option.default or 'unset'}]"
        if option.switch:
            parser.add_argument(
                option.flag, dest=option.name, action="store_const", const="true", help=shown
            )
            continue
        action = "append" if option.several else "store"
        parser.add_argument(
            option.flag, dest=option.name, action=action, metavar="VALUE", help=shown
        )
