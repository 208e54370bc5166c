"""Server settings from flags and environment: parsed once, checked, passed down.

Must never be read again while running: what changes at run time is policy, not settings.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sockguard.compat.dialects import DIALECTS
from sockguard.compat.toggles import toggles_seen
from sockguard.errors import SockguardError
from sockguard.identity.listener import Scheme, is_loopback, joined
from sockguard.options import OPTIONS, folder
from sockguard.policy.complaints import did_you_mean

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping
    from pathlib import Path

    from sockguard.compat.follow import Followed
    from sockguard.export.target import Target
    from sockguard.identity.listener import NetworkListener
    from sockguard.options import Option


# What Kubernetes sets in every pod beside a Service whose name begins with sockguard: its docs,
# "Service", section "Environment variables".
_SERVICE_LINK = re.compile(
    r"SOCKGUARD(_[A-Z0-9_]*)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?"
    r"|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)"
)


_MOST_SHOWN = 4


class SettingsError(SockguardError):
    """A flag or variable with a value that cannot be used."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each stage may take, in seconds."""

    head: float = 10.0
    body: float = 60.0
    connect: float = 5.0
    handshake: float = 10.0
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
    audit_days: int = 0
    """The age at which a file of the log goes, 0 for none."""
    audit_key: Path | None = None
    """The key that signs the log, None for the one in its folder."""
    recording_max_bytes: int = 64 * 1024**2
    """The size at which a recorded session is ended."""
    recording_total_bytes: int = 1024**3
    export: tuple[Target, ...] = ()
    """Where copies of all events go."""
    main_socket_mode: int = 0o660
    main_socket_gid: int | None = None
    log: str = "changes"
    log_format: str = "text"
    hints: str = "event"
    no_watch: bool = False
    metrics: tuple[str, int] | None = None
    """Address and port of the listener for health and metrics, None for none."""
    metrics_on_any_network: bool = False
    listen: tuple[NetworkListener, ...] = ()
    tls_dir: Path | None = None
    """The folder with ca.pem, cert.pem, key.pem and, where there is one, crl.pem."""
    tls_min: str = "1.3"
    plain_on_any_network: bool = False
    followed: Followed | None = None
    """What the variables of another socket proxy come to, its policy included."""
    listens_as_there: bool = False
    """Whether `listen` is where that proxy listens, as nobody said otherwise."""
    timeouts: Timeouts = field(default_factory=Timeouts)


def read_settings(
    arguments: argparse.Namespace, environ: Mapping[str, str], default_audit_dir: Path
) -> Settings:
    """Return the settings of one run; a flag wins over its variable.

    Raises SettingsError naming the flag or the variable at fault.
    """
    _refuse_unknown_variables(environ)
    said = _said(arguments, environ)
    followed = _followed(said, environ)
    defaults = {} if followed is None else _defaults_of(followed, said)
    values = {option.name: _value(option, said, defaults) for option in OPTIONS}
    del values["compat"]
    audit_dir = str(values.pop("audit_dir") or default_audit_dir)
    stdout = values.pop("audit") == "stdout"
    values["audit_segment_bytes"] = values.pop("audit_segment")
    values["audit_total_bytes"] = values.pop("audit_total")
    values["recording_max_bytes"] = values.pop("recording_max")
    values["recording_total_bytes"] = values.pop("recording_total")
    values["audit"] = "stdout" if stdout else audit_dir
    as_there = followed is not None and "listen" not in said
    settings = Settings(followed=followed, listens_as_there=as_there, **values)  # type: ignore[arg-type]  # the table above gives each its type
    _refuse_narrow_recordings(settings)
    _refuse_open_metrics(settings)
    _refuse_open_listeners(settings)
    return settings


