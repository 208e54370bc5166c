"""Server settings from flags and environment: parsed once, checked, passed down.

Must never be read again while running: what changes at run time is policy, not settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from sockguard.errors import SockguardError
from sockguard.policy.complaints import did_you_mean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

_MAX_ID = 2**32 - 2  # (gid_t)-1 means "leave it" to chown(2)
_MAX_PORT = 65535
_LOCALHOST = "localhost"
_TRUTHS = {"true": True, "1": True, "false": False, "0": False, "": False}
_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


# What Kubernetes sets in every pod beside a Service whose name begins with sockguard: its docs,
# "Service", section "Environment variables".
_SERVICE_LINK = re.compile(
    r"SOCKGUARD(_[A-Z0-9_]*)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?"
    r"|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


class SettingsError(SockguardError):
    """A flag or variable with a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each stage may take, in seconds."""

    head: float = 10.0
    body: float = 60.0
    connect: float = 5.0
    quick_answer: float = 120.0
    discard: float = 5.0
    hangup_poll: float = 5.0
    drain: float = 4.8
    stream_grace: float = 3.0
    tick: float = 1.0
    look: float = 1.0
    watch_engine: float = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """All that `serve` needs to know, in the units that the code uses."""

    policy: str
    socket_dir: Path
    upstream: Path
    audit: str
    """A folder, or the word `stdout`."""
    audit_segment_bytes: int = 16 * 1024**2
    audit_total_bytes: int = 256 * 1024**2
    main_socket_mode: int = 0o660
    main_socket_gid: int | None = None
    log: str = "changes"
    log_format: str = "text"
    hints: str = "event"
    no_watch: bool = False
    metrics: tuple[str, int] | None = None
    """Address and port of the listener for health and metrics, None for none."""
    metrics_on_any_network: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)


@dataclass(frozen=True, slots=True)
class Option:
    """One flag of `serve` and its variable. `parse` raises ValueError with a sentence."""

    name: str
    default: str
    parse: Callable[[str], object]
    help: str
    switch: bool = False
    """Whether the flag stands alone; its variable says true or false."""

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


def _folder(text: str) -> Path:
    return Path(_text(text)).absolute()


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
            raise ValueError(f"must be one of {', '.join(words)}")
        return text

    return parse


def _address(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\[\]]+)):([1-9][0-9]{0,4})", text)
    if match is None or int(match[3]) > _MAX_PORT:
        raise ValueError("must be an address and a port, as in 127.0.0.1:9180 or [::1]:9180")
    host = match[1] or match[2]
    if host != _LOCALHOST:
        ip_address(host)  # ValueError says that it is none
    return host, int(match[3])


def _truth(text: str) -> bool:
    if text not in _TRUTHS:
        raise ValueError("must be true or false")
    return _TRUTHS[text]


OPTIONS = (
    Option("policy", "read-only", _text, "a policy file, a folder of them, or a shipped role"),
    Option("socket_dir", "/run/sockguard", _folder, "where the sockets are made"),
    Option("upstream", "unix:///var/run/docker.sock", _unix_address, "the Engine's own socket"),
    Option("audit_dir", "", str, "where events are kept (default: the state folder)"),
    Option("audit", "folder", _one_of("folder", "stdout"), "folder, or stdout for no folder"),
    Option("audit_segment", "16MiB", _size, "size at which an audit file is closed"),
    Option("audit_total", "256MiB", _size, "size of all audit files, the oldest goes first"),
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
        else:
            parser.add_argument(option.flag, dest=option.name, metavar="VALUE", help=shown)


def read_settings(
    arguments: argparse.Namespace, environ: Mapping[str, str], default_audit_dir: Path
) -> Settings:
    """Return the settings of one run; a flag wins over its variable.

    Raises SettingsError naming the flag or the variable at fault.
    """
    _refuse_unknown_variables(environ)
    values = {option.name: _value(option, arguments, environ) for option in OPTIONS}
    audit_dir = str(values.pop("audit_dir") or default_audit_dir)
    stdout = values.pop("audit") == "stdout"
    values["audit_segment_bytes"] = values.pop("audit_segment")
    values["audit_total_bytes"] = values.pop("audit_total")
    values["audit"] = "stdout" if stdout else audit_dir
    settings = Settings(**values)  # type: ignore[arg-type]  # the table above gives each its type
    _refuse_open_metrics(settings)
    return settings


def _refuse_open_metrics(settings: Settings) -> None:
    if settings.metrics is None or settings.metrics_on_any_network:
        return
    host, port = settings.metrics
    if host != _LOCALHOST and not ip_address(host).is_loopback:
        raise SettingsError(
            f"--metrics={host}:{port}: whoever reaches this address can read the names of clients "
            "and what they do; if that is meant, add --metrics-on-any-network"
        )


def _value(option: Option, arguments: argparse.Namespace, environ: Mapping[str, str]) -> object:
    flag = getattr(arguments, option.name, None)
    source, text = (
        (option.flag, flag)
        if flag is not None
        else (option.variable, environ.get(option.variable, option.default))
    )
    try:
        return option.parse(text)
    except ValueError as error:
        raise SettingsError(f"{source}={text}: {error}") from error


def _refuse_unknown_variables(environ: Mapping[str, str]) -> None:
    known = {option.variable for option in OPTIONS}
    for name in sorted(environ):
        if name in known or _SERVICE_LINK.fullmatch(name):
            continue
        if name.startswith("SOCKGUARD_"):
            settings = ", ".join(sorted(known))
            hint = did_you_mean(name, known)
            raise SettingsError(f"{name}: no such setting{hint}; the known ones are {settings}")


def socket_dir_of(flag: str | None, environ: Mapping[str, str]) -> Path:
    """Return the socket directory by flag, variable or default, for commands beside `serve`."""
    option = next(each for each in OPTIONS if each.name == "socket_dir")
    return _folder(flag or environ.get(option.variable) or option.default)
