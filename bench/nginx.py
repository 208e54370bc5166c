"""nginx, once as the constant upstream and once as a pass-through that judges nothing.

Must never log or compress: it is there to be the least that a server can cost.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bench import documents

if TYPE_CHECKING:
    from pathlib import Path

_FOREVER = 1_000_000_000


def upstream_config(folder: Path, socket: Path) -> str:
    """Return the configuration of the upstream: constant answers, one worker.

    The Engine sends a list of over 2 KB in chunks, as Go's net/http does without a length;
    `sub_filter` takes nginx's own length away.
    """
    constants = {
        "~ /_ping$": "OK",
        "~ /version$": documents.version(),
        "~ /info$": documents.info(),
        "~ /json$": documents.container_list(),
    }
    locations = "\n".join(
        f"location {where} {{ default_type application/json; return 200 '{text}'; }}"
        for where, text in constants.items()
    )
    server = f"""
  sub_filter_types application/json;
  sub_filter "never in the answer" "";
  add_header Api-Version {documents.API_VERSION};
  add_header Docker-Experimental false;
  add_header Ostype linux;
  server {{
    listen unix:{socket};
    {locations}
    location / {{ return 500; }}
  }}"""
    return _config(folder, workers="1", http=server)


def pass_through_config(folder: Path, socket: Path, upstream: Path) -> str:
    """Return the configuration of a reverse proxy with connections kept open to the upstream."""
    server = f"""
  upstream engine {{
    server unix:{upstream};
    keepalive 128;
    keepalive_requests {_FOREVER};
  }}
  server {{
    listen unix:{socket};
    location / {{
      proxy_pass http://engine;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_request_buffering off;
      client_max_body_size 0;
    }}
  }}"""
    return _config(folder, workers="auto", http=server)


def _config(folder: Path, *, workers: str, http: str) -> str:
    # The temporary folder belongs to us alone, so workers must not change to another user.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(
        f"{kind}_temp_path {folder};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{user}
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests {_FOREVER};
  {temporary}
{http}
}}
"""