def _followed(said: Mapping[str, _Said], environ: Mapping[str, str]) -> Followed | None:
    """Read the variables of another socket proxy where that is asked for, and stop where not."""
    compat = said.get("compat", _NOT_SAID).text
    if compat not in DIALECTS:
        if not compat:
            _refuse_foreign_variables(environ)
        return None
    if "policy" in said:
        raise SettingsError(
            f"{said['policy'].source} and {said['compat'].source}={compat}: the policy comes from"
            " one of the two; take one away"
        )
    # Only who asks for it pays for the loader of policies here.
    from sockguard.compat.follow import CompatError, follow  # noqa: PLC0415

    try:
        return follow(compat, environ)
    except CompatError as error:
        raise SettingsError(str(error)) from error


def _defaults_of(followed: Followed, said: Mapping[str, _Said]) -> Mapping[str, str]:
    """Return what stands for flags that were not given; its own port may be reached by all."""
    named = {"policy": f"SOCKGUARD_COMPAT={followed.dialect.name}"}
    open_port = {} if "listen" in said else {"plain_on_any_network": "true"}
    return {**followed.defaults, **named, **open_port}


def _refuse_foreign_variables(environ: Mapping[str, str]) -> None:
    seen = toggles_seen(environ)
    if seen:
        shown = ", ".join(f"{name}={environ[name]}" for name in seen[:_MOST_SHOWN])
        more = f" and {len(seen) - _MOST_SHOWN} more" if len(seen) > _MOST_SHOWN else ""
        raise SettingsError(
            f"SOCKGUARD_COMPAT is missing, without which {shown}{more} would mean nothing: set it"
            f" to {' or '.join(DIALECTS)}, the socket proxy for which they were written, or to"
            " none if something else reads them"
        )


def _refuse_narrow_recordings(settings: Settings) -> None:
    if settings.recording_total_bytes < 2 * settings.recording_max_bytes:
        raise SettingsError(
            f"--recording-total={settings.recording_total_bytes}: it must have room for two"
            f" recordings of --recording-max={settings.recording_max_bytes} at least"
        )


def _refuse_open_metrics(settings: Settings) -> None:
    if settings.metrics is None or settings.metrics_on_any_network:
        return
    host, port = settings.metrics
    if not is_loopback(host):
        raise SettingsError(
            f"--metrics={host}:{port}: whoever reaches this address can read the names of clients "
            "and what they do; if that is meant, add --metrics-on-any-network"
        )


def _refuse_open_listeners(settings: Settings) -> None:
    for one in settings.listen:
        if one.scheme is Scheme.TLS and settings.tls_dir is None:
            raise SettingsError(
                f"--listen={one}: TLS needs --tls-dir, a folder with ca.pem, cert.pem and key.pem; "
                "`sockguard certs init` and `sockguard certs issue NAME --server` make one"
            )
        if one.scheme is Scheme.TCP and one.host and not settings.plain_on_any_network:
            refuse_open(one, one.host, one.port)


def refuse_open(listener: NetworkListener, host: str, port: int) -> None:
    """Refuse a plain listener that others than this host can reach; raises SettingsError."""
    if not is_loopback(host):
        raise SettingsError(
            f"--listen={listener}: whoever sends from or listens on the network of "
            f"{joined(host, port)} could read and forge requests; use tls://, or if that is meant "
            "add --plain-on-any-network"
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """What somebody gave for a flag, and where: `source` is the flag or the variable."""

    source: str
    text: str


_NOT_SAID = _Said("", "")


def _said(arguments: argparse.Namespace, environ: Mapping[str, str]) -> Mapping[str, _Said]:
    """Return what was given by name of flag; a flag wins over its variable."""
    found = {}
    for option in OPTIONS:
        flag = getattr(arguments, option.name, None)
        if flag is not None:
            found[option.name] = _Said(option.flag, ",".join(flag) if option.several else flag)
        elif option.variable in environ:
            found[option.name] = _Said(option.variable, environ[option.variable])
    return found


def _value(option: Option, said: Mapping[str, _Said], defaults: Mapping[str, str]) -> object:
    unsaid = _Said(option.variable, defaults.get(option.name, option.default))
    given = said.get(option.name, unsaid)
    try:
        return option.parse(given.text)
    except ValueError as error:
        raise SettingsError(f"{given.source}={given.text}: {error}") from error


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
    return folder(flag or environ.get(option.variable) or option.default)
