"""HAProxy with the kind of rule set that the common socket proxy images run.

Must never be tuned, up or down: one variant is what those images do, the other differs from it
in its connections to the upstream alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_VERSION = r"^(/v[\d\.]+)?"
_ACTIONS = ("restarts", "start", "stop")
_SECTIONS = (
    *("auth", "build", "commit", "configs", "containers", "distribution", "events", "exec"),
    *("grpc", "images", "info", "networks", "nodes", "_ping", "plugins", "secrets", "services"),
    *("session", "swarm", "system", "tasks", "version", "volumes"),
)
_GRANTED = ("containers", "events", "_ping", "version", "info", "images", "networks")

NEW_CONNECTIONS = "option http-server-close"
"""A new connection to the upstream for each request, as the common image does it."""
KEPT_CONNECTIONS = "option http-keep-alive\n  http-reuse always"
"""Connections to the upstream are kept and shared: what an expert would change first."""


def _rules() -> list[str]:
    return [
        "http-request deny unless METH_GET || { env(POST) -m bool }",
        *(_action_rule(action) for action in _ACTIONS),
        *(_section_rule(section) for section in _SECTIONS),
        "http-request deny",
    ]


def config(binds: Sequence[str], upstream: Path, connections: str, *, writes: bool) -> str:
    """Return the configuration: one rule per section of the API, a log line per request.

    `binds` says where it listens, and how.

    The variables that turn rules on stand in the environment there, and in `setenv` here.
    """
    rules = "\n  ".join(_rules())
    granted = (*_GRANTED, "post") if writes else _GRANTED
    switches = "\n  ".join(f"setenv {_switch(section)} 1" for section in granted)
    listens = "\n  ".join(f"bind {bind}" for bind in binds)
    return f"""
global
  {switches}
  log stdout format raw daemon info
  maxconn 4000

defaults
  mode http
  log global
  option httplog
  option dontlognull
  option redispatch
  {connections}
  retries 3
  timeout http-request 10s
  timeout http-keep-alive 10s
  timeout queue 1m
  timeout connect 10s
  timeout client 10m
  timeout server 10m
  maxconn 3000

frontend consumers
  {listens}
  {rules}
  default_backend engine

backend engine
  server engine unix@{upstream}
"""


def _action_rule(action: str) -> str:
    verbs = "((stop)|(restart)|(kill))" if action == "restarts" else action
    return _allow(f"/containers/[a-zA-Z0-9_.-]+/{verbs}", f"ALLOW_{action.upper()}")


def _section_rule(section: str) -> str:
    return _allow(f"/{section}", _switch(section))


def _switch(section: str) -> str:
    return section.strip("_").upper()


def _allow(path: str, switch: str) -> str:
    pattern = f"{_VERSION}{path}"
    return (
        f"http-request allow if {{ path,url_dec -m reg -i {pattern} }} {{ env({switch}) -m bool }}"
    )
